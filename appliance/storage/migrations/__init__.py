"""The database's layout, brought up step by step; each step is one transaction and is counted in `user_version`."""

import importlib
import pkgutil
import sqlite3
from collections.abc import Sequence

from appliance.domain.errors import StoreError


def _steps() -> tuple[tuple[str, ...], ...]:
    """The statements of every module `step_<number>_<what>` of this folder, by number."""
    names = (module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("step_"))
    ordered = sorted(names, key=lambda name: int(name.split("_")[1]))
    return tuple(importlib.import_module(f"{__name__}.{name}").STATEMENTS for name in ordered)


# Steps are added, never edited: boxes in clinics have run the earlier ones.
MIGRATIONS = _steps()


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
