"""One SQLite connection behind a lock, with errors in the operator's words."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from appliance.domain.errors import StoreError
from appliance.domain.instant import Precision, to_rfc3339
from appliance.storage.indexes import make_indexes
from appliance.storage.migrations import migrate

# How long a second process (the command line) may hold the database before a write is refused.
BUSY_TIMEOUT_S = 5.0

Row = sqlite3.Row
Value = str | int | bytes | None
PRECISION: Precision = "microseconds"
"""Of times in rows."""


@dataclass
class _Effects:
    """What an open transaction does outside of the database, once it is known how it ended."""

    after_commit: list[Callable[[], None]] = field(default_factory=list)
    on_rollback: list[Callable[[], None]] = field(default_factory=list)

    def roll_back(self, committed: int = 0, undone: int = 0) -> None:
        """Undo what was noted after so many of each."""
        del self.after_commit[committed:]
        for call in reversed(self.on_rollback[undone:]):
            call()
        del self.on_rollback[undone:]


class Database:
    """The exam database, opened and brought to the newest layout. Safe for calls from any thread.

    Write-ahead log with `synchronous = FULL`: what a transaction has committed survives kill -9 and a power cut.

    Args:
        on_full: called when the disk refuses a write, so that the next may succeed.

    Raises:
        StoreError: the file cannot be opened, is no database, or is of a newer software.
    """

    def __init__(self, path: Path, on_full: Callable[[], None] = lambda: None) -> None:
        self.path = path
        self._on_full = on_full
        self._lock = threading.RLock()
        self._effects: _Effects | None = None
        with self._told("open the exam database"):
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        try:
            with self._told("open the exam database"):
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        # What is deleted or replaced is overwritten: a page that is free may still be copied into a backup.
        self._connection.execute("PRAGMA secure_delete = ON")
        migrate(self._connection)
        try:
            make_indexes(self._connection)
        except sqlite3.OperationalError:
            # On a full disk, once, as after an update of the software: what is reserved is enough for them.
            self._on_full()
            make_indexes(self._connection)

    @contextmanager
    def transaction(self, attempt: str) -> Iterator[sqlite3.Connection]:
        """All statements inside are kept, or none; inside another transaction, with that one.

        Args:
            attempt: what is being done, for the error's text: "keep the image".
        """
        with self._lock, self._told(attempt):
            if self._effects is not None:
                with self._savepoint(self._effects):
                    yield self._connection
                return
            effects = self._effects = _Effects()
            try:
                with self._outermost():
                    yield self._connection
            except BaseException:
                effects.roll_back()
                raise
            finally:
                self._effects = None
        for call in effects.after_commit:
            call()

    @contextmanager
    def statement(self, attempt: str) -> Iterator[sqlite3.Connection]:
        """For a single change: kept with the transaction that it stands in, or by itself; it needs no savepoint."""
        with self._lock:
            if self._effects is None:
                with self.transaction(attempt) as connection:
                    yield connection
            else:
                with self._told(attempt):
                    yield self._connection

    def after_commit(self, call: Callable[[], None]) -> None:
        """Inside a transaction: call this once everything is on the disk, outside of the lock. It must not raise."""
        assert self._effects is not None, "no transaction is open"
        self._effects.after_commit.append(call)

    def on_rollback(self, call: Callable[[], None]) -> None:
        """Inside a transaction: call this if nothing of it is kept; newest first. It must not raise."""
        assert self._effects is not None, "no transaction is open"
        self._effects.on_rollback.append(call)

    @contextmanager
    def _outermost(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # A full disk makes SQLite roll back by itself.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _savepoint(self, effects: "_Effects") -> Iterator[None]:
        committed, undone = len(effects.after_commit), len(effects.on_rollback)
        self._connection.execute("SAVEPOINT step")
        try:
            yield
            self._connection.execute("RELEASE step")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO step")
                self._connection.execute("RELEASE step")
            effects.roll_back(committed, undone)
            raise

    def rows(self, attempt: str, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """Every row of one query."""
        with self._lock, self._told(attempt):
            return self._connection.execute(sql, parameters).fetchall()

    def empty_log(self) -> None:
        """Write the log of the newest changes into the database, so that nothing of what was deleted stays in it."""
        with self._lock, self._told("tidy the exam database"):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def damage(self) -> str:
        """What SQLite finds wrong with the file, in its own words; empty where all is well. Takes as long as reading
        it."""
        with self._lock:
            return damage_in(self._connection)

    def close(self) -> None:
        """Close the file; calling it twice is harmless."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _told(self, attempt: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._as_store_error(attempt, error) from error

    def _as_store_error(self, attempt: str, error: sqlite3.Error) -> StoreError:
        text = str(error)
        if "full" in text:
            self._on_full()
            return disk_full(attempt, self.path.parent)
        if "locked" in text:
            return StoreError(
                f"could not {attempt}: the exam database is in use", "Close other programs and try again."
            )
        return StoreError(
            f"could not {attempt}: the exam database {self.path} answered '{text}'",
            "Nothing was changed. Check the disk and its access rights; if it is damaged: nailfold data restore.",
        )


def damage_in(connection: sqlite3.Connection, *, is_thorough: bool = False) -> str:
    """What is wrong with a database's pages; empty where nothing is.

    Args:
        is_thorough: indexes are compared with their tables as well, which takes many times as long.
    """
    pragma = "integrity_check" if is_thorough else "quick_check"
    try:
        found = [str(row[0]) for row in connection.execute(f"PRAGMA {pragma}(3)")]
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == ["ok"] else " ".join("; ".join(found).split())


def disk_full(attempt: str, folder: Path) -> StoreError:
    """The one text for a full disk."""
    return StoreError(
        f"could not {attempt}: the disk of {folder} is full",
        "Free some space and try again; everything kept so far is safe.",
    )


def utc_text(moment: datetime) -> str:
    """UTC with microseconds at a fixed width, so that text compares like time."""
    return to_rfc3339(moment, PRECISION)
