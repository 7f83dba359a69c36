"""The database's layout, brought up step by step; each step is one transaction and is counted in `user_version`."""

import importlib
import math
import pkgutil
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from appliance.domain.errors import StoreError


class LayoutStep(NamedTuple):
    """One change of the layout.

    Attributes:
        breaks: the software before it cannot work on the database any more. A step that adds a table, or a column with
            a default, does not: an update of the system can then be taken back.
    """

    statements: tuple[str, ...]
    breaks: bool = False


def _steps() -> tuple[LayoutStep, ...]:
    """Every module `step_<number>_<what>` of this folder, by number; one that breaks says `BREAKS = True`."""
    names = (module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("step_"))
    ordered = sorted(names, key=lambda name: int(name.split("_")[1]))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in ordered)
    return tuple(LayoutStep(module.STATEMENTS, getattr(module, "BREAKS", False)) for module in modules)


# Steps are added, never edited: boxes in clinics have run the earlier ones.
MIGRATIONS = _steps()
_READABLE = "readable_from_layout"
"""A table of one number: the oldest software, by the steps that it knows, that can work on this database."""
_FIRST_COUNTED = 8
"""The layout before this was noted; no software that knows fewer steps has been given to anybody."""


def migrate(connection: sqlite3.Connection, migrations: Sequence[LayoutStep] = MIGRATIONS) -> int:
    """The layout's version after every step that was missing has run; a newer one that this software can read stays.

    Args:
        connection: in autocommit mode (`isolation_level=None`).

    Raises:
        StoreError: the database was written by a newer version of this software, whose layout this one cannot read.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(migrations):
        if _readable_from(connection) > len(migrations):
            raise StoreError(
                f"the exam database has layout {version}, this software knows {len(migrations)}",
                "Install the newer version of the software again; the exams are untouched.",
            )
        return version
    for number, step in enumerate(migrations[version:], version + 1):
        _run_step(connection, step, number)
    return len(migrations)


def _readable_from(connection: sqlite3.Connection) -> float:
    try:
        return float(connection.execute(f"SELECT number FROM {_READABLE}").fetchone()[0])
    except (sqlite3.OperationalError, TypeError):
        return math.inf  # nobody has said so


def _run_step(connection: sqlite3.Connection, step: LayoutStep, version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in step.statements:
            connection.execute(statement)
        connection.execute(f"CREATE TABLE IF NOT EXISTS {_READABLE} (number INTEGER NOT NULL) STRICT")
        known = connection.execute(f"SELECT number FROM {_READABLE}").fetchone()
        if known is None:
            oldest = version if step.breaks else _FIRST_COUNTED
            connection.execute(f"INSERT INTO {_READABLE} VALUES (?)", (oldest,))
        elif step.breaks:
            connection.execute(f"UPDATE {_READABLE} SET number = ?", (version,))
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
