"""An update of the system that is taken back leaves its database to the system before."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.domain.errors import StoreError
from appliance.domain.exam import ExamStart
from appliance.storage import database
from appliance.storage.database import Database
from appliance.storage.migrations import MIGRATIONS, LayoutStep, migrate
from appliance.storage.open_storage import open_storage
from appliance.storage.settings import StorageSettings
from tests.support.exam_parts import NOON

ADDED = LayoutStep(
    ("ALTER TABLE exams ADD COLUMN room TEXT NOT NULL DEFAULT ''", "CREATE TABLE rooms (name TEXT NOT NULL) STRICT")
)
BREAKING = LayoutStep(("ALTER TABLE exams RENAME COLUMN state TO phase",), breaks=True)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """A start of a software with these further steps, and one more exam; the patients of all."""

    def started(*further: LayoutStep) -> list[str]:
        monkeypatch.setattr(database, "migrate", lambda connection: migrate(connection, (*MIGRATIONS, *further)))
        with open_storage(StorageSettings(tmp_path / "exams", reserve_mb=0), lambda: NOON) as storage:
            count = len(storage.exams.exams())
            exam = storage.exams.start_exam(f"NC-{count + 1}", NOON + timedelta(days=count), ExamStart("ana"))
            storage.exams.discard_exam(exam.exam_id, NOON + timedelta(days=count, hours=1))
            return sorted(one.patient_pseudonym for one in storage.exams.exams())

    return started


def test_the_system_before_works_on_what_a_newer_one_has_added_to(start: Callable[..., list[str]]) -> None:
    assert start() == ["NC-1"]
    assert start(ADDED) == ["NC-1", "NC-2"]
    assert start() == ["NC-1", "NC-2", "NC-3"], "the update was taken back"
    assert start(ADDED) == ["NC-1", "NC-2", "NC-3", "NC-4"]


def test_what_a_newer_one_has_changed_is_refused_untouched(start: Callable[..., list[str]], tmp_path: Path) -> None:
    assert start() == ["NC-1"]
    with sqlite3.connect(tmp_path / "exams" / "exams.sqlite3") as connection:
        connection.isolation_level = None
        migrate(connection, (*MIGRATIONS, ADDED, BREAKING))
    with pytest.raises(StoreError, match="layout"):
        start()
    with pytest.raises(StoreError, match="layout"):
        start(ADDED)


def test_exams_from_before_the_eight_fingers_count_thumbs_and_new_ones_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of an older system that came back for a while, which ignores the column, too."""
    before = tuple(step for step in MIGRATIONS if "counts_thumbs" not in "".join(step.statements))
    assert len(before) == len(MIGRATIONS) - 1
    assert not MIGRATIONS[-1].breaks
    tmp_path.joinpath("exams").mkdir()
    insert = """INSERT INTO exams (exam_id, patient_pseudonym, state, started_at, finished_at, protocol, operator)
        SELECT ?, pseudonym, 'discarded', latest_at, latest_at, 'free', 'ana' FROM patients"""

    def older(exam_id: str) -> None:
        with sqlite3.connect(tmp_path / "exams" / "exams.sqlite3") as connection:
            connection.isolation_level = None
            migrate(connection, before)
            connection.execute(insert, (exam_id,))

    def newer() -> dict[str, bool]:
        with open_storage(StorageSettings(tmp_path / "exams", reserve_mb=0), lambda: NOON) as storage:
            exam = storage.exams.start_exam("NC-1", NOON, ExamStart("ana"))
            assert storage.exams.exam(exam.exam_id).counts_thumbs is False
            storage.exams.discard_exam(exam.exam_id, NOON)
            return {one.exam_id: one.counts_thumbs for one in storage.exams.exams() if len(one.exam_id) == 1}

    monkeypatch.setattr(database, "migrate", lambda connection: migrate(connection, before))
    Database(tmp_path / "exams" / "exams.sqlite3").close()
    with sqlite3.connect(tmp_path / "exams" / "exams.sqlite3") as connection:
        connection.execute(
            "INSERT INTO patients (patient_id, pseudonym, created_at, latest_at) VALUES ('p', 'NC-1', ?, ?)",
            ("2026-11-01T08:00:00.000000Z",) * 2,
        )
    older("a")
    monkeypatch.setattr(database, "migrate", migrate)
    assert newer() == {"a": True}
    older("b")
    assert newer() == {"a": True, "b": True}


def test_indexes_are_made_without_a_newer_layout(tmp_path: Path) -> None:
    for _ in range(2):
        Database(tmp_path / "exams.sqlite3").close()
    with sqlite3.connect(tmp_path / "exams.sqlite3") as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    assert {"outbox_due", "outbox_unreceipted", "outbox_by_state", "outbox_errors"} <= names
    assert version == len(MIGRATIONS)
