"""One connection, its safety switches and its errors."""

import sqlite3
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.domain.errors import StoreError
from appliance.domain.instant import from_rfc3339
from appliance.storage.database import Database, utc_text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "exams.sqlite3"


def test_commits_reach_the_disk_and_references_are_checked(path: Path) -> None:
    database = Database(path)
    pragmas = {name: database.rows("look", f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}
    with (
        pytest.raises(StoreError, match="FOREIGN KEY"),
        database.transaction("queue") as connection,
    ):
        connection.execute(
            "INSERT INTO outbox (msg_id, exam_id, schema, payload, sha256, due_at, changed_at) VALUES (?,?,?,?,?,?,?)",
            ("m", "no such exam", "s", b"", "0" * 64, "", ""),
        )
    database.close()


def test_half_a_transaction_is_nothing(path: Path) -> None:
    database = Database(path)
    insert = "INSERT INTO exams (exam_id, patient_pseudonym, state, started_at) VALUES ('a', 'p', 'open', 't')"

    def interrupted() -> None:
        with database.transaction("test") as connection:
            connection.execute(insert)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert database.rows("look", "SELECT * FROM exams") == []
    with database.transaction("test") as connection:  # the lock is free again
        connection.execute(insert)
    database.close()


INSERT = (
    "INSERT INTO exams (exam_id, patient_pseudonym, state, started_at, finished_at) VALUES (?, 'p', 'finished', '', '')"
)


def exam_ids(database: Database) -> list[str]:
    return [row["exam_id"] for row in database.rows("look", "SELECT exam_id FROM exams ORDER BY number")]


def test_a_transaction_inside_another_goes_with_it(path: Path) -> None:
    database = Database(path)

    def fail_after_both() -> None:
        with database.transaction("outer") as outer:
            outer.execute(INSERT, ("a",))
            with database.transaction("inner") as inner:
                inner.execute(INSERT, ("b",))
            raise ValueError("too late")

    with pytest.raises(ValueError, match="too late"):
        fail_after_both()
    assert exam_ids(database) == []
    database.close()


def test_an_inner_transaction_that_fails_leaves_the_outer_one_whole(path: Path) -> None:
    database, told = Database(path), list[str]()

    def fail_inside() -> None:
        with database.transaction("inner") as inner:
            inner.execute(INSERT, ("b",))
            database.after_commit(lambda: told.append("b is kept"))
            database.on_rollback(lambda: told.append("b is gone"))
            raise ValueError

    with database.transaction("outer") as outer:
        outer.execute(INSERT, ("a",))
        database.after_commit(lambda: told.append("a is kept"))
        database.on_rollback(lambda: told.append("a is gone"))
        with pytest.raises(ValueError):  # noqa: PT011 (any)
            fail_inside()
    assert exam_ids(database) == ["a"]
    assert told == ["b is gone", "a is kept"]
    database.close()


def test_what_follows_a_commit_happens_after_it_and_outside_of_the_lock(path: Path) -> None:
    database, seen = Database(path), list[list[str]]()

    def look_from_another_thread() -> None:
        other = threading.Thread(target=lambda: seen.append(exam_ids(database)))
        other.start()
        other.join(5)

    with database.transaction("outer"), database.transaction("inner") as connection:
        connection.execute(INSERT, ("a",))
        database.after_commit(look_from_another_thread)
    assert seen == [["a"]]
    with database.statement("alone") as connection:
        connection.execute(INSERT, ("b",))
        database.after_commit(look_from_another_thread)
    assert seen == [["a"], ["a", "b"]]
    database.close()


def test_what_undoes_is_called_newest_first_and_nothing_that_follows_a_commit(path: Path) -> None:
    database, told = Database(path), list[str]()

    def interrupted() -> None:
        with database.transaction("outer"):
            database.on_rollback(lambda: told.append("first"))
            database.on_rollback(lambda: told.append("second"))
            database.after_commit(lambda: told.append("kept"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert told == ["second", "first"]
    with database.transaction("the next one"):
        pass
    assert told == ["second", "first"]
    database.close()


def test_file_that_is_no_database_is_refused_with_its_path(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreError, match="not a database") as refusal:
        Database(path)
    assert str(path) in str(refusal.value)
    assert "nailfold data restore" in refusal.value.remedy


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="open the exam database"):
        Database(tmp_path / "nowhere" / "exams.sqlite3")


def test_database_held_by_another_program_is_told_as_such(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.storage.database.BUSY_TIMEOUT_S", 0.05)
    database = Database(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="in use"), database.transaction("start the exam"):
        pass
    other.close()
    with database.transaction("start the exam"):
        pass
    database.close()


def test_threads_share_the_connection_without_losing_a_row(path: Path) -> None:
    database = Database(path)

    def insert(worker: int) -> None:
        for number in range(20):
            with database.transaction("test") as connection:
                connection.execute(
                    "INSERT INTO exams (exam_id, patient_pseudonym, state, started_at, finished_at)"
                    " VALUES (?, 'p', 'finished', 't', 't')",
                    (f"{worker}-{number}",),
                )

    workers = [threading.Thread(target=insert, args=(worker,)) for worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert database.rows("count", "SELECT count(*) FROM exams")[0][0] == 80
    database.close()


def test_times_sort_as_text_and_come_back_exactly() -> None:
    east = timezone(timedelta(hours=9))
    moments = [
        datetime(2026, 11, 22, 9, 59, 59, 999_999, tzinfo=timezone.utc),
        datetime(2026, 11, 22, 19, 0, tzinfo=east),
        datetime(2026, 11, 22, 10, 0, 0, 1, tzinfo=timezone.utc),
    ]
    texts = [utc_text(moment) for moment in moments]
    assert texts == sorted(texts)
    assert [from_rfc3339(text) for text in texts] == moments
