"""nailfold engines quantize"""

from typing import Any

import click

from appliance.apps.commands.options import load, settings_options
from appliance.apps.workbench.quantise import quantize_all


@click.command("quantize")
@settings_options
def command(**flags: Any) -> None:
    """Make 8-bit networks for the runtime of the settings; kept only if they are as accurate as the shipped ones."""
    for row in quantize_all(load(**flags).settings.inference):
        click.echo(row)
