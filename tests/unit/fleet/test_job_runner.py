"""Jobs that hang, that nobody knows any more, or that have to wait: the others go on."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest

from appliance.apps.files.signatures import make_signing_key
from appliance.apps.fleet_server.job_maker import JobMaker
from appliance.domain.box_topics import BoxTopics
from appliance.domain.errors import UpdateError
from appliance.fleet import job_runner
from appliance.fleet.job_book import JobBook
from appliance.fleet.job_conversation import JobConversation
from appliance.fleet.job_runner import JobKind, JobRunner, StepContext
from appliance.fleet.jobs import JobNotify, JobReference, JobState, JobUpdate, SignedJob
from appliance.fleet.message import read_message
from appliance.storage.memory_fleet_notes import MemoryFleetNotes
from tests.support.exam_parts import HeldClock

NOON = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
WHOSE = ("clinic-1", "box-7")


@pytest.fixture
def maker(tmp_path: Path) -> JobMaker:
    make_signing_key(tmp_path / "jobs.key", tmp_path / "jobs.pub")
    return JobMaker(tmp_path / "jobs.key")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_runner, "_LOOK_S", 0.01)
    monkeypatch.setattr(job_runner, "_CANCELLED_WITHIN_S", 0.05)


def book_of(kinds: dict[str, JobKind], notes: MemoryFleetNotes | None = None) -> JobBook:
    steps = {name: tuple(kind.steps) for name, kind in kinds.items()}
    return JobBook(notes or MemoryFleetNotes(), "boot-1", lambda _: "", steps, lambda: NOON)


@contextmanager
def running(book: JobBook, kinds: dict[str, JobKind], is_exam_open: bool = False) -> Iterator[None]:
    runner = JobRunner(book, kinds, lambda: is_exam_open)
    runner.start()
    try:
        yield
    finally:
        runner.stop(10.0)


def wait_for(book: JobBook, signed: SignedJob, state: JobState) -> str:
    deadline_s = time.monotonic() + 20
    while (record := book.record(signed.job.job_id)) is None or record.state is not state:
        assert time.monotonic() < deadline_s, f"it is {record}"
        time.sleep(0.005)
    return record.reason


def nothing(_: StepContext) -> None:
    """Done at once."""


def test_a_job_cancelled_while_its_step_hangs_ends_and_the_next_runs(maker: JobMaker) -> None:
    forever, hangs = threading.Event(), threading.Event()

    def hang(_: StepContext) -> None:
        hangs.set()
        forever.wait()

    kinds = {"recalibrate": JobKind({"remind": hang}), "collect-logs": JobKind({"collect": nothing})}
    book = book_of(kinds)
    hung, other = maker.make(WHOSE, "recalibrate", {}, NOON), maker.make(WHOSE, "collect-logs", {}, NOON)
    with running(book, kinds):
        assert book.take(hung) == ""
        assert hangs.wait(20)
        assert book.take(other) == ""
        assert book.take(maker.cancel(hung)) == ""
        assert wait_for(book, hung, JobState.CANCELLED) == "during remind, which was left behind"
        wait_for(book, other, JobState.SUCCEEDED)
    forever.set()


def test_a_step_that_can_be_interrupted_ends_by_itself_when_its_job_is_cancelled(maker: JobMaker) -> None:
    began = threading.Event()

    def fetch(context: StepContext) -> None:
        began.set()
        assert context.is_over.wait(20)
        raise UpdateError("its time was over")

    kinds = {"recalibrate": JobKind({"remind": fetch})}
    book = book_of(kinds)
    signed = maker.make(WHOSE, "recalibrate", {}, NOON)
    with running(book, kinds):
        book.take(signed)
        assert began.wait(20)
        book.take(maker.cancel(signed))
        assert wait_for(book, signed, JobState.CANCELLED) == "during remind: its time was over"


def test_a_job_that_the_software_before_does_not_know_blocks_no_other(maker: JobMaker) -> None:
    """Queued by a newer software, which was then taken back."""
    notes = MemoryFleetNotes()
    newer = {"restart": JobKind({"restart": nothing}), "collect-logs": JobKind({"collect": nothing})}
    unknown, known = maker.make(WHOSE, "restart", {}, NOON), maker.make(WHOSE, "collect-logs", {}, NOON)
    for signed in (unknown, known):
        assert book_of(newer, notes).take(signed) == ""
    kinds = {"collect-logs": newer["collect-logs"]}
    book = book_of(kinds, notes)
    with running(book, kinds):
        wait_for(book, known, JobState.SUCCEEDED)
    assert wait_for(book, unknown, JobState.REFUSED) == "this box knows no job 'restart'"


def test_what_waits_for_the_end_of_an_exam_holds_up_nothing_that_need_not_wait(maker: JobMaker) -> None:
    kinds = {"restart": JobKind({"restart": nothing}), "collect-logs": JobKind({"collect": nothing}, False)}
    book = book_of(kinds)
    disturbing, quiet = maker.make(WHOSE, "restart", {}, NOON), maker.make(WHOSE, "collect-logs", {}, NOON)
    book.take(disturbing)
    book.take(quiet)
    with running(book, kinds, is_exam_open=True):
        wait_for(book, quiet, JobState.SUCCEEDED)
        assert wait_for(book, disturbing, JobState.DEFERRED) == "an exam is open"


def test_the_end_of_a_job_is_told_again_to_a_fleet_whose_database_was_put_back(maker: JobMaker) -> None:
    kinds = {"collect-logs": JobKind({"collect": nothing})}
    book, topics = book_of(kinds), BoxTopics(*WHOSE)
    conversation = JobConversation(topics, book, HeldClock())
    signed = maker.make(WHOSE, "collect-logs", {}, NOON)
    job_id = signed.job.job_id
    book.take(signed)
    with running(book, kinds):
        wait_for(book, signed, JobState.SUCCEEDED)
    book.accepted(job_id, book.record(job_id).version)  # type: ignore[union-attr]
    assert conversation.due() == []
    pending = JobNotify(pending=(JobReference(job_id=job_id, version=1),), ts="2026-12-01T12:00:00.000Z")
    conversation.received(topics.jobs_notify, pending.payload())
    (told,) = conversation.due()
    assert read_message(JobUpdate, told.payload).state is JobState.SUCCEEDED


def test_lines_of_a_log_that_the_broker_finds_too_long_are_left_out_of_the_end_that_is_told(maker: JobMaker) -> None:
    lines = {"collect": lambda context: context.detail.update(lines=["x" * 500] * 500)}
    kinds = {"collect-logs": JobKind(lines)}
    book = book_of(kinds)
    signed = maker.make(WHOSE, "collect-logs", {}, NOON)
    book.take(signed)
    with running(book, kinds):
        wait_for(book, signed, JobState.SUCCEEDED)
    (told,) = JobConversation(BoxTopics(*WHOSE), book, HeldClock()).due()
    assert told.shorter is not None
    assert len(told.shorter) < 1000 < len(told.payload)
    shorter = read_message(JobUpdate, told.shorter)
    assert (shorter.state, shorter.detail) == (JobState.SUCCEEDED, None)
    assert "larger than the broker accepts" in shorter.reason
