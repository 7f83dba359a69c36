"""How a box is, and what is asked of it, over a real Mosquitto between the box's agent and an ingest worker."""

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import schemas
from appliance.apps.config.load_settings import load_settings
from appliance.apps.files.signatures import make_signing_key
from appliance.apps.fleet_server.job_maker import JobMaker
from appliance.apps.station.fleet.job_stick import ENDING
from appliance.apps.system_clock import SystemClock
from appliance.domain.camera_state import CameraPhase
from appliance.fleet.job_runner import StepContext
from appliance.fleet.jobs import JobState
from appliance.ports import OutboxMessage
from tests.integration.test_mqtt_delivery import wait_until
from tests.support.broker import Broker, mosquitto_binary
from tests.support.ejabberd import EjabberdHost
from tests.support.exam_harness import BOX, SITE
from tests.support.exam_parts import NOON
from tests.support.fleet_box import WHOSE, FleetBox
from tests.support.fleet_side import Fleet
from tests.support.subscriber import Subscriber

AnyBroker = Broker | EjabberdHost
pytestmark = pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed")


@pytest.fixture
def box(broker: Broker, tmp_path: Path) -> Iterator[FleetBox]:
    with FleetBox(tmp_path / "box", broker.port) as running:
        yield running


def test_health_of_a_box_reaches_the_fleet_and_every_message_fits_its_schema(
    each_broker: AnyBroker, each_fleet: Fleet, tmp_path: Path
) -> None:
    listener = Subscriber(each_broker.port, f"nailfold/v1/{SITE}/{BOX}/#", each_broker.client_options)
    with each_fleet.serving(), FleetBox(tmp_path / "box", each_broker.port, **each_broker.login) as box:
        wait_until(lambda: bool(each_fleet.report("telemetry")), "telemetry")
        telemetry = each_fleet.report("telemetry")
        assert telemetry["camera"] == "live"
        assert telemetry["latency_ms"] == 41.0
        assert telemetry["disk_free_mb"] > 0
        assert telemetry["boot_id"] == box.publisher.boot_id
        row = each_fleet.box()
        assert row is not None
        assert row.is_online
        assert not row.has_twin
        # While the box goes on: telemetry expires at the broker, and the next one comes.
        wanted = {"state", "telemetry", "alerts", "shadow-reported", "job-get", "job-notify"}
        seen: set[str] = set()

        def all_were_seen() -> bool:
            for arrival in listener.collect():
                name = arrival.document["schema"].replace("/", "-")
                schemas.validate(name, arrival.document)
                seen.add(name.removeprefix("nailfold.").removesuffix("-1"))
            return wanted <= seen

        wait_until(all_were_seen, "a message of every kind")


def test_telemetry_expires_at_the_broker(broker: Broker, tmp_path: Path) -> None:
    listener = Subscriber(broker.port, f"nailfold/v1/{SITE}/{BOX}/telemetry")
    with FleetBox(tmp_path / "box", broker.port):
        time.sleep(0.5)
    time.sleep(1.5)
    assert listener.collect() == []


def test_withheld_result_raises_an_alert_and_its_end_clears_it(box: FleetBox, fleet: Fleet) -> None:
    with fleet.serving():
        wait_until(lambda: fleet.report("alerts").get("alerts") == [], "all well")

        exam = box.storage.exams.start_exam("NC-1", NOON)

        message = OutboxMessage("01a22c9d-0c36-76a6-9662-b803b9762cad", "nailfold.exam/1", b"{}", "0" * 64)
        box.storage.exams.finish_exam(exam.exam_id, NOON, message)
        box.publisher.wake()
        wait_until(lambda: [one["code"] for one in fleet.report("alerts")["alerts"]] == ["results_withheld"], "raised")


def test_whole_journal_of_a_box_reaches_the_fleet_link_by_link(box: FleetBox, fleet: Fleet) -> None:
    for number in range(120):
        box.storage.journal.append("ana", "account:ana", "account.logged_in", {"number": number})
    with fleet.serving():
        wait_until(lambda: len(fleet.service.audit.entries(WHOSE, 500)) >= 120, "every entry", 20)
        assert fleet.service.audit.problem(WHOSE) == ""
        box.storage.journal.append("ana", "account:ana", "account.logged_out", {})
        wait_until(lambda: fleet.service.audit.entries(WHOSE, 1)[0].action == "account.logged_out", "the newest")


def test_desired_settings_are_kept_reported_and_in_force_after_a_restart(
    each_broker: AnyBroker, each_fleet: Fleet, tmp_path: Path
) -> None:
    wish = {"exam.best_of_s": 0.8, "web.port": 1, "exam.history_s": -3}
    each_fleet.service.boxes.want(WHOSE, wish, "eva", SystemClock().now_utc())
    with each_fleet.serving():
        with FleetBox(tmp_path / "box", each_broker.port, **each_broker.login):
            wait_until(lambda: each_fleet.report("shadow").get("desired_version") == 1, "considered")
            refused = each_fleet.report("shadow")["refused"]
            assert refused["web.port"] == "may not be set from afar"
            assert "history_s" in refused["exam.history_s"]
            assert refused["exam.best_of_s"] == "in force after the next restart"
        with FleetBox(tmp_path / "box", each_broker.port, **each_broker.login) as box:
            assert box.settings.settings.exam.best_of_s == 0.8
            wait_until(lambda: "exam.best_of_s" not in each_fleet.report("shadow")["refused"], "in force")
            assert each_fleet.report("shadow")["settings"]["exam.best_of_s"] == 0.8


def test_settings_that_a_newer_software_does_not_know_keep_no_box_from_starting(tmp_path: Path) -> None:
    (tmp_path / "fleet-settings.json").write_text('{"exam": {"of_long_ago": 3}}')
    (tmp_path / "site.toml").touch()
    assert load_settings(tmp_path / "site.toml", {"station.data_dir": tmp_path}).settings.exam.best_of_s == 0.5


def test_job_sent_while_the_box_is_off_runs_once_when_it_returns(
    each_broker: AnyBroker, each_fleet: Fleet, tmp_path: Path
) -> None:
    with each_fleet.serving():
        with FleetBox(tmp_path / "box", each_broker.port, **each_broker.login) as box:
            wait_until(lambda: each_fleet.box() is not None, "there")
        job_id = each_fleet.ask(box.job("recalibrate", {"note": "the ring was turned"}))
        for _ in range(3):
            with FleetBox(tmp_path / "box", each_broker.port, **each_broker.login) as box:
                each_fleet.wait_for(job_id, JobState.SUCCEEDED)
                wait_until(lambda: not box.agent.book.unaccepted(), "accepted")
        with FleetBox(tmp_path / "box", each_broker.port, **each_broker.login) as box:
            done = [one for one in box.storage.journal.entries("calibration") if one.detail["job_id"] == job_id]
            assert len(done) == 1


def test_job_that_hangs_times_out_and_the_next_runs(box: FleetBox, fleet: Fleet) -> None:
    forever = threading.Event()
    hanging = box.agent._runner._kinds["collect-logs"]
    hanging.steps["collect"] = lambda _: forever.wait()  # type: ignore[index]
    with fleet.serving():
        wait_until(lambda: fleet.box() is not None, "there")
        made = box.job("collect-logs")
        short = made.job.steps[0].model_copy(update={"timeout_s": 0.3})
        hung = box.maker._signed(WHOSE, made.job.model_copy(update={"steps": (short,)}))
        first, second = fleet.ask(hung), fleet.ask(box.job("recalibrate"))
        row = fleet.wait_for(first, JobState.TIMED_OUT)
        assert "collect did not end in 0.3 s" in row.reason
        fleet.wait_for(second, JobState.SUCCEEDED)
    forever.set()


def test_disruptive_job_waits_for_the_end_of_the_exam_and_is_done_by_the_next_start(
    broker: Broker, fleet: Fleet, tmp_path: Path
) -> None:
    with fleet.serving():
        with FleetBox(tmp_path / "box", broker.port) as box:
            box.is_exam_open = True
            job_id = fleet.ask(box.job("restart"))
            assert fleet.wait_for(job_id, JobState.DEFERRED).reason == "an exam is open"
            box.is_exam_open = False
            assert box.restarting.wait(10)
        with FleetBox(tmp_path / "box", broker.port) as box:
            fleet.wait_for(job_id, JobState.SUCCEEDED)
            assert not box.restarting.is_set()


def test_job_can_be_cancelled_and_superseded_before_it_begins(box: FleetBox, fleet: Fleet) -> None:
    box.is_exam_open = True
    with fleet.serving():
        wait_until(lambda: fleet.box() is not None, "there")
        first = box.job("restart")
        fleet.wait_for(fleet.ask(first), JobState.DEFERRED)
        second = box.job("restart", supersedes=[first.job.job_id])
        fleet.wait_for(fleet.ask(second), JobState.DEFERRED)
        assert fleet.wait_for(first.job.job_id, JobState.SUPERSEDED).reason == f"by {second.job.job_id}"
        fleet.ask(box.maker.cancel(second))
        fleet.wait_for(second.job.job_id, JobState.CANCELLED)
    assert not box.restarting.is_set()


def test_job_of_another_key_or_for_another_box_does_nothing_and_does_not_block_the_real_one(
    box: FleetBox, fleet: Fleet, tmp_path: Path
) -> None:

    make_signing_key(tmp_path / "foreign.key", tmp_path / "foreign.pub")
    real = box.job("restart")
    forged = JobMaker(tmp_path / "foreign.key")._signed(WHOSE, real.job)
    assert "not signed by a key" in box.agent.book.take(forged)
    changed = real.model_copy(update={"job": real.job.model_copy(update={"kind": "wipe"})})
    assert "not signed by a key" in box.agent.book.take(changed)
    other = box.maker._signed((SITE, "box-8"), real.job)
    assert "the job is for clinic-1/box-8" in box.agent.book.take(other)
    assert box.agent.book.record(real.job.job_id) is None
    with fleet.serving():
        fleet.ask(real)
        assert box.restarting.wait(10)


def test_signed_job_from_a_usb_stick_runs_without_a_broker_and_is_reported_when_there_is_one(
    tmp_path: Path, broker: Broker, fleet: Fleet
) -> None:
    broker.stop()
    with FleetBox(tmp_path / "box", broker.port) as box:
        signed = box.job("collect-logs")
        fleet.ask(signed)
        (box.stick / "from the fleet").mkdir(parents=True)
        (box.stick / "from the fleet" / f"{signed.job.job_id}{ENDING}").write_bytes(signed.payload())
        (box.stick / f"broken{ENDING}").write_text("{}")

        def state() -> JobState | None:
            record = box.agent.book.record(signed.job.job_id)
            return None if record is None else record.state

        wait_until(lambda: state() is JobState.SUCCEEDED, "done", 15)
        broker.start()
        with fleet.serving():
            row = fleet.wait_for(signed.job.job_id, JobState.SUCCEEDED)
            assert row.detail is not None
            assert isinstance(row.detail["lines"], list)


def test_wipe_leaves_nothing_of_a_patient_and_proves_it(broker: Broker, fleet: Fleet, tmp_path: Path) -> None:
    with fleet.serving():
        with FleetBox(tmp_path / "box", broker.port) as box:
            box.storage.exams.start_exam("NC-SECRET-1", SystemClock().now_utc())
            wrong = fleet.ask(box.job("wipe", {"confirm": "somebody/else"}))
            fleet.wait_for(wrong, JobState.FAILED)
            job_id = fleet.ask(box.job("wipe", {"confirm": f"{SITE}/{BOX}"}))
            assert box.restarting.wait(10)
        identity_key = (tmp_path / "box" / "identity.key").read_bytes()
        with FleetBox(tmp_path / "box", broker.port) as box:
            row = fleet.wait_for(job_id, JobState.SUCCEEDED)
            assert row.detail is not None
            assert row.detail["removed"]["exams"] == 1
            assert row.detail["left"] == []
            assert box.storage.exams.exams() == ()
            assert box.storage.journal.entries("box")[0].action == "box.wiped"
        files = [path.read_bytes() for path in (tmp_path / "box").rglob("*") if path.is_file()]
        assert not any(b"NC-SECRET-1" in content or content == identity_key for content in files)


def test_wipe_of_a_disk_of_its_own_names_what_root_alone_may_read(
    broker: Broker, fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = tmp_path / "box/lost+found"
    lost.mkdir(parents=True)
    monkeypatch.setattr(os, "getuid", lambda: lost.stat().st_uid + 1)
    with fleet.serving():
        with FleetBox(tmp_path / "box", broker.port) as box:
            job_id = fleet.ask(box.job("wipe", {"confirm": f"{SITE}/{BOX}"}))
            assert box.restarting.wait(10)
        with FleetBox(tmp_path / "box", broker.port):
            row = fleet.wait_for(job_id, JobState.SUCCEEDED)
    assert row.detail is not None
    assert row.detail["left"] == [str(lost)]
    assert lost.is_dir()


def test_job_that_the_station_did_not_survive_has_failed_and_is_not_run_again(
    broker: Broker, fleet: Fleet, tmp_path: Path
) -> None:
    ran = []

    def cut_off(context: StepContext) -> None:
        ran.append(context.job.job_id)
        threading.Event().wait()

    with fleet.serving():
        box = FleetBox(tmp_path / "box", broker.port)
        box.agent._runner._kinds["collect-logs"].steps["collect"] = cut_off  # type: ignore[index]
        box.agent.start()
        box.publisher.start()
        job_id = fleet.ask(box.job("collect-logs"))
        wait_until(lambda: ran == [job_id], "begun")
        box.publisher.stop()
        kept = box.storage.fleet_notes.note(f"job:{job_id}")
        assert kept["state"] == "in_progress"
        box.agent.stop(0.1)
        box.storage.close()
        with FleetBox(tmp_path / "box", broker.port):
            assert fleet.wait_for(job_id, JobState.FAILED).reason == "the station ended while it ran"
    assert ran == [job_id]


def test_camera_that_is_lost_is_told(box: FleetBox, fleet: Fleet) -> None:
    with fleet.serving():
        box.phase = CameraPhase.LOST
        wait_until(lambda: fleet.report("telemetry").get("camera") == "lost", "told")
        assert json.dumps(fleet.report("telemetry"))
