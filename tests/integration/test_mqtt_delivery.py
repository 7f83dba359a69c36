"""A finished exam on its way to a real Mosquitto."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import schemas
from appliance.domain.exam import Exam, ExamStart
from appliance.ports import OutboxStatus
from tests.support import exam_box
from tests.support.broker import Broker, mosquitto_binary
from tests.support.ejabberd import EjabberdHost
from tests.support.exam_harness import BOX, SITE, ExamHarness, mqtt_settings
from tests.support.subscriber import Subscriber, publish, read_retained

AnyBroker = Broker | EjabberdHost
pytestmark = pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed")

RESULTS = f"nailfold/v1/{SITE}/{BOX}/results/+"
STATE = f"nailfold/v1/{SITE}/{BOX}/state"


def wait_until(is_so: Callable[[], bool], what: str, timeout_s: float = 10.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline_s, f"not within {timeout_s} s: {what}"
        time.sleep(0.02)


def wait_for_status(harness: ExamHarness, **wanted: int) -> OutboxStatus:
    def is_so() -> bool:
        status = harness.storage.outbox.status()
        return all(getattr(status, name) == count for name, count in wanted.items())

    wait_until(is_so, f"{wanted}, it is {harness.storage.outbox.status()} and {harness.publisher.status()}")
    return harness.storage.outbox.status()


def wait_online(harness: ExamHarness) -> None:
    wait_until(lambda: harness.publisher.status().is_connected, "connected")


def msg_id_of(harness: ExamHarness, exam: Exam) -> str:
    rows = harness.storage.database.rows("look", "SELECT msg_id FROM outbox WHERE exam_id = ?", (exam.exam_id,))
    return str(rows[0]["msg_id"])


def test_finished_exam_arrives_once_valid_and_unretained(each_broker: AnyBroker, tmp_path: Path) -> None:
    subscriber = Subscriber(each_broker.port, RESULTS, each_broker.client_options)
    with ExamHarness(tmp_path / "box", mqtt_settings(each_broker.port, **each_broker.login)) as harness:
        harness.publisher.start()
        exam = harness.examine()
        wait_for_status(harness, acknowledged=1)
        assert harness.storage.outbox.message_state(exam.exam_id) == "acknowledged"
    (arrival,) = subscriber.collect(at_least=1)
    schemas.validate("nailfold.exam-1", arrival.document)
    assert arrival.document["exam_id"] == exam.exam_id
    assert arrival.topic == f"nailfold/v1/{SITE}/{BOX}/results/{arrival.document['msg_id']}"
    assert not arrival.is_retained
    assert arrival.content_type == "application/json"
    assert arrival.properties["msg_id"] == arrival.document["msg_id"]
    assert (arrival.properties["schema"], arrival.properties["seq"]) == ("nailfold.exam/1", "1")
    assert "NC-0042" not in arrival.topic + str(arrival.properties) + each_broker.log()


def test_state_is_online_while_connected_and_offline_after_leaving(each_broker: AnyBroker, tmp_path: Path) -> None:
    with ExamHarness(tmp_path / "box", mqtt_settings(each_broker.port, **each_broker.login)) as harness:
        harness.publisher.start()
        wait_online(harness)
        birth = read_retained(each_broker.port, STATE, each_broker.client_options)
    goodbye = read_retained(each_broker.port, STATE, each_broker.client_options)
    for state in (birth, goodbye):
        schemas.validate("nailfold.state-1", state)
    assert (birth["is_online"], goodbye["is_online"]) == (True, False)
    assert (goodbye["boot_id"], goodbye["conn_seq"]) == (birth["boot_id"], birth["conn_seq"])


def test_exam_goes_on_without_a_broker_and_is_delivered_when_it_comes(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker")
    with ExamHarness(tmp_path / "box", mqtt_settings(broker.port)) as harness:
        harness.publisher.start()
        began_s = time.monotonic()
        harness.examine()
        assert time.monotonic() - began_s < 5
        wait_until(lambda: "refused" in harness.publisher.status().reason.lower(), "told why")
        assert "Results wait on the box" in harness.publisher.status().reason
        with broker:
            subscriber = Subscriber(broker.port, RESULTS)
            wait_for_status(harness, acknowledged=1)
            assert len(subscriber.collect(at_least=1)) == 1


def test_result_denied_by_a_mistake_in_the_brokers_rules_leaves_by_itself_once_it_is_mended(tmp_path: Path) -> None:
    rules = tmp_path / "rules.acl"
    rules.write_text("topic readwrite nailfold/v1/+/+/state\ntopic read nailfold/#\n")
    rules.chmod(0o600)
    with Broker(tmp_path / "broker", [f"acl_file {rules}"]) as broker:
        subscriber = Subscriber(broker.port, RESULTS)
        with ExamHarness(tmp_path / "box", mqtt_settings(broker.port)) as harness:
            harness.publisher.start()
            exam = harness.examine()
            wait_until(lambda: "may not publish results" in harness.storage.outbox.status().last_error, "told why")
            assert harness.storage.outbox.dead_letters() == ()
            rules.write_text("topic readwrite nailfold/#\n")
            broker.reload()
            wait_for_status(harness, acknowledged=1, dead=0)
            msg_id = msg_id_of(harness, exam)
        assert [arrival.document["msg_id"] for arrival in subscriber.collect(at_least=1)] == [msg_id]


def test_result_that_nobody_receives_waits_and_says_so(broker: Broker, tmp_path: Path) -> None:
    with ExamHarness(tmp_path / "box", mqtt_settings(broker.port)) as harness:
        harness.publisher.start()
        harness.examine()
        wait_until(lambda: "nobody is receiving" in harness.storage.outbox.status().last_error, "told why")
        assert harness.storage.outbox.status().acknowledged == 0
        subscriber = Subscriber(broker.port, RESULTS)
        wait_for_status(harness, acknowledged=1)
        assert len(subscriber.collect(at_least=1)) == 1


@pytest.mark.parametrize("limit", ["max_packet_size 20000", "message_size_limit 20000"])
def test_result_too_large_for_the_broker_does_not_block_the_others(tmp_path: Path, limit: str) -> None:
    # The first limit is announced by the broker; of the second it says nothing and breaks off.
    with (
        Broker(tmp_path / "broker", [limit]) as broker,
        ExamHarness(tmp_path / "box", mqtt_settings(broker.port)) as harness,
    ):
        subscriber = Subscriber(broker.port, RESULTS)
        harness.examine()
        harness.session.start("NC-0001", ExamStart("ana"))
        for _ in range(30):
            harness.session.capture()
        harness.session.finish("ana")
        harness.examine()
        harness.publisher.start()
        status = wait_for_status(harness, acknowledged=2, dead=0)
        assert status.pending + status.sent == 1, "the large one waits for the broker's limit to be raised"
        assert sorted({arrival.properties["seq"] for arrival in subscriber.collect(at_least=2)}) == ["1", "3"]


def test_silent_broker_gets_the_same_message_again_under_the_same_id(broker: Broker, tmp_path: Path) -> None:
    subscriber = Subscriber(broker.port, RESULTS)
    with ExamHarness(tmp_path / "box", mqtt_settings(broker.port)) as harness:
        harness.publisher.start()
        wait_online(harness)
        broker.freeze()
        exam = harness.examine()
        wait_for_status(harness, sent=1)
        wait_until(lambda: not harness.publisher.status().is_connected, "gave the connection up")
        broker.thaw()
        wait_for_status(harness, acknowledged=1)
        msg_id = msg_id_of(harness, exam)
    assert {arrival.document["msg_id"] for arrival in subscriber.collect(at_least=1)} == {msg_id}


def test_receipt_that_came_while_the_box_was_off_makes_sending_again_needless(broker: Broker, tmp_path: Path) -> None:
    """A crash between hand-over and answer leaves a message in doubt; the broker's session remembers the receipt."""
    settings = mqtt_settings(broker.port)
    with ExamHarness(tmp_path / "box", settings, resend_after_s=0.0) as harness:
        harness.publisher.start()
        wait_online(harness)
    subscriber = Subscriber(broker.port, RESULTS)
    with ExamHarness(tmp_path / "box", settings, resend_after_s=0.0) as harness:
        exam = harness.examine()
        msg_id = msg_id_of(harness, exam)
        harness.storage.outbox.mark_sent(msg_id, exam.started_at_utc)
        # Mosquitto hands out 20 at a time: the one that matters comes in the sixth batch.
        publish(broker.port, f"nailfold/v1/{SITE}/{BOX}/receipts/old", *[""] * 99)
        publish(broker.port, f"nailfold/v1/{SITE}/{BOX}/receipts/{msg_id}", "")
        harness.publisher.start()
        wait_until(lambda: harness.storage.outbox.message_state(exam.exam_id) == "receipted", "receipted")
        time.sleep(1.5)
    assert subscriber.collect() == []


def test_receipt_after_delivery_is_written_down(broker: Broker, tmp_path: Path) -> None:
    Subscriber(broker.port, RESULTS)
    with ExamHarness(tmp_path / "box", mqtt_settings(broker.port)) as harness:
        harness.publisher.start()
        exam = harness.examine()
        wait_for_status(harness, acknowledged=1)
        publish(broker.port, f"nailfold/v1/{SITE}/{BOX}/receipts/{msg_id_of(harness, exam)}", "")
        publish(broker.port, f"nailfold/v1/{SITE}/{BOX}/receipts/unknown", "")
        wait_until(lambda: harness.storage.outbox.message_state(exam.exam_id) == "receipted", "receipted")
        wait_online(harness)


def test_wrong_password_is_told_in_plain_words(tmp_path: Path) -> None:
    passwords, secret = tmp_path / "passwords", tmp_path / "secret"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "box-7", "right"], check=True, timeout=10)
    secret.write_text("wrong\n")
    lines = ["allow_anonymous false", f"password_file {passwords}"]
    with Broker(tmp_path / "broker", lines) as broker:
        settings = mqtt_settings(broker.port, username="box-7", password_file=secret)
        with ExamHarness(tmp_path / "box", settings) as harness:
            harness.publisher.start()
            # Mosquitto says "not authorised" for a bad password as well.
            wait_until(lambda: "does not let this box in" in harness.publisher.status().reason, "told why")
            secret.write_text("right\n")
            wait_online(harness)


def make_certificate(folder: Path, name: str, signer: str | None = None) -> None:
    """`name`.crt and `name`.key, self-signed as an authority, or for 127.0.0.1 and signed by `signer`."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}", "-days", "2"]
    if signer is not None:
        command += ["-CA", f"{signer}.crt", "-CAkey", f"{signer}.key", "-addext", "subjectAltName=IP:127.0.0.1"]
        command += ["-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=20)


def test_tls_with_the_box_own_certificate_and_never_to_a_broker_of_another_authority(tmp_path: Path) -> None:
    for name, signer in (("authority", None), ("stranger", None), ("server", "authority"), ("client", "authority")):
        make_certificate(tmp_path, name, signer)
    lines = [
        f"cafile {tmp_path}/authority.crt",
        f"certfile {tmp_path}/server.crt",
        f"keyfile {tmp_path}/server.key",
        "require_certificate true",
    ]
    own = {"client_certificate_file": tmp_path / "client.crt", "client_key_file": tmp_path / "client.key"}
    with Broker(tmp_path / "broker", lines) as broker:
        wrong = mqtt_settings(broker.port, tls=True, ca_file=tmp_path / "stranger.crt", **own)
        with ExamHarness(tmp_path / "box", wrong) as harness:
            harness.publisher.start()
            wait_until(lambda: "certificate verify failed" in harness.publisher.status().reason, "refused")
        right = mqtt_settings(broker.port, tls=True, ca_file=tmp_path / "authority.crt", **own)
        with ExamHarness(tmp_path / "box", right) as harness:
            harness.publisher.start()
            wait_online(harness)


def test_killed_box_is_announced_by_its_will(each_broker: AnyBroker, tmp_path: Path) -> None:
    given = [tmp_path / "box", each_broker.port, 1, "", *each_broker.login.values()]
    box = subprocess.Popen([sys.executable, exam_box.__file__, *map(str, given)], stdout=subprocess.PIPE)

    def is_online() -> bool:
        return bool(read_retained(each_broker.port, STATE, each_broker.client_options)["is_online"])

    try:
        assert box.stdout is not None
        assert box.stdout.readline() == b"examined\n"
        wait_until(is_online, "born")
    finally:
        box.send_signal(signal.SIGKILL)
        box.wait()
        box.stdout.close()
    wait_until(lambda: not is_online(), "the will")
