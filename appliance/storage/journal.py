"""The journal in SQLite, its newest hash also in a file of its own."""

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.domain.errors import StoreError
from appliance.domain.instant import from_rfc3339
from appliance.domain.journal import (
    JournalCheck,
    JournalEntry,
    JournalHead,
    canonical_json,
    check_chain,
    next_entry,
)
from appliance.ports import ExamMessage
from appliance.storage.database import Database, Row, Value, utc_text
from appliance.storage.memory_journal import require_newest
from appliance.storage.outbox import insert_message

HEAD_FILE_NAME = "journal.head"
_BATCH = 1000

_log = logging.getLogger(__name__)


class SqliteJournal:
    """The Journal of the device; see the port for what each method promises.

    The head file is written after each commit and outside the database, so that cutting off the newest entries or
    putting an older copy of the database back is noticed. What this cannot notice: docs/decisions/2026-11-22-journal.

    Args:
        now_utc: the time of each entry.
        head_file: holds the newest entry's number and hash; by default beside the database.
    """

    def __init__(self, database: Database, now_utc: Callable[[], datetime], head_file: Path | None = None) -> None:
        self._database = database
        self._head_file = head_file or database.path.with_name(HEAD_FILE_NAME)
        self._now_utc = now_utc
        self._noting = threading.Lock()
        self._noted_seq = 0

    def append(
        self,
        actor: str,
        subject: str,
        action: str,
        detail: Mapping[str, Any],
        *,
        follows: int | None = None,
        publishes: ExamMessage | None = None,
    ) -> JournalEntry:
        with self._database.transaction("write the journal") as connection:
            entry = append_entry(connection, self._now_utc(), actor, subject, action, detail, follows=follows)
            if publishes is not None:
                insert_message(connection, publishes.exam_id, publishes.message, entry.at_utc)
            self._database.after_commit(lambda: self.remember(entry))
        return entry

    def transaction(self, attempt: str) -> AbstractContextManager[object]:
        return self._database.transaction(attempt)

    def entries(
        self, subject: str | None = None, *, before_seq: int | None = None, limit: int | None = None
    ) -> tuple[JournalEntry, ...]:
        conditions, values = ["1"], list[Value]()
        for condition, value in (("subject = ?", subject), ("seq < ?", before_seq)):
            if value is not None:
                conditions.append(condition)
                values.append(value)
        sql = f"SELECT * FROM journal WHERE {' AND '.join(conditions)} ORDER BY seq DESC LIMIT ?"
        rows = self._database.rows("read the journal", sql, (*values, -1 if limit is None else limit))
        return tuple(_entry(row) for row in reversed(rows))

    def verify(self) -> JournalCheck:
        remembered = self._remembered()
        unreadable: list[int] = []
        check = check_chain(_readable(self._all_rows(), unreadable), remembered)
        if unreadable and (check.broken_seq is None or unreadable[0] <= check.broken_seq):
            reason = f"entry {unreadable[0]} was changed after it was written"
            return JournalCheck(check.entries, unreadable[0], reason, check.head)
        return check

    def remember(self, entry: JournalEntry) -> None:
        """Note the newest entry outside the database. A failure is logged: the entry itself is safe."""
        with self._noting:
            if entry.seq <= self._noted_seq:
                return
            try:
                self._note(entry)
                self._noted_seq = entry.seq
            except OSError as error:
                _log.error("could not note the journal's newest entry in %s: %s", self._head_file, error)

    def _note(self, entry: JournalEntry) -> None:
        # The command line may write at the same time.
        temporary = self._head_file.with_suffix(f".{os.getpid()}")
        with temporary.open("w", encoding="ascii") as file:
            file.write(f"{entry.seq} {entry.hash}\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._head_file)

    def _all_rows(self) -> Iterator[Row]:
        """Batch by batch: writers are not kept waiting, and the whole journal is never in memory."""
        sql, seen = "SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT ?", 0
        while rows := self._database.rows("verify the journal", sql, (seen, _BATCH)):
            yield from rows
            seen = rows[-1]["seq"]

    def _remembered(self) -> JournalHead | None:
        try:
            seq, digest = self._head_file.read_text("ascii").split()
            return JournalHead(int(seq), digest)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StoreError(
                f"could not verify the journal: {self._head_file} cannot be read ({error})",
                "Keep the file for the investigation, and restore it from a backup.",
            ) from error


def append_entry(
    connection: sqlite3.Connection,
    now_utc: datetime,
    actor: str,
    subject: str,
    action: str,
    detail: Mapping[str, Any],
    *,
    follows: int | None = None,
) -> JournalEntry:
    """Write one entry inside the caller's transaction. Raises StaleError and ValueError as the port says."""
    newest = connection.execute("SELECT coalesce(max(seq), 0) FROM journal WHERE subject = ?", (subject,)).fetchone()
    require_newest(int(newest[0]), follows)
    row = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    head = None if row is None else JournalHead(row["seq"], row["hash"])
    entry = next_entry(head, now_utc, actor, subject, action, detail)
    connection.execute(
        """INSERT INTO journal (seq, at, actor, subject, action, detail, previous_hash, hash)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            entry.seq,
            utc_text(entry.at_utc),
            actor,
            subject,
            action,
            canonical_json(entry.detail),
            entry.previous_hash,
            entry.hash,
        ),
    )
    return entry


def _readable(rows: Iterable[Row], unreadable: list[int]) -> Iterator[JournalEntry]:
    """The entries up to the first whose row is not what this software writes; its number goes to `unreadable`."""
    for row in rows:
        try:
            entry = _entry(row)
            is_as_written = (canonical_json(entry.detail), utc_text(entry.at_utc)) == (row["detail"], row["at"])
        except ValueError:
            is_as_written = False
        if not is_as_written:
            unreadable.append(int(row["seq"]))
            return
        yield entry


def _entry(row: Row) -> JournalEntry:
    return JournalEntry(
        seq=row["seq"],
        at_utc=from_rfc3339(row["at"]),
        actor=row["actor"],
        subject=row["subject"],
        action=row["action"],
        detail=json.loads(row["detail"]),
        previous_hash=row["previous_hash"],
        hash=row["hash"],
    )
