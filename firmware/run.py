"""`nailfold firmware`: the service that owns the board."""

import threading
from collections.abc import Callable

from firmware.board import identify_board
from firmware.chips_there import ChipsThere
from firmware.open_board import open_board
from firmware.sd_notify import notify, watchdog_interval_s
from firmware.service import Firmware
from firmware.settings import AUTO, FirmwareSettings
from firmware.stop_signals import StopSignals

_LOOK_EVERY_S = 1.0


def run_firmware(settings: FirmwareSettings, software: str, started: Callable[[], object]) -> None:
    """Serve the board until SIGTERM or Ctrl-C.

    Args:
        settings: of the site.
        software: as the other side's log names this one.
        started: called once, before systemd is told that the service is ready.

    Raises:
        FirmwareError: as `Firmware.start`; or a GPIO chip that the settings name has come or gone.
    """
    stopping = StopSignals()
    if settings.board != AUTO:
        # The simulated one is the station's own. The service stays, or systemd would start it again and again.
        started()
        notify(f"READY=1\nSTATUS=nothing to serve: firmware.board is {settings.board}")
        _stay(stopping, lambda: True, lambda: None)
        return
    model = identify_board()
    chips = ChipsThere(settings, model.name)
    board = open_board(settings, model)
    firmware = Firmware(board, settings, software)
    firmware.start()
    try:
        started()
        notify(f"READY=1\nSTATUS=board {board.name} {board.problem}".rstrip())
        _stay(stopping, lambda: firmware.is_working, chips.require_unchanged)
    finally:
        notify("STOPPING=1")
        firmware.stop()


def _stay(stopping: threading.Event, is_working: Callable[[], bool], look: Callable[[], None]) -> None:
    """Until it is to stop or `look` raises, with a sign of life for systemd's watchdog."""
    while not stopping.wait(min(_LOOK_EVERY_S, watchdog_interval_s() or _LOOK_EVERY_S)):
        look()
        if is_working():
            notify("WATCHDOG=1")
