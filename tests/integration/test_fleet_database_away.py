"""A PostgreSQL that is stopped but not ended, beneath a worker of the ingest and a page of the console."""

import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.apps.fleet_server.settings import DatabaseSettings
from appliance.domain.errors import StoreError
from tests.integration.test_fleet_ingest import ingest_running, receipted, server_settings
from tests.integration.test_mqtt_delivery import wait_until
from tests.support.broker import Broker
from tests.support.exam_harness import ExamHarness, mqtt_settings
from tests.support.postgres import Postgres, postgres_folder
from tests.support.subscriber import read_retained

HOST = "nailfold/v1/host/ingest-1/state"


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    if postgres_folder() is None:
        pytest.skip("PostgreSQL is not installed")
    with Postgres() as running:
        yield running


def test_worker_gives_back_what_it_has_says_so_and_goes_on_by_itself(
    postgres: Postgres, broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = DatabaseSettings(postgres.url, answer_timeout_s=1.0)
    settings = dataclasses.replace(server_settings(tmp_path, broker), database=database)
    with (
        caplog.at_level(logging.WARNING, "appliance.apps.fleet_server.ingest"),
        ingest_running(settings) as store,
        ExamHarness(tmp_path / "box", mqtt_settings(broker.port), receipt_timeout_s=1.0) as harness,
    ):
        harness.publisher.start()
        harness.examine()
        wait_until(lambda: receipted(harness) == 1, "receipted")
        with postgres.frozen():
            harness.examine()
            wait_until(lambda: not read_retained(broker.port, HOST)["is_online"], "the worker has left", 60)
            with pytest.raises(StoreError, match="could not open the fleet's database"):
                database.open()
            assert receipted(harness) == 1
        wait_until(lambda: receipted(harness) == 2, "receipted once the database goes on", 60)
        assert store.count() == 2
        assert read_retained(broker.port, HOST)["is_online"]
    assert any("could not" in record.message and "answer" in record.message for record in caplog.records)
