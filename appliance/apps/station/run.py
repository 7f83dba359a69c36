"""The station from its start to its end: served until it is asked to stop."""

import logging
import signal
import threading
from collections.abc import Callable

import click

from appliance.apps.config.engine_bundle import EngineBundles
from appliance.apps.config.settings import LoadedSettings
from appliance.apps.log_layout import log_to_stderr
from appliance.apps.picture_threads import one_thread_a_picture
from appliance.apps.station.assembly import Station
from appliance.apps.station.leaving import leave_after
from firmware.sd_notify import notify
from firmware.stop_signals import StopSignals

_log = logging.getLogger(__name__)
# If a part does not end in its time, the process does. Every write is whole without the parts that are left.
_LEFT_AFTER_S = 8.0


def run_station(loaded: LoadedSettings, started: Callable[[], object]) -> bool:
    """Serve until SIGTERM or Ctrl-C, then stop in order; whether the station is to be started again.

    Args:
        loaded: the settings.
        started: called once the pages are served, before the board is connected to and systemd hears READY.

    Raises:
        ApplianceError: something the station cannot start without is missing; one sentence says what.
    """
    log_to_stderr(loaded.settings.station.log_level.upper())
    logging.captureWarnings(True)
    one_thread_a_picture()

    def heard(number: signal.Signals) -> None:
        _log.info("%s: stopping", number.name)
        if not stopping.is_set():
            leave_after(_LEFT_AFTER_S)

    # Before the start is counted: a station that is asked to stop at once has not tried its networks.
    stopping = StopSignals(heard)
    bundles = EngineBundles(loaded.settings.station.data_dir)
    chosen = bundles.active().name
    if stopping.is_set():
        return False
    if chosen != bundles.count_start().name:
        _log.error("the newest networks are taken back: %s", bundles.active().reason)
        return not stopping.is_set()
    restarting = threading.Event()

    def restart() -> None:
        _log.info("a restart was asked for: stopping")
        restarting.set()
        stopping.set()

    station = Station(loaded, restart)
    try:
        station.start(started)
        for line in station.greeting:
            click.echo(line)
        notify(f"READY=1\nSTATUS={station.url}")
        stopping.wait()
    finally:
        notify("STOPPING=1")
        station.stop()
    return restarting.is_set()
