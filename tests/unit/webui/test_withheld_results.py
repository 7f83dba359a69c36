"""A result that the broker refused for good: a person sends it again, by page, API or command line."""

from collections.abc import Callable
from datetime import datetime, timezone

from flask.testing import FlaskClient

from tests.support.accounts import OPERATOR
from tests.support.page_client import log_in
from tests.support.page_station import PageStation

NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


def refused(station: PageStation, exam_id: str) -> str:
    """The broker refuses the exam's result for good."""
    msg_id = station.store.outbox.newest_message_id(exam_id)
    assert msg_id is not None
    station.store.outbox.mark_sent(msg_id, NOON)
    station.store.outbox.mark_failed(msg_id, NOON, "the broker refused the topic", is_final=True)
    return msg_id


def test_the_api_names_it_and_sends_it_again(station: PageStation, client: FlaskClient, finished_exam: str) -> None:
    msg_id = refused(station, finished_exam)

    [withheld] = client.get("/api/v1/withheld-results").json["withheld"]
    assert withheld == {"msg_id": msg_id, "seq": 1, "exam_id": finished_exam, "reason": "the broker refused the topic"}

    assert client.post(f"/api/v1/withheld-results/{msg_id}/retry").json == {"withheld": []}
    assert station.store.outbox.status().pending == 1
    newest = station.journal.entries(f"exam:{finished_exam}")[-1]
    assert (newest.action, newest.detail) == ("exam.result_sent_again", {"msg_id": msg_id})


def test_the_page_has_a_button_for_it(station: PageStation, client: FlaskClient, finished_exam: str) -> None:
    msg_id = refused(station, finished_exam)

    assert "the broker refused the topic" in client.get("/about").text
    assert client.post(f"/withheld-results/{msg_id}/retry").status_code == 302
    assert station.store.outbox.status().pending == 1


def test_what_was_not_refused_is_not_sent_again(station: PageStation, client: FlaskClient, finished_exam: str) -> None:
    msg_id = station.store.outbox.newest_message_id(finished_exam)

    assert client.post(f"/api/v1/withheld-results/{msg_id}/retry").status_code == 404
    assert station.journal.entries(f"exam:{finished_exam}")[-1].action != "exam.result_sent_again"


def test_an_operator_sees_it_and_asks_a_physician(
    station: PageStation, client: FlaskClient, finished_exam: str, take_picture: Callable[[], None]
) -> None:
    msg_id = refused(station, finished_exam)
    operator = log_in(station.app.test_client(), OPERATOR)

    assert "the broker refused the topic" in operator.get("/about").text
    assert operator.post(f"/api/v1/withheld-results/{msg_id}/retry").status_code == 403
