"""nailfold engines quantize"""

from typing import Any

import click

from appliance.apps.commands.options import load, settings_options
from appliance.apps.workbench.quantise import quantize_all


@click.command("quantize")
@settings_options
@click.option("--ship", is_flag=True, help="Beside the weights they are made from, for a release.")
def command(ship: bool, **flags: Any) -> None:
    """Make 8-bit networks for the runtime of the settings; kept only if they are as accurate as the shipped ones."""
    settings = load(**flags).settings.inference
    for row in quantize_all(settings, settings.weights_dir if ship else None):
        click.echo(row)
