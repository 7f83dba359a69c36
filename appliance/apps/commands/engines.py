"""nailfold engines"""

from pathlib import Path
from typing import Any

import click

from appliance.apps.commands.options import FILE, load, settings_options
from appliance.apps.engine_builds import build_all, engine_rows, quantize_all
from appliance.apps.engines_benchmark import benchmark


@click.group("engines")
def command() -> None:
    """The networks: list them, compile them for this computer's GPU, make them 8 bits wide, time them."""


@command.command("list")
@settings_options
def list_engines(**flags: Any) -> None:
    """The networks the manifest vouches for, and their compiled plans."""
    for row in engine_rows(load(**flags).settings.inference):
        click.echo(row)


@command.command("build")
@click.option("--compute-capability", help='Of the target, "8.6"; only TensorRT for RTX builds for another GPU.')
@settings_options
def build(compute_capability: str | None, **flags: Any) -> None:
    """Compile every network with the TensorRT of the settings; takes minutes on an Orin."""
    for row in build_all(load(**flags).settings.inference, compute_capability):
        click.echo(row)


@command.command("quantize")
@settings_options
def quantize(**flags: Any) -> None:
    """Make 8-bit networks for the runtime of the settings; kept only if they are as accurate as the shipped ones."""
    for row in quantize_all(load(**flags).settings.inference):
        click.echo(row)


@command.command("benchmark")
@click.option(
    "--seconds", type=click.FloatRange(0.1, 3600), default=30.0, show_default=True, help="How long to measure."
)
@click.option("--json", "out", type=FILE, metavar="FILE", help="Write the figures here as JSON.")
@settings_options
def engines_benchmark(seconds: float, out: Path | None, **flags: Any) -> None:
    """Time every runtime and precision that runs on this computer, side by side."""
    benchmark(load(**flags).settings.inference, seconds, out)
