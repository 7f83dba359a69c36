"""nailfold firmware"""

from importlib.metadata import version
from pathlib import Path

import click

from appliance.apps.commands.options import FILE
from appliance.apps.config.load_settings import load_site_settings
from appliance.domain.errors import BoardError
from firmware.errors import FirmwareError
from firmware.run import run_firmware


@click.command("firmware")
@click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")
def command(config: Path | None) -> None:
    """Serve the box's buttons, lamp, light and watchdog to the station until Ctrl-C or SIGTERM."""
    try:
        run_firmware(load_site_settings(config).firmware, f"nailfold {version('nailfold-appliance')}")
    except FirmwareError as error:
        raise BoardError(error.message, error.remedy) from error
