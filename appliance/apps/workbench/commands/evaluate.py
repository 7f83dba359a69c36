"""nailfold evaluate"""

from pathlib import Path

import click

from appliance.apps.commands.options import FILE, load
from appliance.apps.workbench.evaluation.evaluate import evaluate
from appliance.apps.workbench.evaluation.evaluate_request import EvaluationOptions


@click.command("evaluate")
@click.option("--coco", "annotations", type=FILE, required=True, metavar="FILE", help="The labels.")
@click.option("--images", "pictures", type=FILE, required=True, metavar="FOLDER", help="Where file_name counts from.")
@click.option("--um-per-px", type=float, help="Scale of the pictures that the file gives none for.")
@click.option("--out", type=FILE, metavar="FOLDER", help="Draw the figures into this folder.")
@click.option("--json", "json_file", type=FILE, metavar="FILE", help="Write the figures here too.")
@click.option(
    "--recall-only", "is_recall_only", is_flag=True, help="Not all that is visible is labelled: no precision."
)
@click.option("--map", "mapping", multiple=True, metavar="NAME=CLASS", help="What a category means; may be repeated.")
@click.option(
    "--bootstrap",
    "replicates",
    type=click.IntRange(min=0, max=100_000),
    default=1000,
    show_default=True,
    help="Resamples for the intervals; 0 gives none.",
)
@click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")
@click.option("--runtime", help="onnxruntime or tensorrt; never replaced by the other.")
def command(
    annotations: Path,
    pictures: Path,
    um_per_px: float | None,
    out: Path | None,
    json_file: Path | None,
    is_recall_only: bool,
    mapping: tuple[str, ...],
    replicates: int,
    config: Path | None,
    runtime: str | None,
) -> None:
    """Judge the device by labelled pictures (COCO).

    Detection, shapes, widths, calibre and density, each with its 95 % interval. docs/evaluation.md says what the file
    may hold and what each figure means.
    """
    options = EvaluationOptions(annotations, pictures, um_per_px, out, json_file, is_recall_only, mapping, replicates)
    evaluate(options, load(config, runtime=runtime).settings)
