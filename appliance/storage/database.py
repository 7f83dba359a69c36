"""One SQLite connection behind a lock, with errors in the operator's words."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from appliance.domain.errors import StoreError
from appliance.storage.migrations import migrate

# How long a second process (the command line) may hold the database before a write is refused.
BUSY_TIMEOUT_S = 5.0

Row = sqlite3.Row
Value = str | int | bytes | None


class Database:
    """The exam database, opened and brought to the newest layout. Safe for calls from any thread.

    Write-ahead log with `synchronous = FULL`: what a transaction has committed survives kill -9 and a power cut.

    Raises:
        StoreError: the file cannot be opened, is no database, or is of a newer software.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
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
        migrate(self._connection)

    @contextmanager
    def transaction(self, attempt: str) -> Iterator[sqlite3.Connection]:
        """All statements inside are kept, or none.

        Args:
            attempt: what is being done, for the error's text: "keep the image".
        """
        with self._lock, self._told(attempt):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk makes SQLite roll back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, attempt: str, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """Every row of one query."""
        with self._lock, self._told(attempt):
            return self._connection.execute(sql, parameters).fetchall()

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
            return disk_full(attempt, self.path.parent)
        if "locked" in text:
            return StoreError(
                f"could not {attempt}: the exam database is in use", "Close other programs and try again."
            )
        return StoreError(
            f"could not {attempt}: the exam database {self.path} answered '{text}'",
            "Nothing was changed. Check the disk and its access rights; restore the last backup if it is damaged.",
        )


def disk_full(attempt: str, folder: Path) -> StoreError:
    """The one text for a full disk."""
    return StoreError(
        f"could not {attempt}: the disk of {folder} is full",
        "Free some space and try again; everything kept so far is safe.",
    )


def utc_text(moment: datetime) -> str:
    """UTC with microseconds at a fixed width, so that text compares like time."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def utc_moment(text: str) -> datetime:
    """The reverse of `utc_text`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
