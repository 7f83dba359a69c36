"""The database's layout, brought up step by step; each step is one transaction and is counted in `user_version`."""

import sqlite3
from collections.abc import Sequence

from appliance.domain.errors import StoreError
from appliance.storage.migrations import (
    step_1_exams,
    step_2_organisation,
    step_3_journal,
    step_4_calibrations,
    step_5_accounts,
    step_7_imports,
)

# Steps are appended, never edited: boxes in clinics have run the earlier ones.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    step_1_exams.STATEMENTS,
    step_2_organisation.STATEMENTS,
    step_3_journal.STATEMENTS,
    step_4_calibrations.STATEMENTS,
    step_5_accounts.STATEMENTS,
    step_7_imports.STATEMENTS,
)


def migrate(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """The layout's version after every step that was missing has run.

    Args:
        connection: in autocommit mode (`isolation_level=None`).

    Raises:
        StoreError: the database was written by a newer version of this software.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(migrations):
        raise StoreError(
            f"the exam database has layout {version}, this software knows {len(migrations)}",
            "Install the newer version of the software again; the exams are untouched.",
        )
    for step in range(version, len(migrations)):
        _run_step(connection, migrations[step], step + 1)
    return len(migrations)


def _run_step(connection: sqlite3.Connection, statements: Sequence[str], version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
