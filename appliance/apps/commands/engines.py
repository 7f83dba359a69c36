"""nailfold engines"""

from typing import Any

import click

from appliance.apps.commands.options import load, settings_options
from appliance.apps.engines.builds import build_all, engine_rows


@click.group("engines")
def command() -> None:
    """The networks: list them, compile them for this computer's GPU."""


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
