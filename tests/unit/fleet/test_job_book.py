"""Jobs that come twice, late, changed or in the wrong order, and notes that cannot be read."""

from datetime import datetime, timezone
from pathlib import Path

import pytest

from appliance.apps.files.signatures import make_signing_key
from appliance.apps.fleet_server.job_maker import JobMaker
from appliance.apps.system_clock import SystemClock
from appliance.domain.box_topics import BoxTopics
from appliance.domain.errors import ExportError
from appliance.fleet.job_book import JobBook
from appliance.fleet.job_conversation import JobConversation
from appliance.fleet.jobs import JobNotify, JobReference, JobState, SignedJob
from appliance.fleet.message import read_message
from appliance.storage.memory_fleet_notes import MemoryFleetNotes

NOON = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
WHOSE = ("clinic-1", "box-7")


@pytest.fixture
def maker(tmp_path: Path) -> JobMaker:
    make_signing_key(tmp_path / "jobs.key", tmp_path / "jobs.pub")
    return JobMaker(tmp_path / "jobs.key")


@pytest.fixture
def notes() -> MemoryFleetNotes:
    return MemoryFleetNotes()


def book_of(notes: MemoryFleetNotes) -> JobBook:
    kinds = {"restart": ("restart",), "collect-logs": ("collect",)}
    return JobBook(notes, "boot-1", lambda _: "", kinds, lambda: NOON)


def state_of(book: JobBook, signed: SignedJob) -> JobState:
    record = book.record(signed.job.job_id)
    assert record is not None
    return record.state


def test_a_superseded_job_that_comes_after_its_successor_does_not_run(maker: JobMaker, notes: MemoryFleetNotes) -> None:
    old = maker.make(WHOSE, "restart", {}, NOON)
    new = maker.make(WHOSE, "collect-logs", {}, NOON, supersedes=[old.job.job_id])
    book = book_of(notes)
    assert book.take(new) == ""
    assert book.take(old) == ""

    assert state_of(book, old) is JobState.SUPERSEDED
    assert state_of(book, new) is JobState.QUEUED


def test_a_later_version_may_end_a_job_and_change_nothing_else(maker: JobMaker, notes: MemoryFleetNotes) -> None:
    first = maker.make(WHOSE, "collect-logs", {}, NOON)
    book = book_of(notes)
    book.take(first)
    other = first.model_copy(update={"job": first.job.model_copy(update={"version": 2, "kind": "restart"})})

    assert "another than the one that came" in book.take(other)
    record = book.record(first.job.job_id)
    assert record is not None
    assert record.job == first.job
    assert book.take(maker.cancel(first)) == ""
    assert state_of(book, first) is JobState.CANCELLED


def test_a_note_of_a_newer_software_keeps_no_box_off(maker: JobMaker, notes: MemoryFleetNotes) -> None:
    known = maker.make(WHOSE, "restart", {}, NOON)
    book_of(notes).take(known)
    notes.keep_note("job:0", {"job": {"kind": "brew"}, "taste": 3})
    notes.keep_note("job:1", None)

    assert state_of(book_of(notes), known) is JobState.QUEUED


@pytest.mark.parametrize(
    "wrong",
    ['"ts":"2026-02-31T00:00:00.000Z"', '"ts":"2026-12-01T25:00:00.000Z"', '"pending":[{"job_id":"a","version":1e30}]'],
)
def test_digits_that_are_no_day_and_numbers_that_no_database_holds_are_refused(wrong: str) -> None:
    right = '{"schema":"nailfold.job-notify/1","pending":[],"ts":"2026-12-01T00:00:00.000Z"}'
    assert read_message(JobNotify, right.encode()).pending == ()
    name = wrong.partition(":")[0]
    parts = [part for part in right[1:-1].split(",") if not part.startswith(name)]

    with pytest.raises(ExportError, match=r"this is no nailfold\.job-notify/1"):
        read_message(JobNotify, ("{" + ",".join([*parts, wrong]) + "}").encode())


def test_end_that_was_told_while_nobody_listened_is_told_as_soon_as_the_fleet_asks(
    maker: JobMaker, notes: MemoryFleetNotes
) -> None:
    book, topics, signed = book_of(notes), BoxTopics(*WHOSE), maker.make(WHOSE, "restart", {}, NOON)
    book.take(signed)
    book.change(signed.job.job_id, JobState.SUCCEEDED)
    conversation = JobConversation(topics, book, SystemClock())
    update = topics.job_update(signed.job.job_id)
    assert update in [one.topic for one in conversation.due()]
    assert update not in [one.topic for one in conversation.due()], "not again and again"

    pending = JobReference(job_id=signed.job.job_id, version=signed.job.version)
    conversation.received(topics.jobs_notify, JobNotify(pending=(pending,), ts="2026-12-01T12:00:00.000Z").payload())

    assert update in [one.topic for one in conversation.due()]
