"""The journal in SQLite, its newest hash also in a file of its own."""

import errno
import json
import logging
import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.domain.errors import StoreError
from appliance.domain.instant import from_rfc3339
from appliance.domain.journal import (
    ALARM,
    JournalCheck,
    JournalEntry,
    JournalHead,
    JournalState,
    canonical_json,
    check_chain,
    misfit,
    next_entry,
)
from appliance.durable_files import create_durably, write_durably
from appliance.ports import ExamMessage
from appliance.storage.database import Database, Row, Value, utc_text
from appliance.storage.memory_journal import require_newest
from appliance.storage.outbox import insert_message
from appliance.storage.sealed_texts import SealedTexts

HEAD_FILE_NAME = "journal.head"
_LARGEST_HEAD_BYTES = 4096
_BATCH = 1000

_log = logging.getLogger(__name__)


class SqliteJournal:
    """The Journal of the device; see the port for what each method promises.

    The head file is written after each commit and outside the database, so that cutting off the newest entries or
    putting an older copy of the database back is noticed. What this cannot notice: docs/decisions/2026-11-22-journal.

    Args:
        now_utc: the time of each entry.
        texts: seals what people typed about patients; None keeps it as it is, for journals without patients.
        head_file: holds the newest entry's number and hash; by default beside the database.
    """

    def __init__(
        self,
        database: Database,
        now_utc: Callable[[], datetime],
        head_file: Path | None = None,
        texts: SealedTexts | None = None,
    ) -> None:
        self._database = database
        self._texts = texts
        self._head_file = head_file or database.path.with_name(HEAD_FILE_NAME)
        self._now_utc = now_utc
        self._noting = threading.Lock()
        self._noted_seq = 0
        self._is_in_doubt = False

    def head(self) -> JournalHead | None:
        """The newest entry as it is kept; None for an empty journal."""
        return self._kept_head("1")

    def check_head(self) -> str:
        """Why this is not the journal that the head file remembers, after an alarm was written; empty where it is.

        To be called before anything is appended: the first entry overwrites the only proof of an older database that
        was put back. The proof is kept beside the head file, and an entry says so for good. Where even that cannot be
        written, the head file stays as it is.
        """
        reason = self._misfit()
        if not reason:
            return ""
        _log.error("the journal is not the one that was remembered: %s", reason)
        self._is_in_doubt = True
        try:
            evidence = self._keep_evidence()
            newest = self.head()
            detail = {"reason": reason, "found_seq": 0 if newest is None else newest.seq, "evidence": evidence}
            with self._database.transaction("write the journal") as connection:
                entry = append_entry(connection, self._now_utc(), "station", "journal", ALARM, detail)
        except (OSError, StoreError) as error:
            _log.error("the alarm about the journal could not be written, it is raised again: %s", error)
            return reason
        self._is_in_doubt = False
        self.remember(entry)
        return reason

    def alarms(self) -> tuple[JournalEntry, ...]:
        """Every alarm that was ever raised, oldest first."""
        rows = self._database.rows("read the journal", "SELECT * FROM journal WHERE action = ? ORDER BY seq", (ALARM,))
        return tuple(_entry(row) for row in rows)

    def state(self) -> JournalState:
        """For those outside of the box."""
        return JournalState(self.head(), len(self.alarms()))

    def _misfit(self) -> str:
        newest = self.head()
        try:
            remembered = self._remembered()
        except StoreError as error:
            return error.message
        if remembered is None:
            # Of the very first entry a crash may have kept the note away.
            return "" if newest is None or newest.seq == 1 else "the note of the newest entry was removed"
        then = self._kept_head("seq = ?", remembered.seq)
        return misfit(remembered, 0 if newest is None else newest.seq, None if then is None else then.hash)

    def _kept_head(self, condition: str, *values: Value) -> JournalHead | None:
        sql = f"SELECT seq, hash FROM journal WHERE {condition} ORDER BY seq DESC LIMIT 1"
        rows = self._database.rows("read the journal", sql, values)
        return JournalHead(rows[0]["seq"], rows[0]["hash"]) if rows else None

    def _keep_evidence(self) -> str:
        """The name of the file that now holds what was remembered; empty where nothing was."""
        if not self._head_file.exists():
            return ""
        stamp = self._now_utc().strftime("%Y%m%dT%H%M%S.%fZ")
        evidence = self._head_file.with_name(f"{HEAD_FILE_NAME}.before-{stamp}")
        create_durably(evidence, _beginning_of(self._head_file))
        return evidence.name

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
            kept = detail if self._texts is None else self._texts.sealed_detail(subject, action, detail)
            entry = append_entry(connection, self._now_utc(), actor, subject, action, kept, follows=follows)
            if publishes is not None:
                insert_message(connection, publishes.exam_id, publishes.message, entry.at_utc)
            self._database.after_commit(lambda: self.remember(entry))
        return self._opened(entry)

    def transaction(self, attempt: str) -> AbstractContextManager[object]:
        return self._database.transaction(attempt)

    def entries(
        self, subject: str | None = None, *, before_seq: int | None = None, limit: int | None = None
    ) -> tuple[JournalEntry, ...]:
        return tuple(self._opened(one) for one in self._kept_entries(subject, before_seq, limit))

    def sealed_entries(self, before_seq: int, limit: int) -> tuple[JournalEntry, ...]:
        return self._kept_entries(None, before_seq, limit)

    def _opened(self, entry: JournalEntry) -> JournalEntry:
        return entry if self._texts is None else self._texts.opened(entry)

    def _kept_entries(self, subject: str | None, before_seq: int | None, limit: int | None) -> tuple[JournalEntry, ...]:
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
            if entry.seq <= self._noted_seq or self._is_in_doubt:
                return
            try:
                self._note(entry)
                self._noted_seq = entry.seq
            except OSError as error:
                _log.error("could not note the journal's newest entry in %s: %s", self._head_file, error)

    def _note(self, entry: JournalEntry) -> None:
        write_durably(self._head_file, f"{entry.seq} {entry.hash}\n".encode("ascii"))

    def _all_rows(self) -> Iterator[Row]:
        """Batch by batch: writers are not kept waiting, and the whole journal is never in memory."""
        sql, seen = "SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT ?", 0
        while rows := self._database.rows("verify the journal", sql, (seen, _BATCH)):
            yield from rows
            seen = rows[-1]["seq"]

    def _remembered(self) -> JournalHead | None:
        try:
            seq, digest = _beginning_of(self._head_file).decode("ascii").split()
            return JournalHead(int(seq), digest)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StoreError(
                f"could not verify the journal: {self._head_file} cannot be read ({error})",
                "Keep the file for the investigation, and restore it from a backup.",
            ) from error


def _beginning_of(file: Path) -> bytes:
    """What there is of a file of one line, and not what was put in its place: gigabytes, or a pipe that never ends.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    opened = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        return os.read(opened, _LARGEST_HEAD_BYTES)
    finally:
        os.close(opened)


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
