"""The review over the API, as a program or the page asks."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance import schemas
from tests.support.accounts import OPERATOR, PHYSICIAN
from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from tests.support.review_exam import finished_exam


class Harness:
    """A physician's program at the first image of a finished exam."""

    def __init__(self, station: PageStation) -> None:
        self.station = station
        self.client = log_in(station.app.test_client(), PHYSICIAN)
        self.exam = finished_exam(station.store)
        self.exam_path = f"/api/v1/exams/{self.exam.exam_id}"
        self.path = f"{self.exam_path}/images/{self.exam.images[0].image_id}"

    def look(self) -> dict[str, Any]:
        return self.client.get(f"{self.path}/review").get_json()  # type: ignore[no-any-return]

    def edits(self, **edit: object) -> Any:
        return self.client.post(f"{self.path}/edits", json={"revision": self.look()["revision"], "edit": edit})


@pytest.fixture
def harness(station: PageStation) -> Harness:
    return Harness(station)


WIDEN = {
    "kind": "set_width",
    "finding_id": "m2",
    "width": "apical",
    "segment": {"start_px": [140, 199], "end_px": [140, 239]},
}


def test_a_dragged_width_changes_image_finger_and_exam_figures(harness: Harness) -> None:
    before = harness.station.services.figures(harness.exam.exam_id)
    answer = harness.edits(**WIDEN).get_json()
    after = harness.station.services.figures(harness.exam.exam_id)
    assert answer["analysis"]["capillaries"][1]["widths_um"]["apical"] == pytest.approx(60.0)
    assert answer["machine"]["capillaries"][1]["widths_um"]["apical"] == pytest.approx(18.0)
    image_id = harness.exam.images[0].image_id
    changed = {key for key, figure in after.exam.items() if figure != before.exam[key]}
    assert {key for key in changed if "giant" in key}, f"only {changed} changed"
    assert after.images[image_id] != before.images[image_id]
    other = harness.exam.images[1].image_id
    assert after.images[other] == before.images[other]


def test_undo_and_redo(harness: Harness) -> None:
    machine = harness.look()["analysis"]
    edited = harness.edits(**WIDEN).get_json()
    undone = harness.client.post(f"{harness.path}/undo", json={"revision": edited["revision"]}).get_json()
    assert (undone["analysis"], undone["is_edited"], undone["can_redo"]) == (machine, False, True)
    redone = harness.client.post(f"{harness.path}/redo", json={"revision": undone["revision"]}).get_json()
    assert redone["analysis"] == edited["analysis"]


def test_an_old_revision_is_refused_with_409(harness: Harness) -> None:
    harness.edits(**WIDEN)
    late = harness.client.post(f"{harness.path}/edits", json={"revision": 0, "edit": WIDEN})
    assert late.status_code == 409
    assert PHYSICIAN in late.get_json()["error"]["message"]


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "paint"},
        {"kind": "set_morphology", "finding_id": "m1", "morphology": "bushy"},
        {"kind": "add_capillary", "finding_id": "p1", "box": {"x": 0, "y": 0, "w": 1, "h": 50}},
        {"kind": "exclude", "reason": ""},
        {"kind": "set_comment"},
    ],
)
def test_what_is_no_edit_is_refused_with_422(harness: Harness, edit: dict[str, object]) -> None:
    answer = harness.client.post(f"{harness.path}/edits", json={"revision": 0, "edit": edit})
    assert answer.status_code == 422
    assert answer.get_json()["error"]["message"]
    assert harness.look()["revision"] == 0


def test_an_operator_may_look_and_not_touch(harness: Harness) -> None:
    operator = log_in(harness.station.app.test_client(), OPERATOR)
    assert operator.get(f"{harness.path}/review").status_code == 200
    for verb, body in (("edits", {"edit": WIDEN}), ("undo", {}), ("redo", {})):
        assert operator.post(f"{harness.path}/{verb}", json={"revision": 0, **body}).status_code == 403
    assert (
        operator.post(f"{harness.exam_path}/validate", json={"revision": 0, "accepts_unseen": True}).status_code == 403
    )


def test_conclusion_and_validation(harness: Harness) -> None:
    concluded = harness.client.post(
        f"{harness.exam_path}/conclusion", json={"revision": 0, "text": "Normal."}
    ).get_json()
    validated = harness.client.post(
        f"{harness.exam_path}/validate", json={"revision": concluded["revision"], "accepts_unseen": True}
    ).get_json()
    assert (validated["conclusion"], validated["validated_by"]) == ("Normal.", PHYSICIAN)
    assert harness.look()["validated_by"] == PHYSICIAN
    assert harness.edits(kind="set_comment", text="second thoughts").get_json()["validated_by"] is None


def test_history_names_who_did_what(harness: Harness) -> None:
    harness.edits(**WIDEN)
    (entry,) = harness.client.get(f"{harness.path}/history").get_json()["entries"]
    assert (entry["actor"], entry["action"]) == (PHYSICIAN, "review.edited")
    assert entry["detail"]["after"]["widths_um"]["apical"] == pytest.approx(60.0)


def test_a_tampered_entry_is_found_over_the_api(harness: Harness) -> None:
    harness.edits(**WIDEN)
    check = harness.client.get("/api/v1/journal/verify").get_json()
    assert check["is_intact"] is True
    newest = check["head_seq"]
    harness.station.journal.tamper(newest, actor="mallory")
    check = harness.client.get("/api/v1/journal/verify").get_json()
    assert (check["is_intact"], check["broken_seq"]) == (False, newest)


def test_the_whole_journal_is_the_administrators(harness: Harness, client: FlaskClient) -> None:
    harness.edits(**WIDEN)
    assert harness.client.get("/api/v1/journal").status_code == 403
    entries = client.get("/api/v1/journal?limit=1").get_json()["entries"]
    assert [entry["action"] for entry in entries] != []


def test_the_page_names_its_neighbours(harness: Harness) -> None:
    first, second = (image.image_id for image in harness.exam.images)
    page = harness.client.get(f"/exams/{harness.exam.exam_id}/images/{first}/review").text
    assert f"{second}/review" in page
    assert 'data-may-edit="true"' in page
    missing = f"/exams/{harness.exam.exam_id}/images/{harness.exam.exam_id}/review"
    assert harness.client.get(missing).status_code == 404


def test_the_reviewed_document_fits_its_schema(harness: Harness) -> None:
    harness.edits(**WIDEN)
    image = harness.exam.images[0].image_id
    stored = harness.client.get(f"/exams/{harness.exam.exam_id}/images/{image}/reviewed.json").get_json()
    schemas.validate("nailfold.analysis-1", stored)
    assert stored["images"][0]["metrics"]["giant"] == 1
