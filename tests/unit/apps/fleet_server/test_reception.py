"""What the ingest keeps, refuses, and leaves with the box."""

from dataclasses import replace

import pytest

from appliance.apps.fleet_server.reception import Arrival, ReceivedResult, RefusedResult, UnknownVersion, receive
from tests.support.fleet_results import arrival


def test_result_is_read_with_its_box_and_number() -> None:
    came = arrival(17)
    judged = receive(came)
    assert isinstance(judged, ReceivedResult)
    assert (judged.site, judged.box, judged.seq) == ("clinic-1", "box-7", 17)
    assert judged.msg_id == came.topic.rpartition("/")[2]


def spoilt(name: str) -> Arrival:
    came = arrival()
    properties = dict(came.properties)
    spoils = {
        "another box's message": lambda: replace(came, topic=came.topic.replace("box-7", "box-8")),
        "another id": lambda: replace(came, topic=came.topic[:-4] + "0000"),
        "changed on its way": lambda: replace(came, payload=came.payload + b" "),
        "no number": lambda: replace(came, properties={**properties, "seq": "0"}),
        "no schema": lambda: replace(came, properties={}),
        "an unknown member": lambda: arrival(patient_name="Eva"),
        "no JSON": lambda: replace(came, payload=b"x", properties={**properties, "sha256": X_DIGEST}),
    }
    return spoils[name]()


X_DIGEST = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("another box's message", "the message is of clinic-1/box-7, the topic of clinic-1/box-8"),
        ("another id", "another id than its topic"),
        ("changed on its way", "does not have the digest"),
        ("no number", "seq is '0'"),
        ("no schema", "schema is ''"),
        ("an unknown member", "patient_name"),
        ("no JSON", "no JSON"),
    ],
)
def test_what_can_never_be_kept_is_refused_with_its_reason(name: str, reason: str) -> None:
    judged = receive(spoilt(name))
    assert isinstance(judged, RefusedResult)
    assert reason in judged.reason
    receipt = judged.receipt("2026-11-30T09:00:00.000Z")
    assert receipt is not None
    assert receipt.outcome.value == "refused"


def test_topic_that_no_box_can_have_gets_no_receipt() -> None:
    judged = receive(Arrival("nailfold/v1/clinic-1/box-7/results/zero", b"{}", {"schema": "nailfold.exam/1"}))
    assert isinstance(judged, RefusedResult)
    assert judged.receipt("2026-11-30T09:00:00.000Z") is None


def test_version_of_a_newer_box_is_left_with_the_box() -> None:
    came = arrival()
    newer = replace(came, properties={**came.properties, "schema": "nailfold.exam/2"})
    assert receive(newer) == UnknownVersion(came.topic, "nailfold.exam/2")
