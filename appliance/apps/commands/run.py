"""nailfold run"""

from typing import Any

import click

from appliance.apps.commands.options import load, settings_options
from appliance.apps.station.assembly import run_station
from appliance.apps.station.leaving import leave_at_once, start_anew


@click.command("run")
@settings_options
def command(**flags: Any) -> None:
    """Start the station and serve its pages until Ctrl-C or SIGTERM."""
    if run_station(load(**flags)):
        start_anew()
    leave_at_once(0)
