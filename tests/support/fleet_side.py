"""The fleet's side of a test: its database, and an ingest worker while `serving`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance.apps.fleet_server.box_message_service import BoxMessageService
from appliance.apps.fleet_server.box_store import BoxRow
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.job_store import JobRow
from appliance.apps.system_clock import SystemClock
from appliance.fleet.jobs import JobState, SignedJob
from tests.integration.test_fleet_ingest import ingest_running, server_settings
from tests.integration.test_mqtt_delivery import wait_until
from tests.support.broker import Broker
from tests.support.ejabberd import EjabberdHost
from tests.support.fleet_box import WHOSE


class Fleet:
    """The fleet's side: its database, and a worker while `serving`."""

    def __init__(self, folder: Path, broker: Broker | EjabberdHost) -> None:
        self._settings = server_settings(folder, broker)
        self.database = FleetDatabase(self._settings.database.url)
        self.service = BoxMessageService(self.database, SystemClock())

    @contextmanager
    def serving(self) -> Iterator[None]:
        with ingest_running(self._settings):
            yield

    def box(self) -> BoxRow | None:
        found = self.service.boxes.boxes(SystemClock().now_utc())
        return found[0] if found else None

    def report(self, kind: str) -> dict[str, Any]:
        row = self.box()
        return row.reports.get(kind, ({}, ""))[0] if row is not None else {}

    def ask(self, signed: SignedJob) -> str:
        self.service.jobs.add(signed, "eva", SystemClock().now_utc())
        return signed.job.job_id

    def job(self, job_id: str) -> JobRow:
        row = self.service.jobs.job(WHOSE, job_id)
        assert row is not None
        return row

    def wait_for(self, job_id: str, state: JobState) -> JobRow:
        wait_until(lambda: self.job(job_id).state is state, f"{state}; it is {self.job(job_id)}", 20)
        return self.job(job_id)
