"""nailfold run"""

from typing import Any

import click

from appliance.apps.commands.options import load, settings_options
from appliance.apps.station.leaving import leave_at_once, start_anew
from appliance.apps.station.start_pulse import StartPulse


@click.command("run")
@settings_options
def command(**flags: Any) -> None:
    """Start the station and serve its pages until Ctrl-C or SIGTERM."""
    with StartPulse() as pulse:
        # Loading the libraries is a large part of a start; systemd hears of the start before it.
        from appliance.apps.station.assembly import run_station  # noqa: PLC0415

        is_to_start_again = run_station(load(**flags), pulse.end)
    if is_to_start_again:
        start_anew()
    leave_at_once(0)
