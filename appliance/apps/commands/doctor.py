"""nailfold doctor"""

import sys
from typing import Any

import click

from appliance.apps.commands.options import load, settings_options
from appliance.apps.doctor.doctor import doctor
from appliance.apps.station.start_pulse import StartPulse


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@settings_options
def command(as_json: bool, **flags: Any) -> None:
    """Look for all that the settings ask for; exit code 1 if any of it is missing."""
    # At the first start systemd waits for it, and a slow computer takes minutes for every network.
    with StartPulse():
        exit_code = doctor(load(**flags).settings, as_json)
    sys.exit(exit_code)
