"""Finishing with something missing, and a finished exam that gets further pictures."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from appliance import schemas
from appliance.domain.review_edits import SetComment
from tests.support.accounts import OPERATOR, PHYSICIAN
from tests.support.page_client import log_in
from tests.support.page_station import PageStation

Ask = Callable[..., Any]


@pytest.fixture
def ask(station: PageStation) -> Ask:
    client = log_in(station.app.test_client(), PHYSICIAN)

    def send(path: str, body: object = None, status: int = 200) -> Any:
        answer = client.post(f"/api/v1/{path}", json={} if body is None else body)
        assert answer.status_code == status, answer.json
        return answer.json

    return send


@pytest.fixture
def exam_id(ask: Ask, take_picture: Callable[[], None]) -> str:
    """A finished exam of one picture of sixteen, validated."""
    ask("exam/start", {"pseudonym": "NC-1", "is_new": True, "protocol": "16"})
    take_picture()
    ask("exam/capture")
    exam_id = str(ask("exam/finish", {"accepts_missing": True})["finished_exam_id"])
    ask(f"exams/{exam_id}/validate", {"revision": 0, "accepts_unseen": True})
    return exam_id


def messages(station: PageStation) -> list[dict[str, Any]]:
    return [json.loads(one.message.payload) for one in station.store.outbox.due(station.services.now_utc(), 99)]


def test_exam_with_missing_places_is_finished_only_if_that_is_meant(
    ask: Ask, station: PageStation, take_picture: Callable[[], None]
) -> None:
    ask("exam/start", {"pseudonym": "NC-1", "is_new": True, "protocol": "16"})
    take_picture()
    ask("exam/capture")
    refused = ask("exam/finish", status=409)["error"]["message"]
    assert refused == "15 of 16 places without a picture or a reason"
    exam_id = ask("exam/finish", {"accepts_missing": True})["finished_exam_id"]
    finished = station.journal.entries(f"exam:{exam_id}")[-1]
    assert finished.detail == {"images": 1, "skipped": 0, "missing": 15}


def test_whole_exam_is_finished_at_once(ask: Ask, take_picture: Callable[[], None]) -> None:
    ask("exam/start", {"pseudonym": "NC-1", "is_new": True, "protocol": "16"})
    take_picture()
    ask("exam/capture")
    for _ in range(8):
        ask("exam/skip", {"reason": "cold", "whole_finger": True})
    ask("exam/finish")


def test_reopened_exam_is_sent_as_a_revision_and_loses_its_validation(
    ask: Ask, exam_id: str, station: PageStation, take_picture: Callable[[], None]
) -> None:
    service = station.services.reviews
    first = station.store.exam(exam_id).images[0]
    service.edit(exam_id, first.image_id, SetComment("two loops crossed"), "p.klein", 0)
    ask(f"exams/{exam_id}/validate", {"revision": service.log(exam_id).revision, "accepts_unseen": True})
    ask(f"exams/{exam_id}/reopen", {"reason": "right hand forgotten"})
    assert service.log(exam_id).validated_by is None
    take_picture()
    ask("exam/capture")
    ask("exam/finish", {"accepts_missing": True})
    *_, validated, reopened = messages(station)
    schemas.validate("nailfold.exam-1", reopened)
    # 1 was taken back by the edit, which is a revision of its own.
    assert (validated["revision"], reopened["revision"]) == (3, 4)
    assert reopened["replaces"] == validated["msg_id"]
    assert "validated_at" not in reopened
    assert len(reopened["images"]) == 2
    assert service.reviewed(exam_id).images[0].comment == "two loops crossed"
    entry = station.journal.entries(f"review:{exam_id}")[-1]
    assert (entry.action, entry.detail["reason"]) == ("review.reopened", "right hand forgotten")
    assert entry.detail["invalidates"] == PHYSICIAN
    ask(f"exams/{exam_id}/validate", {"revision": service.log(exam_id).revision, "accepts_unseen": True})
    assert messages(station)[-1]["revision"] == 5


def test_what_was_sent_is_neither_undone_nor_replaced_nor_discarded(
    ask: Ask, exam_id: str, station: PageStation, take_picture: Callable[[], None]
) -> None:
    first = station.store.exam(exam_id).images[0]
    ask(f"exams/{exam_id}/reopen", {"reason": "blurred"})
    assert not station.session.snapshot().can_undo
    ask("exam/discard", status=409)
    ask("exam/select", {"hand": first.hand.value, "finger": first.finger.value, "sector": first.sector.value})
    take_picture()
    ask("exam/capture", {"replaces": True})
    ask("exam/finish", {"accepts_missing": True})
    images = station.store.exam(exam_id).images
    assert [image.placement for image in images] == [first.placement, first.placement]
    assert station.store.read_png(exam_id, first.image_id)


def test_only_a_physician_reopens_and_only_while_no_exam_is_open(ask: Ask, exam_id: str, station: PageStation) -> None:
    reason = {"reason": "blurred"}
    operator = log_in(station.app.test_client(), OPERATOR)
    assert operator.post(f"/api/v1/exams/{exam_id}/reopen", json=reason).status_code == 403
    ask("exam/start", {"pseudonym": "NC-2", "is_new": True})
    refused = ask(f"exams/{exam_id}/reopen", reason, 409)["error"]["message"]
    assert "another one is open" in refused
    ask("exam/discard")
    ask(f"exams/{exam_id}/reopen", reason)


def test_paper_of_an_exam_that_is_not_finished_says_so(
    ask: Ask, station: PageStation, exam_id: str, take_picture: Callable[[], None]
) -> None:
    client = log_in(station.app.test_client(), PHYSICIAN)

    def paper(of: str) -> str:
        return client.get(f"/exams/{of}/report/document.html").text

    assert "Validated by" in paper(exam_id)
    ask(f"exams/{exam_id}/reopen", {"reason": "a finger was forgotten"})
    assert "Provisional: the exam is still open" in paper(exam_id)
    assert "Validated by" not in paper(exam_id)
    ask("exam/finish", {"accepts_missing": True})
    assert "Provisional" not in paper(exam_id)
    ask("exam/start", {"pseudonym": "NC-1"})
    take_picture()
    ask("exam/capture")
    exam = station.session.snapshot().exam
    assert exam is not None
    ask("exam/discard")
    assert "Discarded: this exam does not count" in paper(exam.exam_id)


def test_an_open_exam_is_not_archived_and_no_disk_is_blamed(
    ask: Ask, station: PageStation, take_picture: Callable[[], None]
) -> None:
    ask("exam/start", {"pseudonym": "NC-1", "is_new": True})
    exam = station.session.snapshot().exam
    assert exam is not None
    answer = ask("exams/archive", {"exam_ids": [exam.exam_id], "is_archived": True}, status=409)
    assert "it is open" in answer["error"]["message"]
