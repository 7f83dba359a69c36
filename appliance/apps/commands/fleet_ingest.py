"""nailfold fleet ingest"""

import gc
import logging
from pathlib import Path

import click

from appliance.apps.commands.server_options import CONFIG
from appliance.apps.fleet_server.box_message_service import BoxMessageService
from appliance.apps.fleet_server.gap_finder import GapFinder
from appliance.apps.fleet_server.ingest import IngestWorker
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.fleet_server.settings import load_fleet_settings
from appliance.apps.log_layout import log_to_stderr
from appliance.apps.system_clock import SystemClock
from firmware.stop_signals import StopSignals

_COLLECT_AFTER = 50_000
"""Objects more than there were: some batches' worth."""


@click.command("ingest")
@CONFIG
def ingest(config: Path) -> None:
    """Receive results until Ctrl-C or SIGTERM; run as many as you like, each with its own mqtt.box."""
    settings = load_fleet_settings(config)
    log_to_stderr(logging.INFO)
    stopping = StopSignals()
    _spare_the_collector()
    with settings.database.open() as database:
        gaps = GapFinder(database, settings.ingest.gap_grace_s)
        service = BoxMessageService(database, SystemClock())
        IngestWorker(settings, ResultStore(database), gaps, service, ModelWatch(database), SystemClock()).run(stopping)


def _spare_the_collector() -> None:
    """What is loaded stays, and what a batch makes goes without it; looking through both again and again costs time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
