"""A journal without a disk, whose pages can be tampered with."""

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.domain.errors import StaleError
from appliance.domain.journal import JournalCheck, JournalEntry, JournalHead, check_chain, next_entry
from appliance.ports import ExamMessage
from appliance.storage.database import disk_full
from appliance.storage.memory_outbox import MemoryOutbox


class MemoryJournal:
    """The Journal of a demonstration or a test; forgets everything with the process.

    `tamper()` is what somebody with access to the disk does to a real one; `fill_disk()` is what happens to it.

    Args:
        outbox: of the box whose stores change together with the entries.
    """

    def __init__(self, now_utc: Callable[[], datetime], outbox: MemoryOutbox | None = None) -> None:
        self._now_utc = now_utc
        self._outbox = outbox or MemoryOutbox()
        self.database = self._outbox.database
        self._entries: list[JournalEntry] = self.database.rows()
        self._heads: list[JournalHead] = self.database.rows()
        self._is_full = False
        self._lock = threading.RLock()

    def fill_disk(self) -> None:
        """From now on nothing can be written."""
        self._is_full = True

    def transaction(self, attempt: str) -> AbstractContextManager[object]:
        return self.database.transaction()

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
        with self._lock:
            require_newest(self._newest_of(subject), follows)
            if self._is_full:
                raise disk_full("write the journal", Path("memory"))
            entry = next_entry(
                self._heads[-1] if self._heads else None, self._now_utc(), actor, subject, action, detail
            )
            if publishes is not None:
                self._outbox.insert(publishes.exam_id, publishes.message, entry.at_utc)
            self._entries.append(entry)
            self._heads.append(JournalHead(entry.seq, entry.hash))
        return entry

    def entries(
        self, subject: str | None = None, *, before_seq: int | None = None, limit: int | None = None
    ) -> tuple[JournalEntry, ...]:
        with self._lock:
            found = [
                entry
                for entry in self._entries
                if subject in (None, entry.subject) and (before_seq is None or entry.seq < before_seq)
            ]
        return tuple(found if limit is None else found[max(0, len(found) - limit) :])

    def sealed_entries(self, before_seq: int, limit: int) -> tuple[JournalEntry, ...]:
        return self.entries(before_seq=before_seq, limit=limit)

    def verify(self) -> JournalCheck:
        with self._lock:
            return check_chain(self._entries, self._heads[-1] if self._heads else None)

    def tamper(self, seq: int, **changes: Any) -> None:
        """Change a written entry behind the journal's back."""
        self._entries[seq - 1] = replace(self._entries[seq - 1], **changes)

    def cut_off(self, seq: int) -> None:
        """Remove that entry and all after it behind the journal's back."""
        del self._entries[seq - 1 :]

    def _newest_of(self, subject: str) -> int:
        return max((entry.seq for entry in self._entries if entry.subject == subject), default=0)


def require_newest(newest: int, follows: int | None) -> None:
    """Raise StaleError if somebody has written about the subject since the caller looked."""
    if follows is not None and newest != follows:
        raise StaleError(
            f"somebody else changed this in the meantime (entry {newest}, you saw {follows})",
            "Look at the newer state, then make your change again.",
        )
