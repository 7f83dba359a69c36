"""nailfold engines benchmark"""

from pathlib import Path
from typing import Any

import click

from appliance.apps.commands.options import FILE, load, settings_options
from appliance.apps.workbench.bench.engines_benchmark import benchmark


@click.command("benchmark")
@click.option(
    "--seconds", type=click.FloatRange(0.1, 3600), default=30.0, show_default=True, help="How long to measure."
)
@click.option("--json", "out", type=FILE, metavar="FILE", help="Write the figures here as JSON.")
@settings_options
def command(seconds: float, out: Path | None, **flags: Any) -> None:
    """Time every runtime and precision that runs on this computer, side by side."""
    benchmark(load(**flags).settings.inference, seconds, out)
