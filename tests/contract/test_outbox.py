"""What every Outbox promises."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.domain.errors import StoreError
from appliance.ports import ExamStore, Outbox, OutboxMessage, OutboxStatus
from appliance.storage.database import Database
from appliance.storage.exam_store import SqliteExamStore
from appliance.storage.image_files import ImageFiles
from appliance.storage.memory_store import MemoryExamStore
from appliance.storage.outbox import SqliteOutbox

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=timezone.utc)
Pair = tuple[ExamStore, Outbox]


RECEIPT_S = 60.0


@pytest.fixture(params=["sqlite", "memory"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pair(kind: str, tmp_path: Path) -> Iterator[Pair]:
    if kind == "memory":
        store = MemoryExamStore()
        yield store, store.outbox
        return
    database = Database(tmp_path / "exams.sqlite3")
    yield SqliteExamStore(database, ImageFiles(tmp_path / "images", 0)), SqliteOutbox(database)
    database.close()


@pytest.fixture
def receipted_pair(kind: str, pair: Pair, tmp_path: Path) -> Iterator[Pair]:
    """The same for a site whose fleet sends receipts."""
    if kind == "memory":
        store = MemoryExamStore(RECEIPT_S)
        yield store, store.outbox
        return
    database = Database(tmp_path / "exams.sqlite3")
    yield pair[0], SqliteOutbox(database, receipt_timeout_s=RECEIPT_S)
    database.close()


def queue(pair: Pair, *names: str) -> Outbox:
    store, outbox = pair
    for name in names:
        payload = name.encode()
        exam = store.start_exam("NC-1", NOW)
        digest = hashlib.sha256(payload).hexdigest()
        store.finish_exam(exam.exam_id, NOW, OutboxMessage(name, "nailfold.exam/1", payload, digest))
    return outbox


def due_names(outbox: Outbox, after_s: float = 0.0) -> list[str]:
    return [queued.message.msg_id for queued in outbox.due(NOW + timedelta(seconds=after_s))]


def test_lowest_sequence_comes_first_and_the_limit_holds(pair: Pair) -> None:
    outbox = queue(pair, "z", "y", "x")
    assert due_names(outbox) == ["z", "y", "x"]
    assert [queued.seq for queued in outbox.due(NOW, limit=2)] == [1, 2]


def test_sent_message_is_due_again_only_after_the_acknowledgement_timeout(pair: Pair) -> None:
    outbox = queue(pair, "a")
    outbox.mark_sent("a", NOW)
    assert outbox.status() == OutboxStatus(pending=0, sent=1, acknowledged=0, dead=0)
    assert due_names(outbox, 29.9) == []
    assert due_names(outbox, 30.0) == ["a"]
    assert outbox.due(NOW + timedelta(seconds=30))[0].attempts == 1


def test_acknowledged_message_is_never_due_again(pair: Pair) -> None:
    outbox = queue(pair, "a")
    outbox.mark_sent("a", NOW)
    outbox.mark_acknowledged("a", NOW)
    outbox.mark_failed("a", NOW, "too late", is_final=False)
    assert due_names(outbox, 10 * 365 * 86_400) == []
    assert outbox.status() == OutboxStatus(pending=0, sent=0, acknowledged=1, dead=0)


def test_receipt_may_overtake_the_acknowledgement(pair: Pair) -> None:
    outbox = queue(pair, "a")
    outbox.mark_sent("a", NOW)
    outbox.mark_receipted("a", NOW)
    outbox.mark_acknowledged("a", NOW)
    assert due_names(outbox, 3600) == []
    assert outbox.status() == OutboxStatus(pending=0, sent=0, acknowledged=0, dead=0)


def test_receipt_for_what_was_never_sent_is_refused(pair: Pair) -> None:
    outbox = queue(pair, "a")
    with pytest.raises(StoreError, match="pending"):
        outbox.mark_receipted("a", NOW)
    assert due_names(outbox) == ["a"]


def test_failures_back_off_to_five_minutes_and_show_their_reason(pair: Pair) -> None:
    outbox = queue(pair, "a")
    delays = []
    now = NOW
    for _ in range(10):
        outbox.mark_sent("a", now)
        outbox.mark_failed("a", now, "quota", is_final=False)
        delay_s = next(s for s in range(301) if outbox.due(now + timedelta(seconds=s)))
        delays.append(delay_s)
        now += timedelta(seconds=delay_s)
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert outbox.status().last_error == "quota"


def test_final_failure_is_a_visible_dead_letter_until_the_operator_retries(pair: Pair) -> None:
    outbox = queue(pair, "a", "b")
    outbox.mark_sent("a", NOW)
    outbox.mark_failed("a", NOW, "not allowed", is_final=True)
    assert due_names(outbox, 3600) == ["b"]
    assert outbox.status() == OutboxStatus(pending=1, sent=0, acknowledged=0, dead=1, last_error="not allowed")
    (letter,) = outbox.dead_letters()
    assert (letter.seq, letter.msg_id, letter.reason) == (1, "a", "not allowed")
    outbox.retry("a")
    assert due_names(outbox) == ["a", "b"]
    assert outbox.dead_letters() == ()


def test_message_queued_under_a_clock_far_ahead_is_due_all_the_same(pair: Pair) -> None:
    outbox = queue(pair, "a")
    outbox.mark_sent("a", NOW + timedelta(days=400))
    assert due_names(outbox) == ["a"]


@pytest.mark.parametrize("method", ["mark_sent", "mark_acknowledged", "mark_receipted"])
def test_unknown_message_is_refused(pair: Pair, method: str) -> None:
    with pytest.raises(StoreError, match="no message nobody"):
        getattr(pair[1], method)("nobody", NOW)


def test_only_dead_letters_can_be_retried(pair: Pair) -> None:
    outbox = queue(pair, "a")
    outbox.mark_sent("a", NOW)
    outbox.mark_acknowledged("a", NOW)
    with pytest.raises(StoreError, match="acknowledged"):
        outbox.retry("a")


def test_state_of_a_message_is_found_by_its_exam(pair: Pair) -> None:
    store, outbox = pair
    queue(pair, "a")
    exam_id = store.exams()[0].exam_id
    assert outbox.message_state(exam_id) == "pending"
    outbox.mark_sent("a", NOW)
    assert outbox.message_state(exam_id) == "sent"
    outbox.mark_receipted("a", NOW)
    assert outbox.message_state(exam_id) == "receipted"
    assert outbox.message_state("nobody") is None


def test_without_its_receipt_an_acknowledged_message_is_due_again_and_each_time_later(receipted_pair: Pair) -> None:
    outbox = queue(receipted_pair, "a")
    waits, now = [], NOW
    for _ in range(5):
        outbox.mark_sent("a", now)
        outbox.mark_acknowledged("a", now)
        assert outbox.status().expects_receipts
        assert outbox.status().acknowledged == 1
        wait_s = next(s for s in range(0, 1000, 10) if outbox.due(now + timedelta(seconds=s)))
        waits.append(wait_s)
        now += timedelta(seconds=wait_s)
    assert waits == [60, 120, 240, 480, 480]
    outbox.mark_sent("a", now)
    outbox.mark_receipted("a", now)
    assert outbox.due(now + timedelta(days=400)) == ()


def test_message_that_waits_for_its_receipt_keeps_no_new_one_waiting(receipted_pair: Pair) -> None:
    outbox = queue(receipted_pair, "a", "b")
    outbox.mark_sent("a", NOW)
    outbox.mark_acknowledged("a", NOW)
    assert due_names(outbox, 3600) == ["b"]


def test_refusal_by_the_fleet_is_a_dead_letter_that_the_operator_can_retry(pair: Pair) -> None:
    outbox = queue(pair, "a")
    outbox.mark_sent("a", NOW)
    outbox.mark_acknowledged("a", NOW)
    outbox.mark_refused("a", NOW, "the fleet refused it: of another box")
    outbox.mark_refused("a", NOW, "said twice")
    (letter,) = outbox.dead_letters()
    assert letter.reason == "the fleet refused it: of another box"
    outbox.retry("a")
    outbox.mark_sent("a", NOW)
    outbox.mark_receipted("a", NOW)
    outbox.mark_refused("a", NOW, "too late")
    assert outbox.dead_letters() == ()


def test_what_the_fleet_lacks_is_sent_again_and_nothing_else(pair: Pair) -> None:
    outbox = queue(pair, "a", "b", "c", "d")
    for name in ("a", "b", "c", "d"):
        outbox.mark_sent(name, NOW)
    outbox.mark_receipted("a", NOW)
    outbox.mark_acknowledged("b", NOW)
    outbox.mark_failed("c", NOW, "not allowed", is_final=True)
    assert outbox.send_again({1, 2, 3, 99}) == 2
    assert due_names(outbox) == ["a", "b"]
    assert [letter.msg_id for letter in outbox.dead_letters()] == ["c"]


def test_refusal_of_what_was_never_sent_is_refused(pair: Pair) -> None:
    outbox = queue(pair, "a")
    with pytest.raises(StoreError, match="pending"):
        outbox.mark_refused("a", NOW, "of another box")


def test_what_the_broker_has_forgotten_is_due_again_where_receipts_are_expected(receipted_pair: Pair) -> None:
    outbox = queue(receipted_pair, "a", "b")
    for name in ("a", "b"):
        outbox.mark_sent(name, NOW)
        outbox.mark_acknowledged(name, NOW)
    outbox.mark_receipted("b", NOW)
    assert due_names(outbox) == []
    assert outbox.recall() == 1
    assert due_names(outbox) == ["a"]


def test_without_receipts_nothing_is_sent_again_because_the_broker_has_forgotten_it(pair: Pair) -> None:
    outbox = queue(pair, "a")
    outbox.mark_sent("a", NOW)
    outbox.mark_acknowledged("a", NOW)
    assert outbox.recall() == 0
    assert due_names(outbox, 3600) == []


def test_what_is_marked_in_a_transaction_that_fails_is_not_marked(pair: Pair) -> None:
    outbox = queue(pair, "a", "b")

    def mark_both() -> None:
        with outbox.transaction("mark them"):
            outbox.mark_sent("a", NOW)
            outbox.mark_sent("nobody", NOW)

    with pytest.raises(StoreError, match="no message nobody"):
        mark_both()
    assert due_names(outbox) == ["a", "b"]
