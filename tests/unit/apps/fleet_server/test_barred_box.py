"""A revoked box that the broker still lets speak: a revocation list keeps out new connections alone."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.apps.cli import main
from appliance.apps.fleet_server.console_views import ConsoleViews
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.ingest import IngestWorker, _Shift
from appliance.apps.system_clock import SystemClock
from tests.support.fleet_results import arrival
from tests.unit.apps.fleet_server.test_poison import Broker, database, result_of, state_of, worker

__all__ = ["database", "worker"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "server.toml"
    file.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/fleet.sqlite3"\n')
    return file


def run(*arguments: str) -> str:
    done = CliRunner().invoke(main, ["fleet", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_nothing_of_a_barred_box_is_taken_until_it_is_admitted_again(
    worker: IngestWorker, database: FleetDatabase, config: Path
) -> None:
    broker = Broker()
    shift = _Shift(worker, broker)  # type: ignore[arg-type]
    shift._settle([state_of("box-7")])
    run("bar", "--config", str(config), "--by", "eva", "clinic-1/box-7")
    worker.look_for_barred()
    first, other = arrival(1), arrival(1, box="box-8")
    shift._settle([result_of(first), result_of(other), state_of("box-7", conn_seq=99, software="stolen")])

    assert worker._store.count() == 1, "that of the other box"
    receipts = {topic: said for topic, said in broker.published if "/receipts/" in topic}
    refused = receipts[first.topic.replace("/results/", "/receipts/")]
    assert (refused["outcome"], refused["reason"][:42]) == ("refused", "the fleet no longer takes anything of this")
    (row,) = worker.service.boxes.boxes(SystemClock().now_utc())
    assert row.software != "stolen"
    assert "needs barred" in run("boxes", "--config", str(config))
    (shown,) = ConsoleViews(database, SystemClock()).boxes()
    assert shown.alerts[0].code == "barred"

    run("admit", "--config", str(config), "clinic-1/box-7")
    worker.look_for_barred()
    shift._settle([result_of(first)])
    assert worker._store.count() == 2


def test_a_stolen_box_still_gets_its_wipe(worker: IngestWorker) -> None:
    broker = Broker()
    worker.service.barred.bar(("clinic-1", "box-7"), "eva", SystemClock().now_utc())
    worker.look_for_barred()
    ask = state_of("box-7")
    question = {"schema": "nailfold.job-get/1", "job_id": "all", "ts": "2026-12-01T12:00:00.000Z"}
    asked = type(ask)(1, 1, "nailfold/v1/clinic-1/box-7/jobs/all/get", json.dumps(question).encode())
    _Shift(worker, broker)._settle([asked])  # type: ignore[arg-type]
    assert [topic for topic, _ in broker.published] == ["nailfold/v1/clinic-1/box-7/jobs/notify"]
