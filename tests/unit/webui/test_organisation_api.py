"""Patients, folders, collections and the list of exams over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.page_station import PageStation

NOWHERE = "0190a1b2-0000-7000-8000-000000000000"
GARCIA = {
    "name": "María García",
    "birth_date": "1968-03-09",
    "sex": "female",
    "clinic_number": "H-77120",
    "note": "Raynaud since 2019",
}


@pytest.fixture
def ask(client: FlaskClient) -> Callable[..., Any]:
    """Sends a request to the API and gives its JSON; anything but `status` fails the test."""

    def send(method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = client.open(f"/api/v1/{path}", method=method, json=body)
        assert answer.status_code == status, answer.json
        return answer.json

    return send


@pytest.fixture
def examine(ask: Callable[..., Any], take_picture: Callable[[], None]) -> Callable[[str], str]:
    """Does a whole exam of one picture and gives its id."""

    def run(pseudonym: str) -> str:
        is_new = ask("POST", "patients/search", {"text": pseudonym})["total"] == 0
        ask("POST", "exam/start", {"pseudonym": pseudonym, "is_new": is_new})
        take_picture()
        ask("POST", "exam/capture")
        return str(ask("POST", "exam/finish")["finished_exam_id"])

    return run


def test_patient_is_added_found_by_name_and_changed(ask: Callable[..., Any]) -> None:
    added = ask("POST", "patients", {"pseudonym": "NC-1", "identity": GARCIA})["patient"]
    assert added["identity"] == GARCIA
    found = ask("POST", "patients/search", {"text": "garcia maria"})
    assert [one["patient_id"] for one in found["patients"]] == [added["patient_id"]]
    path = f"patients/{added['patient_id']}"
    changed = ask("PUT", f"{path}/identity", {"name": "  Ana \n López "})["patient"]
    assert changed["identity"] == {
        "name": "Ana López",
        "birth_date": None,
        "sex": None,
        "clinic_number": "",
        "note": "",
    }
    assert ask("GET", path)["patient"] == changed
    assert ask("PUT", f"{path}/identity", {})["patient"]["identity"] is None


@pytest.mark.parametrize(
    "identity",
    [{"birth_date": "2199-01-01"}, {"birth_date": "1500-01-01"}, {"sex": "x"}, {"surname": "x"}, {"name": "x" * 201}],
)
def test_identity_that_cannot_be_is_refused(ask: Callable[..., Any], identity: dict[str, str]) -> None:
    patient = ask("POST", "patients", {"pseudonym": "NC-1"})["patient"]
    status = 409 if identity == {"birth_date": "2199-01-01"} else 422
    ask("PUT", f"patients/{patient['patient_id']}/identity", identity, status=status)


def test_name_in_the_place_of_a_pseudonym_and_a_second_patient_are_refused(ask: Callable[..., Any]) -> None:
    ask("POST", "patients", {"pseudonym": "Maria Garcia"}, status=409)
    ask("POST", "patients", {"pseudonym": "NC-1"})
    ask("POST", "patients", {"pseudonym": "nc-1"}, status=409)
    ask("GET", f"patients/{NOWHERE}", status=404)


def test_a_patient_who_looks_like_another_is_added_only_if_called_another(ask: Callable[..., Any]) -> None:
    ask("POST", "patients", {"pseudonym": "P-0O1"})
    assert ask("POST", "patients", {"pseudonym": "P-001"}, 409)["error"]["remedy"].endswith("this is another one.")
    ask("POST", "patients", {"pseudonym": "P-001", "is_another": True})
    assert ask("POST", "patients/search", {"text": ""})["total"] == 2


def test_journal_and_message_know_nothing_of_an_identity(
    ask: Callable[..., Any], station: PageStation, examine: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    patient = ask("POST", "patients", {"pseudonym": "NC-1", "identity": GARCIA})["patient"]
    ask("PUT", f"patients/{patient['patient_id']}/identity", {**GARCIA, "name": "Ana López"})
    ask("PUT", f"patients/{patient['patient_id']}/identity", {**GARCIA, "birth_date": "2199-01-01"}, status=409)
    examine("NC-1")
    written = " ".join(f"{entry.subject} {entry.action} {entry.detail}" for entry in station.journal.entries())
    (queued,) = station.store.outbox.due(station.accounts.clock.now_utc())
    assert "patient.identity_changed {'fields': 'name'}" in written
    for secret in ("García", "López", "1968", "H-77120", "Raynaud"):
        assert secret not in written
        assert secret not in queued.message.payload.decode()
        assert secret not in caplog.text


def test_exams_are_searched_filed_archived_and_every_change_undone(
    ask: Callable[..., Any], examine: Callable[[str], str]
) -> None:
    first, second = examine("NC-1"), examine("NC-2")
    folder = ask("POST", "folders", {"name": "Raynaud"})["folder"]["folder_id"]

    def found(**conditions: object) -> list[str]:
        answer = ask("POST", "exams/search", conditions)
        assert answer["total"] == len(answer["exams"])
        return [exam["exam_id"] for exam in answer["exams"]]

    assert found() == [second, first]
    assert found(text="nc-1") == [first]
    assert found(hand="left", finger="index") == [second, first]
    assert found(finger="thumb") == []
    before = ask("POST", "exams/file", {"folder_ids": {first: folder, second: folder}})["before"]
    assert found(folder_id=folder) == [second, first]
    ask("POST", "exams/file", {"folder_ids": before})
    assert found(folder_id=folder) == []
    changed = ask("POST", "exams/archive", {"exam_ids": [first, second], "is_archived": True})["exam_ids"]
    assert (found(), found(is_archived=True)) == ([], [second, first])
    assert ask("POST", "exams/archive", {"exam_ids": [first], "is_archived": True})["exam_ids"] == []
    ask("POST", "exams/archive", {"exam_ids": changed, "is_archived": False})
    assert found() == [second, first]
    ask("POST", "exams/file", {"folder_ids": {first: NOWHERE}}, status=404)
    ask("POST", "exams/archive", {"exam_ids": [NOWHERE], "is_archived": True}, status=404)
    ask("POST", "exams/search", {"patient_id": NOWHERE}, status=404)


def test_exams_are_found_by_the_day_of_the_stations_clock(
    ask: Callable[..., Any], station: PageStation, examine: Callable[[str], str]
) -> None:
    examine("NC-1")
    today = station.accounts.clock.now_utc().astimezone().date().isoformat()
    assert ask("POST", "exams/search", {"from_date": today, "to_date": today})["total"] == 1
    assert ask("POST", "exams/search", {"to_date": "2199-12-31", "from_date": "2199-12-31"})["total"] == 0
    ask("POST", "exams/search", {"to_date": "9999-12-31"}, status=422)


def test_exam_says_what_it_holds_and_what_is_missing(
    ask: Callable[..., Any], station: PageStation, examine: Callable[[str], str]
) -> None:
    exam_id = examine("NC-1")
    exam = ask("GET", f"exams/{exam_id}")["exam"]
    kept = station.store.exam(exam_id)
    assert (exam["patient_pseudonym"], exam["images"], exam["is_validated"]) == ("NC-1", 1, False)
    assert exam["pictures"][0]["image_id"] == kept.images[0].image_id
    assert exam["hand_map"]["counts"]["done"] == 1
    ask("GET", f"exams/{NOWHERE}", status=404)


def test_protocols_are_told_in_their_order(ask: Callable[..., Any]) -> None:
    protocols = {one["name"]: one for one in ask("GET", "protocols")["protocols"]}
    assert [len(protocols[name]["placements"]) for name in ("16", "32")] == [16, 32]
    assert protocols["16"]["placements"][0] == {"hand": "left", "finger": "index", "sector": "B"}


def test_folders_are_renamed_moved_and_archived_and_tell_what_they_were(ask: Callable[..., Any]) -> None:
    project = ask("POST", "folders", {"name": "Raynaud"})["folder"]
    folder = ask("POST", "folders", {"name": "Controls", "parent_id": project["folder_id"]})["folder"]
    path = f"folders/{folder['folder_id']}"
    renamed = ask("PATCH", path, {"name": "Healthy"})
    assert (renamed["folder"]["name"], renamed["before"]) == ("Healthy", folder)
    moved = ask("POST", f"{path}/move", {"parent_id": None})
    assert moved["before"]["parent_id"] == project["folder_id"]
    assert {one["name"] for one in ask("GET", "projects")["folders"]} == {"Raynaud", "Healthy"}
    assert ask("PATCH", path, {"is_archived": True})["folder"]["is_archived"]
    assert len(ask("GET", "folders")["folders"]) == 2
    ask("POST", f"folders/{project['folder_id']}/move", {"parent_id": project["folder_id"]}, status=409)
    ask("POST", "folders", {"name": " "}, status=409)
    ask("POST", "folders", {"name": "x", "parent_id": NOWHERE}, status=404)
    ask("PATCH", f"folders/{NOWHERE}", {"name": "x"}, status=404)


def test_collection_is_filled_from_pictures_and_exams_and_emptied_again(
    ask: Callable[..., Any], station: PageStation, examine: Callable[[str], str]
) -> None:
    exams = [examine("NC-1"), examine("NC-2")]
    images = [station.store.exam(exam_id).images[0].image_id for exam_id in exams]
    collection_id = ask("POST", "collections", {"name": "Giants"})["collection"]["collection_id"]
    path = f"collections/{collection_id}"
    assert ask("POST", f"{path}/images", {"image_ids": images[:1]})["image_ids"] == images[:1]
    assert ask("POST", f"{path}/images", {"exam_ids": exams})["image_ids"] == images[1:]
    shown = ask("GET", path)
    assert [image["patient_pseudonym"] for image in shown["images"]] == ["NC-1", "NC-2"]
    assert ask("POST", f"{path}/images/remove", {"image_ids": images[:1]})["collection"]["images"] == 1
    assert ask("PATCH", path, {"name": "Giant loops", "is_archived": True})["collection"]["is_archived"]
    assert ask("GET", "collections")["collections"][0]["name"] == "Giant loops"
    ask("POST", f"{path}/images", {"image_ids": [NOWHERE]}, status=404)
    ask("GET", f"collections/{NOWHERE}", status=404)


def test_missing_key_is_told_and_identities_cannot_be_written(ask: Callable[..., Any], station: PageStation) -> None:
    patient = ask("POST", "patients", {"pseudonym": "NC-1", "identity": GARCIA})["patient"]
    station.store.patients.lose_key()
    found = ask("POST", "patients/search", {})
    assert found["identity_problem"]
    assert (found["patients"][0]["identity"], found["patients"][0]["is_sealed"]) == (None, True)
    ask("PUT", f"patients/{patient['patient_id']}/identity", GARCIA, status=507)
