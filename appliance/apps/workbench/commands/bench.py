"""nailfold bench"""

from pathlib import Path

import click

from appliance.apps.commands.options import FILE, load
from appliance.apps.workbench.bench.bench import bench


@click.command("bench")
@click.option("--quick", is_flag=True, help="Two minutes with the station instead of ten.")
@click.option("--out", type=FILE, metavar="FILE", help="Write the figures here as JSON.")
@click.option("--runtime", help="onnxruntime or tensorrt; never replaced by the other.")
def command(quick: bool, out: Path | None, runtime: str | None) -> None:
    """Measure speed, delay and memory on this computer, with a real station and a real browser."""
    bench(load(None, runtime=runtime).settings.inference, quick, out)
