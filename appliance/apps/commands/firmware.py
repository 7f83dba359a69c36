"""nailfold firmware"""

from importlib.metadata import version
from pathlib import Path

import click

from appliance.apps.commands.options import FILE
from appliance.apps.config.load_settings import load_site_settings
from appliance.apps.station.start_pulse import StartPulse
from appliance.domain.errors import BoardError
from firmware.errors import FirmwareError
from firmware.run import run_firmware


@click.command("firmware")
@click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")
def command(config: Path | None) -> None:
    """Serve the box's buttons, lamp, light and watchdog to the station until Ctrl-C or SIGTERM."""
    software = f"nailfold {version('nailfold-appliance')}"
    try:
        with StartPulse() as pulse:
            run_firmware(load_site_settings(config).firmware, software, pulse.end)
    except FirmwareError as error:
        raise BoardError(error.message, error.remedy) from error
