"""nailfold run"""

import faulthandler
from importlib.metadata import version
from typing import Any

import click

from appliance.apps.commands.options import load, settings_options
from appliance.apps.station.leaving import leave_at_once, leave_when_asked, start_anew
from appliance.apps.station.start_pulse import StartPulse


@click.command("run")
@settings_options
def command(**flags: Any) -> None:
    """Start the station and serve its pages until Ctrl-C or SIGTERM."""
    # A library that crashes says where in the log, before systemd starts the station again.
    faulthandler.enable()
    leave_when_asked()
    with StartPulse() as pulse:
        loaded = load(**flags)
        pulse.tell_firmware(loaded.settings.firmware, f"nailfold {version('nailfold-appliance')}, starting")
        # Loading the libraries is a large part of a start; systemd and the firmware hear of the start before it.
        from appliance.apps.station.run import run_station  # noqa: PLC0415

        is_to_start_again = run_station(loaded, pulse.end)
    if is_to_start_again:
        start_anew()
    leave_at_once(0)
