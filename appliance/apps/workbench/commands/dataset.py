"""nailfold dataset"""

import sys
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from appliance.apps.commands.options import FILE, load
from appliance.apps.workbench.datasets.datasets import Rendering, convert_dataset, render_dataset
from appliance.apps.workbench.datasets.exam_dataset import dataset_from_exams
from engines.datasets.convert import FORMATS
from engines.synthetic.pattern import Pattern

FORM = click.Choice(FORMATS)


@click.group("dataset")
def command() -> None:
    """Render labelled pictures, convert labels, or make a data set of reviewed exams."""


@command.command("render")
@click.option("--out", type=FILE, required=True, metavar="FOLDER", help="A new folder.")
@click.option("--count", type=int, required=True, help="How many pictures.")
@click.option("--seed", type=int, default=0, show_default=True, help="0 to 39; each gives other pictures.")
@click.option("--width", type=click.IntRange(160, 4096), default=640, show_default=True, help="Pixels.")
@click.option("--height", type=click.IntRange(120, 4096), default=480, show_default=True, help="Pixels.")
@click.option("--um-per-px", type=float, help="Scale of every picture; without it, various.")
@click.option("--pattern", type=click.Choice([one.value for one in Pattern]), help="Of every picture.")
@click.option("--difficulty", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="0 is clean.")
def render(
    out: Path,
    count: int,
    seed: int,
    width: int,
    height: int,
    um_per_px: float | None,
    pattern: str | None,
    difficulty: float,
) -> None:
    """Draw nailfolds whose boxes, widths, calibre and density are known; no training uses the same ones."""
    how = Rendering(width, height, um_per_px, None if pattern is None else Pattern(pattern), difficulty)
    console = Console(stderr=True)

    def shown(seeds: range) -> Iterable[int]:
        return track(seeds, "rendering", console=console, transient=True, disable=not console.is_terminal)

    render_dataset(out, count, seed, how, shown)


@command.command("convert")
@click.option("--from", "source", type=FORM, required=True)
@click.option("--to", "target", type=FORM, required=True)
@click.option(
    "--images", "pictures", type=FILE, metavar="FOLDER", help="The pictures, which YOLO needs for their size."
)
@click.argument("path", metavar="IN", type=FILE)
@click.argument("out", metavar="OUT", type=FILE)
def convert(source: str, target: str, pictures: Path | None, path: Path, out: Path) -> None:
    """Write the labels in IN as OUT. COCO is one file; LabelMe and YOLO are folders. Pictures stay where they are."""
    sys.exit(
        convert_dataset(source, target, path, out, pictures, lambda line: click.echo(f"nailfold: {line}", err=True))
    )


@command.command("from-exams")
@click.option("--out", type=FILE, required=True, metavar="FOLDER", help="A new folder.")
@click.option("--validated-only", is_flag=True, help="Leave out exams that no physician has validated.")
@click.option("--data-dir", type=FILE, metavar="FOLDER", help="Where exams are kept.")
@click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")
def from_exams(out: Path, validated_only: bool, data_dir: Path | None, config: Path | None) -> None:
    """Make train, val and test (COCO and pictures) of the reviewed exams, split by patient, without any name."""
    dataset_from_exams(
        load(config, data_dir=data_dir), out, validated_only, lambda line: click.echo(f"nailfold: {line}")
    )
