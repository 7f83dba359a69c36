"""nailfold analyze"""

import sys
from pathlib import Path
from typing import Any

import click

from appliance.apps.analyze.analyze import Request, analyze
from appliance.apps.commands.options import FILE, load


@click.command("analyze")
@click.argument("paths", nargs=-1, required=True, type=FILE)
@click.option("--um-per-px", type=float, help="Scale of every picture, in micrometres per pixel; without it, pixels.")
@click.option("--json", "json_file", type=FILE, metavar="FILE", help="Write the result here instead of to stdout.")
@click.option(
    "--overlay", "overlay_dir", type=FILE, metavar="FOLDER", help="Write pictures with the findings drawn in."
)
@click.option("--every", type=click.IntRange(min=1), default=1, show_default=True, help="Of a video, each Nth frame.")
@click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")
@click.option("--runtime", help="onnxruntime or tensorrt; never replaced by the other.")
def command(paths: tuple[Path, ...], config: Path | None, runtime: str | None, **options: Any) -> None:
    """Measure pictures, folders (with their sub-folders) and videos.

    Exit code 1 if any of them could not be read; the others are measured all the same.
    """
    settings = load(config, runtime=runtime).settings
    sys.exit(analyze(Request(paths, **options), settings))
