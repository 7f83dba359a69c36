"""The commands with which the people of a fleet ask boxes for something."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from appliance.apps.cli import main
from appliance.apps.files.signatures import is_signed, read_public_keys
from appliance.apps.fleet_server.box_store import BoxStore
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.job_store import JobStore
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.system_clock import SystemClock
from appliance.fleet.jobs import SignedJob, signed_bytes
from tests.support.fleet_results import result

BOX = ("clinic-1", "box-7")
NAME = "clinic-1/box-7"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "fleet.toml"
    file.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/fleet.sqlite3"\n')
    return file


def run(*arguments: object) -> str:
    ended = CliRunner().invoke(main, ["fleet", *map(str, arguments)])
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_job_is_made_signed_listed_cancelled_and_written_for_a_stick(config: Path, tmp_path: Path) -> None:
    key, public = tmp_path / "jobs.key", tmp_path / "jobs.pub"
    run("job-key", "--key", key, "--public", public)
    assert key.stat().st_mode & 0o077 == 0
    given = ("--config", config, "--key", key, "--by", "eva")
    job_id = run("job", "make", NAME, "collect-logs", *given, "--stick", tmp_path).strip()
    stick = SignedJob.model_validate_json((tmp_path / f"{job_id}.nailfold-job.json").read_bytes())
    content = signed_bytes(stick.site, stick.box, stick.job)
    assert is_signed(read_public_keys(public), stick.key_id, stick.signature, content)
    assert run("job", "list", "--config", config, NAME) == f"{NAME} {job_id} collect-logs queued\n"
    run("job", "cancel", NAME, job_id, *given)
    with FleetDatabase(f"sqlite:///{tmp_path}/fleet.sqlite3") as database:
        row = JobStore(database).job(BOX, job_id)
        assert row is not None
        assert (row.signed.job.version, row.signed.job.is_cancelled, row.made_by) == (2, True, "eva")
    refused = CliRunner().invoke(main, ["fleet", "job", "cancel", NAME, "nobody", *map(str, given)])
    assert refused.exit_code == 1
    assert "clinic-1/box-7 has no job nobody" in refused.output


def test_wish_counts_up_and_says_what_is_not_yet_in_force(config: Path) -> None:
    asked = ("want", "--config", config, "--by", "eva", NAME)
    assert run(*asked, "exam.best_of_s=0.8") == "version 1; not yet in force: exam.best_of_s\n"
    assert run(*asked, "exam.best_of_s=0.9").startswith("version 2")
    refused = CliRunner().invoke(main, ["fleet", *map(str, asked), "exam.best_of_s=often"])
    assert refused.exit_code == 1
    assert "has no JSON value" in refused.output


def test_boxes_are_listed_with_what_they_need(config: Path, tmp_path: Path) -> None:
    state = json.loads((Path(__file__).parents[1] / "data/fleet_messages/nailfold.state-1.json").read_text("utf-8"))
    alerts = json.loads((Path(__file__).parents[1] / "data/fleet_messages/nailfold.alerts-1.json").read_text("utf-8"))
    now_utc = SystemClock().now_utc()
    with FleetDatabase(f"sqlite:///{tmp_path}/fleet.sqlite3") as database:
        store = BoxStore(database)
        for conn_seq, boot_id in enumerate(("b1", "b2", "b1")):
            born = {**state, "boot_id": boot_id, "conn_seq": conn_seq, "is_online": True}
            store.take_states([(BOX, born)], now_utc)
        store.take_states([(BOX, {**state, "boot_id": "b2", "is_online": False})], now_utc)
        store.take_report(BOX, "alerts", alerts, now_utc)
    listed = run("boxes", "--config", config)
    assert re.fullmatch(r"clinic-1/box-7 online since \S+ software 0\.1\.0 needs disk_low,twin\n", listed), (
        "the will of another boot changes nothing"
    )


def test_database_of_an_earlier_layout_gets_the_new_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fleet.sqlite3"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE layout (version INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO layout VALUES (1)"))
    engine.dispose()
    with FleetDatabase(url) as database:
        assert BoxStore(database).boxes(SystemClock().now_utc()) == ()


def test_new_reference_of_a_boxs_networks_begins_with_its_next_exams(config: Path, tmp_path: Path) -> None:
    with FleetDatabase(f"sqlite:///{tmp_path}/fleet.sqlite3") as database:
        ResultStore(database).keep([result(1)], (), SystemClock().now_utc())
        assert len(ModelWatch(database).periods(BOX)[0].reference) == 1
        run("reference", "--config", config, "--by", "eva", "/".join(BOX))
        assert len(ModelWatch(database).periods(BOX)[0].reference) == 0
