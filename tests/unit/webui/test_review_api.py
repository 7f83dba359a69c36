"""The review over the API, as a program or the page asks."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance import schemas
from tests.support.accounts import OPERATOR, PHYSICIAN
from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from tests.support.review_exam import finished_exam


class Desk:
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
def desk(station: PageStation) -> Desk:
    return Desk(station)


WIDEN = {
    "kind": "set_width",
    "finding_id": "m2",
    "width": "apical",
    "segment": {"start_px": [140, 199], "end_px": [140, 239]},
}


def test_a_dragged_width_changes_image_finger_and_exam_figures(desk: Desk) -> None:
    before = desk.station.services.figures(desk.exam.exam_id)
    answer = desk.edits(**WIDEN).get_json()
    after = desk.station.services.figures(desk.exam.exam_id)
    assert answer["analysis"]["capillaries"][1]["widths_um"]["apical"] == pytest.approx(60.0)
    assert answer["machine"]["capillaries"][1]["widths_um"]["apical"] == pytest.approx(18.0)
    image_id = desk.exam.images[0].image_id
    changed = {key for key, figure in after.exam.items() if figure != before.exam[key]}
    assert {key for key in changed if "giant" in key}, f"only {changed} changed"
    assert after.images[image_id] != before.images[image_id]
    other = desk.exam.images[1].image_id
    assert after.images[other] == before.images[other]


def test_undo_and_redo(desk: Desk) -> None:
    machine = desk.look()["analysis"]
    edited = desk.edits(**WIDEN).get_json()
    undone = desk.client.post(f"{desk.path}/undo", json={"revision": edited["revision"]}).get_json()
    assert (undone["analysis"], undone["is_edited"], undone["can_redo"]) == (machine, False, True)
    redone = desk.client.post(f"{desk.path}/redo", json={"revision": undone["revision"]}).get_json()
    assert redone["analysis"] == edited["analysis"]


def test_an_old_revision_is_refused_with_409(desk: Desk) -> None:
    desk.edits(**WIDEN)
    late = desk.client.post(f"{desk.path}/edits", json={"revision": 0, "edit": WIDEN})
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
def test_what_is_no_edit_is_refused_with_422(desk: Desk, edit: dict[str, object]) -> None:
    answer = desk.client.post(f"{desk.path}/edits", json={"revision": 0, "edit": edit})
    assert answer.status_code == 422
    assert answer.get_json()["error"]["message"]
    assert desk.look()["revision"] == 0


def test_an_operator_may_look_and_not_touch(desk: Desk) -> None:
    operator = log_in(desk.station.app.test_client(), OPERATOR)
    assert operator.get(f"{desk.path}/review").status_code == 200
    for verb, body in (("edits", {"edit": WIDEN}), ("undo", {}), ("redo", {})):
        assert operator.post(f"{desk.path}/{verb}", json={"revision": 0, **body}).status_code == 403
    assert operator.post(f"{desk.exam_path}/validate", json={"revision": 0, "accepts_unseen": True}).status_code == 403


def test_conclusion_and_validation(desk: Desk) -> None:
    concluded = desk.client.post(f"{desk.exam_path}/conclusion", json={"revision": 0, "text": "Normal."}).get_json()
    validated = desk.client.post(
        f"{desk.exam_path}/validate", json={"revision": concluded["revision"], "accepts_unseen": True}
    ).get_json()
    assert (validated["conclusion"], validated["validated_by"]) == ("Normal.", PHYSICIAN)
    assert desk.look()["validated_by"] == PHYSICIAN
    assert desk.edits(kind="set_comment", text="second thoughts").get_json()["validated_by"] is None


def test_history_names_who_did_what(desk: Desk) -> None:
    desk.edits(**WIDEN)
    (entry,) = desk.client.get(f"{desk.path}/history").get_json()["entries"]
    assert (entry["actor"], entry["action"]) == (PHYSICIAN, "review.edited")
    assert entry["detail"]["after"]["widths_um"]["apical"] == pytest.approx(60.0)


def test_a_tampered_entry_is_found_over_the_api(desk: Desk) -> None:
    desk.edits(**WIDEN)
    check = desk.client.get("/api/v1/journal/verify").get_json()
    assert check["is_intact"] is True
    newest = check["head_seq"]
    desk.station.journal.tamper(newest, actor="mallory")
    check = desk.client.get("/api/v1/journal/verify").get_json()
    assert (check["is_intact"], check["broken_seq"]) == (False, newest)


def test_the_whole_journal_is_the_administrators(desk: Desk, client: FlaskClient) -> None:
    desk.edits(**WIDEN)
    assert desk.client.get("/api/v1/journal").status_code == 403
    entries = client.get("/api/v1/journal?limit=1").get_json()["entries"]
    assert [entry["action"] for entry in entries] != []


def test_the_page_names_its_neighbours(desk: Desk) -> None:
    first, second = (image.image_id for image in desk.exam.images)
    page = desk.client.get(f"/exams/{desk.exam.exam_id}/images/{first}/review").text
    assert f"{second}/review" in page
    assert 'data-may-edit="true"' in page
    missing = f"/exams/{desk.exam.exam_id}/images/{desk.exam.exam_id}/review"
    assert desk.client.get(missing).status_code == 404


def test_the_reviewed_document_fits_its_schema(desk: Desk) -> None:
    desk.edits(**WIDEN)
    image = desk.exam.images[0].image_id
    stored = desk.client.get(f"/exams/{desk.exam.exam_id}/images/{image}/reviewed.json").get_json()
    schemas.validate("nailfold.analysis-1", stored)
    assert stored["images"][0]["metrics"]["giant"] == 1
