"""What every Journal promises."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.domain.errors import StaleError, StoreError
from appliance.domain.journal import seal
from appliance.ports import ExamMessage, ExamStore, Journal, Outbox, OutboxMessage
from appliance.storage.database import Database
from appliance.storage.exam_store import SqliteExamStore
from appliance.storage.image_files import ImageFiles
from appliance.storage.journal import HEAD_FILE_NAME, SqliteJournal
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from appliance.storage.outbox import SqliteOutbox

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=timezone.utc)


class SteppingClock:
    """A second later each time."""

    def __init__(self) -> None:
        self._calls = 0

    def __call__(self) -> datetime:
        self._calls += 1
        return NOON + timedelta(seconds=self._calls)


@dataclass
class Harness:
    """A journal and what somebody with access to its disk does to it."""

    journal: Journal
    tamper: Callable[[int, str, str], None]
    cut_off: Callable[[int], None]


class SqliteDisk:
    """Opens the database behind the station's back and takes the triggers away first."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "exams.sqlite3"
        self.database = Database(self.path)
        self.journal = SqliteJournal(self.database, SteppingClock())

    def run(self, sql: str, *values: object) -> None:
        connection = sqlite3.connect(self.path)
        for name in ("journal_no_update", "journal_no_delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        connection.execute(sql, values)
        connection.commit()
        connection.close()

    def tamper(self, seq: int, column: str, value: str) -> None:
        self.run(f"UPDATE journal SET {column} = ? WHERE seq = ?", value, seq)

    def cut_off(self, seq: int) -> None:
        self.run("DELETE FROM journal WHERE seq >= ?", seq)


@pytest.fixture(params=["sqlite", "memory"])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    if request.param == "memory":
        memory = MemoryJournal(SteppingClock())
        yield Harness(memory, lambda seq, column, value: memory.tamper(seq, **{column: value}), memory.cut_off)
        return
    disk = SqliteDisk(tmp_path)
    yield Harness(disk.journal, disk.tamper, disk.cut_off)
    disk.database.close()


@pytest.fixture
def journal(harness: Harness) -> Journal:
    return harness.journal


def write_four(journal: Journal) -> None:
    for number, subject in enumerate(("exam:a", "exam:b", "exam:a", "account:carla"), start=1):
        journal.append("carla", subject, "test.done", {"number": number, "µm": 20.5, "none": None})


def test_entries_come_back_oldest_first_as_they_were_written(journal: Journal) -> None:
    written = journal.append("carla", "exam:a", "review.edited", {"b": [1, 2.5], "a": "µm"})
    write_four(journal)
    assert journal.entries()[0] == written
    assert written.at_utc == NOON + timedelta(seconds=1)
    assert [entry.seq for entry in journal.entries()] == [1, 2, 3, 4, 5]


def test_entries_of_one_subject_alone(journal: Journal) -> None:
    write_four(journal)
    assert [entry.seq for entry in journal.entries("exam:a")] == [1, 3]
    assert journal.entries("exam:none") == ()


def test_newest_entries_page_by_page(journal: Journal) -> None:
    write_four(journal)
    newest = journal.entries(limit=2)
    assert [entry.seq for entry in newest] == [3, 4]
    assert [entry.seq for entry in journal.entries(before_seq=newest[0].seq, limit=2)] == [1, 2]


def test_empty_and_untouched_journals_are_intact(journal: Journal) -> None:
    assert journal.verify().is_intact
    write_four(journal)
    check = journal.verify()
    assert (check.is_intact, check.entries, check.reason) == (True, 4, "")
    assert check.head is not None
    assert check.head.hash == journal.entries()[-1].hash


@pytest.mark.parametrize("column", ["actor", "subject", "action", "hash", "previous_hash"])
def test_a_tampered_row_is_found(harness: Harness, column: str) -> None:
    write_four(harness.journal)
    harness.tamper(2, column, "e" * 64)
    assert harness.journal.verify().broken_seq == 2


def test_a_row_resealed_by_the_tamperer_breaks_at_the_next(harness: Harness) -> None:
    write_four(harness.journal)
    forged = replace(harness.journal.entries()[1], actor="mallory")
    harness.tamper(2, "actor", "mallory")
    harness.tamper(2, "hash", seal(forged))
    assert harness.journal.verify().broken_seq == 3


def test_cut_off_entries_are_missed(harness: Harness) -> None:
    write_four(harness.journal)
    harness.cut_off(3)
    check = harness.journal.verify()
    assert check.broken_seq == 3
    assert "3 to 4 were removed" in check.reason


def test_a_writer_who_has_not_seen_the_newest_entry_is_refused(journal: Journal) -> None:
    first = journal.append("carla", "exam:a", "review.edited", {}, follows=0)
    journal.append("dana", "exam:b", "review.edited", {})
    journal.append("dana", "exam:a", "review.edited", {}, follows=first.seq)
    with pytest.raises(StaleError, match="somebody else"):
        journal.append("carla", "exam:a", "review.edited", {}, follows=first.seq)
    assert len(journal.entries()) == 3


@pytest.mark.parametrize("detail", [{"x": float("nan")}, {"x": NOON}, {"x": {1, 2}}])
def test_what_is_not_json_is_refused_and_not_written(journal: Journal, detail: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        journal.append("carla", "exam:a", "review.edited", detail)
    assert journal.entries() == ()


class TestSqlite:
    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[SqliteDisk]:
        disk = SqliteDisk(tmp_path)
        write_four(disk.journal)
        yield disk
        disk.database.close()

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE journal SET actor = 'mallory' WHERE seq = 2",
            "DELETE FROM journal WHERE seq = 4",
            "INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE seq = 2",
            "INSERT INTO journal SELECT 9, at, actor, subject, action, detail, hash, hash FROM journal WHERE seq = 4",
        ],
    )
    def test_the_database_itself_refuses_every_change(self, disk: SqliteDisk, sql: str) -> None:
        connection = sqlite3.connect(disk.path)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(sql)
        connection.close()
        assert disk.journal.verify().is_intact

    def test_a_changed_detail_is_found_even_as_broken_json(self, disk: SqliteDisk) -> None:
        disk.tamper(3, "detail", '{"number": 3}')
        assert disk.journal.verify().broken_seq == 3
        disk.tamper(1, "detail", "{")
        assert disk.journal.verify().broken_seq == 1

    def test_a_removed_row_in_the_middle_is_found(self, disk: SqliteDisk) -> None:
        disk.run("DELETE FROM journal WHERE seq = 2")
        assert disk.journal.verify().broken_seq == 2

    def test_the_chain_goes_on_after_a_restart(self, disk: SqliteDisk) -> None:
        disk.database.close()
        again = Database(disk.path)
        journal = SqliteJournal(again, SteppingClock())
        assert journal.append("dana", "exam:a", "test.done", {}).seq == 5
        assert journal.verify().is_intact
        again.close()

    def test_a_head_file_that_lags_after_a_crash_is_no_fault(self, disk: SqliteDisk) -> None:
        head = disk.path.with_name(HEAD_FILE_NAME)
        seen = head.read_text()
        disk.journal.append("dana", "exam:a", "test.done", {})
        head.write_text(seen)
        assert disk.journal.verify().is_intact

    def test_a_rewritten_history_is_found_by_the_head_file(self, disk: SqliteDisk, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        other = SqliteDisk(tmp_path / "other")
        for number in range(4):
            other.journal.append("mallory", "exam:a", "test.done", {"number": number})
        remembered = disk.path.with_name(HEAD_FILE_NAME).read_text()
        other.path.with_name(HEAD_FILE_NAME).write_text(remembered)
        assert other.journal.verify().broken_seq == 4
        other.database.close()


class TestPublishing:
    """An entry and the message that it brings about are kept together or not at all."""

    @pytest.fixture(params=["sqlite", "memory"])
    def box(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Journal, Outbox, ExamMessage]]:
        clock = SteppingClock()
        if request.param == "memory":
            store = MemoryExamStore()
            yield MemoryJournal(clock, store.outbox), store.outbox, queued(store)
            return
        database = Database(tmp_path / "exams.sqlite3")
        kept = SqliteExamStore(database, ImageFiles(tmp_path / "images", 0))
        yield SqliteJournal(database, clock), SqliteOutbox(database), queued(kept)
        database.close()

    def test_the_newer_message_of_an_exam_is_the_one_that_is_told(
        self, box: tuple[Journal, Outbox, ExamMessage]
    ) -> None:
        journal, outbox, corrected = box
        assert outbox.newest_message_id(corrected.exam_id) == "first"
        outbox.mark_sent("first", NOON)
        journal.append("carla", "review:a", "review.validated", {}, publishes=corrected)
        assert outbox.newest_message_id(corrected.exam_id) == "second"
        assert outbox.message_state(corrected.exam_id) == "pending"
        assert [one.message.msg_id for one in outbox.due(NOON + timedelta(minutes=1))] == ["first", "second"]

    def test_a_refused_entry_queues_nothing(self, box: tuple[Journal, Outbox, ExamMessage]) -> None:
        journal, outbox, corrected = box
        journal.append("dana", "review:a", "review.edited", {})
        with pytest.raises(StaleError):
            journal.append("carla", "review:a", "review.validated", {}, follows=0, publishes=corrected)
        assert outbox.newest_message_id(corrected.exam_id) == "first"

    def test_a_refused_message_leaves_no_entry(self, box: tuple[Journal, Outbox, ExamMessage]) -> None:
        journal, _, corrected = box
        journal.append("carla", "review:a", "review.validated", {}, publishes=corrected)
        with pytest.raises(StoreError):
            journal.append("carla", "review:a", "review.validated", {}, publishes=corrected)
        assert len(journal.entries()) == 1
        assert journal.verify().is_intact


def queued(store: ExamStore) -> ExamMessage:
    """A second message about an exam whose first is in the outbox."""
    exam = store.start_exam("NC-1", NOON)
    first, second = (OutboxMessage(name, "nailfold.exam/1", b"{}", "0" * 64) for name in ("first", "second"))
    store.finish_exam(exam.exam_id, NOON, first)
    return ExamMessage(exam.exam_id, second)
