"""The layout of the database, brought up step by step."""

import sqlite3
from collections.abc import Iterator
from uuid import UUID

import pytest

from appliance.domain.errors import StoreError
from appliance.storage.migrations import MIGRATIONS, LayoutStep, migrate

FIRST = LayoutStep(("CREATE TABLE a (x INTEGER) STRICT", "INSERT INTO a VALUES (1)"))
SECOND = LayoutStep(("ALTER TABLE a ADD COLUMN y TEXT", "UPDATE a SET y = 'kept'"))


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    yield opened
    opened.close()


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_only_missing_steps_run_and_data_stays(connection: sqlite3.Connection) -> None:
    migrate(connection, [FIRST])
    assert migrate(connection, [FIRST, SECOND]) == 2
    assert migrate(connection, [FIRST, SECOND]) == 2
    assert connection.execute("SELECT x, y FROM a").fetchall() == [(1, "kept")]


def test_failing_step_leaves_the_layout_before_it(connection: sqlite3.Connection) -> None:
    broken = LayoutStep(
        ("INSERT INTO a VALUES (2)", "CREATE TABLE b (x INTEGER) STRICT", "INSERT INTO nowhere VALUES (1)")
    )
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, [FIRST, broken])
    assert version(connection) == 1
    assert connection.execute("SELECT count(*) FROM a").fetchone() == (1,)
    assert migrate(connection, [FIRST, SECOND]) == 2


def test_database_of_a_newer_software_is_refused_untouched(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="layout 99"):
        migrate(connection)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_every_table_is_strict_and_refuses_a_second_open_exam(connection: sqlite3.Connection) -> None:
    migrate(connection, MIGRATIONS)
    tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    found = {name: sql.endswith("STRICT") for name, sql in tables}
    assert found.keys() >= {"exams", "images", "outbox", "journal"}
    assert all(found.values())
    insert = "INSERT INTO exams (exam_id, patient_pseudonym, state, started_at) VALUES (?, 'p', 'open', 't')"
    connection.execute(insert, ("a",))
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(insert, ("b",))


def test_exams_of_a_box_without_patients_get_theirs_and_case_parts_nobody(connection: sqlite3.Connection) -> None:
    migrate(connection, MIGRATIONS[:1])
    for number, pseudonym in enumerate(("NC-1", "nc-1", "NC-2")):
        connection.execute(
            """INSERT INTO exams (exam_id, patient_pseudonym, state, started_at, finished_at)
               VALUES (?, ?, 'finished', ?, 'later')""",
            (str(number), pseudonym, f"day {number}"),
        )
    migrate(connection, MIGRATIONS)
    exams = connection.execute("SELECT patient_pseudonym, protocol, operator, folder_id, is_archived FROM exams")
    assert exams.fetchall() == [(name, "free", "", None, 0) for name in ("NC-1", "NC-1", "NC-2")]
    patients = connection.execute("SELECT patient_id, pseudonym, sealed_identity FROM patients ORDER BY number")
    found = patients.fetchall()
    assert [row[1:] for row in found] == [("NC-1", None), ("NC-2", None)]
    assert len({str(UUID(row[0])) for row in found}) == 2
