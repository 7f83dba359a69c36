"""A certificate is renewed from afar, over a real Mosquitto that lets in certificates alone."""

from pathlib import Path

import pytest

from appliance.apps.fleet_server.authority import Authority
from appliance.apps.system_clock import SystemClock
from appliance.fleet.jobs import JobState
from tests.integration.test_mqtt_delivery import wait_until
from tests.support.broker import mosquitto_binary
from tests.support.exam_harness import BOX, SITE
from tests.support.fleet_box import FleetBox
from tests.support.fleet_broker import FleetBroker

pytestmark = pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed")
NAME = f"{SITE}/{BOX}"


def secured_box(tmp_path: Path, fleet: FleetBroker) -> FleetBox:
    own = fleet.identity(NAME)
    tls = {"tls": True, "ca_file": own.ca, "client_certificate_file": own.certificate, "client_key_file": own.key}
    return FleetBox(tmp_path / "box", fleet.port, **tls)


def finished(box: FleetBox, job_id: str) -> JobState | None:
    record = box.agent.book.record(job_id)
    return record.state if record is not None and record.state.is_final else None


def do(box: FleetBox, kind: str, parameters: dict[str, str] | None = None) -> tuple[JobState | None, object]:
    signed = box.job(kind, dict(parameters or {}))
    assert box.agent.book.take(signed) == ""
    wait_until(lambda: finished(box, signed.job.job_id) is not None, kind, 30)
    record = box.agent.book.record(signed.job.job_id)
    assert record is not None
    return record.state, record.detail or record.reason


def test_new_key_is_made_on_the_box_and_its_certificate_taken_into_use(tmp_path: Path) -> None:
    with FleetBroker(tmp_path / "fleet") as fleet, secured_box(tmp_path, fleet) as box:
        wait_until(lambda: box.publisher.status().is_connected, "connected by the first certificate")
        mqtt = box.settings.settings.mqtt
        assert mqtt.client_key_file is not None
        first_key = mqtt.client_key_file.read_bytes()
        state, detail = do(box, "request-certificate")
        assert state is JobState.SUCCEEDED
        assert isinstance(detail, dict)
        signed = fleet.authority.sign(detail["request"].encode(), SystemClock().now_utc())
        assert mqtt.client_key_file.read_bytes() == first_key, "until it is signed the old one holds"
        assert do(box, "install-certificate", {"certificate": signed.decode()})[0] is JobState.SUCCEEDED
        assert mqtt.client_key_file.read_bytes() != first_key
        assert mqtt.client_certificate_file is not None
        assert mqtt.client_certificate_file.read_bytes() == signed
        assert box.publisher.status().is_connected
        assert mqtt.client_key_file.stat().st_mode & 0o077 == 0


def test_certificate_that_the_broker_does_not_let_in_is_taken_back(tmp_path: Path) -> None:
    with FleetBroker(tmp_path / "fleet") as fleet, secured_box(tmp_path, fleet) as box:
        wait_until(lambda: box.publisher.status().is_connected, "connected")
        _, detail = do(box, "request-certificate")
        assert isinstance(detail, dict)
        foreign = Authority.make(tmp_path / "foreign", "another fleet", SystemClock().now_utc())
        signed = foreign.sign(detail["request"].encode(), SystemClock().now_utc())
        made = box.job("install-certificate", {"certificate": signed.decode()})
        short = made.job.steps[0].model_copy(update={"timeout_s": 6.0})
        quick = box.maker._signed((SITE, BOX), made.job.model_copy(update={"steps": (short,)}))
        box.agent.book.take(quick)
        wait_until(lambda: finished(box, quick.job.job_id) is JobState.FAILED, "given up", 30)
        record = box.agent.book.record(quick.job.job_id)
        assert record is not None
        assert "the old one is back" in record.reason
        wait_until(lambda: box.publisher.status().is_connected, "connected by the old one", 20)


def test_certificate_for_another_key_or_box_is_refused(tmp_path: Path) -> None:
    with FleetBroker(tmp_path / "fleet") as fleet, secured_box(tmp_path, fleet) as box:
        do(box, "request-certificate")
        other = fleet.identity(NAME)
        state, reason = do(box, "install-certificate", {"certificate": other.certificate.read_text()})
        assert (state, "not for the key" in str(reason)) == (JobState.FAILED, True)
