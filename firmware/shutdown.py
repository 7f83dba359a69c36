"""The confirmed shutdown: a file that systemd waits for, because the firmware itself may not switch anything off."""

import logging
from pathlib import Path

_log = logging.getLogger(__name__)


def ask_for_power_off(flag: Path | None) -> None:
    """Leave the wish where systemd/nailfold-power-off.path sees it."""
    if flag is None:
        _log.warning("the shutdown button was held; firmware.shutdown_file is not set, so nothing happens")
        return
    _log.warning("the shutdown button was held: asking systemd to power off")
    flag.touch()
