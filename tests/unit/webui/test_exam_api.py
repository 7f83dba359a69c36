"""The exam's verbs over /api/v1."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from appliance.exam.live_message import decode_live_message
from tests.support.exam_parts import NOON
from tests.support.page_station import PageStation


@pytest.fixture
def open_exam(client: FlaskClient) -> FlaskClient:
    """The unlocked browser, with an exam open."""
    assert client.post("/api/v1/exam/start", json={"pseudonym": "NC-0042", "is_new": True}).status_code == 200
    return client


def test_exam_from_start_to_finish(
    open_exam: FlaskClient, station: PageStation, take_picture: Callable[[], None]
) -> None:
    chosen = {"hand": "right", "finger": "ring", "sector": "C"}
    assert open_exam.post("/api/v1/exam/select", json=chosen).json["exam"]["selected"] == chosen
    take_picture()
    answer = open_exam.post("/api/v1/exam/capture").json
    captured = answer["captured"]
    assert {key: captured[key] for key in chosen} == chosen
    assert captured["density_per_mm"] == 7.0
    assert [image["image_id"] for image in answer["exam"]["images"]] == [captured["image_id"]]
    exam_id = open_exam.post("/api/v1/exam/finish").json["finished_exam_id"]
    stored = station.store.exam(exam_id)
    assert stored.state.value == "finished"
    assert stored.patient_pseudonym == "NC-0042"
    assert station.store.outbox.status().pending == 1


def test_capture_can_be_taken_back_and_restored(open_exam: FlaskClient, take_picture: Callable[[], None]) -> None:
    take_picture()
    open_exam.post("/api/v1/exam/capture")
    undone = open_exam.post("/api/v1/exam/undo").json["exam"]
    assert (undone["images"], undone["can_undo"], undone["can_redo"]) == ([], False, True)
    assert len(open_exam.post("/api/v1/exam/redo").json["exam"]["images"]) == 1


def test_capture_without_a_picture_says_what_to_do(open_exam: FlaskClient) -> None:
    answer = open_exam.post("/api/v1/exam/capture")
    assert answer.status_code == 409
    assert answer.json == {
        "error": {
            "message": "there is no picture to capture",
            "remedy": "Check the capillaroscope and wait for the live picture.",
        }
    }


def test_full_disk_is_told_and_nothing_is_kept(
    open_exam: FlaskClient, station: PageStation, take_picture: Callable[[], None]
) -> None:
    take_picture()
    station.store.fill_disk()
    answer = open_exam.post("/api/v1/exam/capture")
    assert answer.status_code == 507
    assert answer.json["error"]["remedy"]
    assert open_exam.get("/api/v1/state").json["exam"]["images"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("exam/start", None),
        ("exam/start", []),
        ("exam/start", {}),
        ("exam/start", {"pseudonym": ""}),
        ("exam/start", {"pseudonym": "Anna Schmidt"}),
        ("exam/select", {"hand": "third", "finger": "ring", "sector": "A"}),
        ("exam/select", {"hand": "left", "finger": "ring", "sector": "E"}),
        ("exam/select", {"hand": "left", "finger": ["ring"], "sector": "A"}),
        ("exam/finish", {}),
        ("exam/undo", {}),
    ],
)
def test_requests_that_make_no_sense_are_refused_in_words(client: FlaskClient, path: str, body: object) -> None:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code in (409, 422)
    assert answer.json["error"]["message"]
    assert answer.json["error"]["remedy"]


def test_request_without_the_pages_token_is_refused(client: FlaskClient, station: PageStation) -> None:
    del client.environ_base["HTTP_X_CSRFTOKEN"]
    answer = client.post("/api/v1/exam/start", json={"pseudonym": "NC-0042", "is_new": True})
    assert answer.status_code == 400
    assert answer.json["error"]["remedy"] == "Reload the page."
    assert station.session.snapshot().exam is None


def test_form_cannot_stand_in_for_json(client: FlaskClient, station: PageStation) -> None:
    assert client.post("/api/v1/exam/start", data={"pseudonym": "NC-0042"}).status_code == 422
    assert station.session.snapshot().exam is None


def test_state_says_everything_the_status_bar_shows(
    client: FlaskClient, station: PageStation, take_picture: Callable[[], None]
) -> None:
    take_picture()
    state = client.get("/api/v1/state").json
    assert state["camera"]["phase"] == "live"
    assert state["camera"]["name"] == "Dino-Lite AM4113"
    assert state["calibration"] is None
    assert state["broker"] == {"is_enabled": True, "is_connected": True, "reason": ""}
    assert state["outbox"]["pending"] == 0
    assert state["engine"]["runtime"] == "onnxruntime-cpu"
    station.unplug("The cable is out")
    assert client.get("/api/v1/state").json["camera"]["reason"] == "The cable is out"


def test_protocol_skipping_and_replacing_over_the_api(
    client: FlaskClient, station: PageStation, take_picture: Callable[[], None]
) -> None:
    exam = client.post("/api/v1/exam/start", json={"pseudonym": "NC-7", "is_new": True, "protocol": "16"}).json["exam"]
    assert (exam["protocol"], len(exam["placements"]), exam["selected"]["sector"]) == ("16", 16, "B")
    skipped = client.post("/api/v1/exam/skip", json={"reason": "bandage", "whole_finger": True}).json["exam"]
    assert [one["sector"] for one in skipped["skipped"]] == ["B", "C"]
    assert skipped["selected"]["finger"] == "middle"
    take_picture()
    first = client.post("/api/v1/exam/capture", json={}).json["captured"]
    client.post("/api/v1/exam/select", json={key: first[key] for key in ("hand", "finger", "sector")})
    take_picture()
    second = client.post("/api/v1/exam/capture", json={"replaces": True}).json
    assert [image["image_id"] for image in second["exam"]["images"]] == [second["captured"]["image_id"]]
    client.post("/api/v1/exam/finish", json={"accepts_missing": True})
    noted = [(entry.action, entry.actor) for entry in station.journal.entries() if entry.subject.startswith("exam:")]
    assert [action for action, _ in noted] == ["exam.started", "exam.skipped", "exam.finished"]
    assert {name for _, name in noted} == {station.store.exams()[0].operator}


def test_frozen_picture_is_held_captured_and_let_go(
    open_exam: FlaskClient, station: PageStation, take_picture: Callable[[], None]
) -> None:
    take_picture()
    seq = station.history.recent(1)[-1].frame.seq
    assert open_exam.post("/api/v1/exam/hold", json={"seq": seq}).status_code == 200
    assert open_exam.post("/api/v1/exam/hold", json={"seq": 999}).status_code == 409
    header, jpeg = decode_live_message(open_exam.get(f"/api/v1/exam/held/{seq}").data)
    assert (header["seq"], jpeg[:2]) == (seq, b"\xff\xd8")
    assert open_exam.get("/api/v1/exam/held/999").status_code == 404
    assert open_exam.post("/api/v1/exam/capture", json={"seq": seq}).status_code == 200
    assert open_exam.post("/api/v1/exam/let-go", json={"seq": seq}).status_code == 200


@pytest.mark.parametrize("path", ["exam/clip", "exam/sweep/begin", "exam/sweep/end", "exam/sweep/cancel"])
def test_recordings_without_an_exam_are_refused_in_words(client: FlaskClient, path: str) -> None:
    answer = client.post(f"/api/v1/{path}")
    assert answer.status_code == 409
    assert answer.json["error"]["remedy"]


def test_automatic_capture_is_switched_and_told(client: FlaskClient) -> None:
    assert client.post("/api/v1/exam/auto", json={"is_on": True}).json["guided"]["auto"]["phase"] == "looking"
    assert client.get("/api/v1/state").json["guided"]["auto"]["phase"] == "looking"
    assert client.post("/api/v1/exam/auto", json={"is_on": False}).json["guided"]["auto"]["phase"] == "off"


def test_unknown_pseudonym_is_a_new_patient_only_if_it_is_called_so(client: FlaskClient, station: PageStation) -> None:
    refused = client.post("/api/v1/exam/start", json={"pseudonym": "NC-0042"})
    assert (refused.status_code, refused.json["error"]["message"]) == (409, "no patient has this pseudonym")
    assert station.store.patients.patients().total == 0
    station.store.patients.add_patient("NC-0042", NOON)
    refused = client.post("/api/v1/exam/start", json={"pseudonym": "nc-0042", "is_new": True})
    assert refused.json["error"]["message"] == "a patient has this pseudonym already"
    assert client.post("/api/v1/exam/start", json={"pseudonym": "nc-0042"}).status_code == 200


@pytest.mark.parametrize("known", ["NC-0O42", "\u039dC-0042", "NC 0042", "N\u00c7-0042"])
def test_new_patient_who_looks_like_one_who_is_here_begins_only_if_called_another(
    client: FlaskClient, station: PageStation, known: str
) -> None:
    station.store.patients.add_patient(known, NOON)
    asked = client.post("/api/v1/patients/look-alikes", json={"pseudonym": " nc-0042"})
    assert (asked.json["known"], [one["pseudonym"] for one in asked.json["patients"]]) == (None, [known])
    body = {"pseudonym": "NC-0042", "is_new": True}
    refused = client.post("/api/v1/exam/start", json=body)
    assert (refused.status_code, "looks like this one" in refused.json["error"]["message"]) == (409, True)
    assert (station.store.patients.patients().total, station.session.snapshot().exam) == (1, None)
    assert client.post("/api/v1/exam/start", json={**body, "is_another": True}).status_code == 200
    assert {one.patient.pseudonym for one in station.store.patients.patients().patients} == {known, "NC-0042"}
    asked = client.post("/api/v1/patients/look-alikes", json={"pseudonym": "\uff2e\uff23\u20100042"})
    assert (asked.json["known"]["pseudonym"], asked.json["patients"]) == ("NC-0042", [])


@pytest.mark.parametrize("facts", [{"medication": "x" * 2001}, {"disorganisation": 2}])
def test_facts_that_cannot_stand_start_no_exam(
    client: FlaskClient, station: PageStation, facts: dict[str, object]
) -> None:
    body = {"pseudonym": "NC-1", "is_new": True, "facts": facts}
    assert client.post("/api/v1/exam/start", json=body).status_code == 409
    assert station.session.snapshot().exam is None


def test_clinical_details_are_stated_with_the_start(client: FlaskClient, station: PageStation) -> None:
    body = {"pseudonym": "NC-1", "is_new": True, "facts": {"antibodies": "anti-Scl-70", "acclimatisation_min": 20}}
    exam_id = client.post("/api/v1/exam/start", json=body).json["exam"]["exam_id"]
    assert station.services.facts.of(exam_id) == body["facts"]
