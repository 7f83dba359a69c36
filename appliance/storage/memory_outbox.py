"""An outbox without a disk."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from appliance.domain.errors import StoreError
from appliance.ports import DeadLetter, OutboxMessage, OutboxStatus, QueuedMessage
from appliance.storage.memory_database import MemoryDatabase
from appliance.storage.retry import RESEND_AFTER_S, horizon_s, receipt_wait_s, retry_delay_s


@dataclass(frozen=True)
class _Row:
    seq: int
    exam_id: str
    message: OutboxMessage
    due_at: datetime | None
    changed_at: datetime
    state: str = "pending"
    attempts: int = 0
    last_error: str = ""


class MemoryOutbox:
    """The Outbox of a demonstration or a test; forgets everything with the process."""

    def __init__(self, database: MemoryDatabase | None = None, receipt_timeout_s: float = 0.0) -> None:
        self.database = database or MemoryDatabase()
        self._receipt_timeout_s = receipt_timeout_s
        self._rows: dict[str, _Row] = self.database.table()

    def insert(self, exam_id: str, message: OutboxMessage, now_utc: datetime) -> None:
        """What finishing or validating an exam does; not for others."""
        if message.msg_id in self._rows:
            raise StoreError(f"message {message.msg_id} is queued already")
        self._rows[message.msg_id] = _Row(len(self._rows) + 1, exam_id, message, now_utc, now_utc)

    @property
    def receipt_timeout_s(self) -> float:
        return self._receipt_timeout_s

    def transaction(self, attempt: str) -> AbstractContextManager[object]:
        del attempt  # nothing here can fail to be written
        return self.database.transaction()

    def due(self, now_utc: datetime, limit: int = 16) -> tuple[QueuedMessage, ...]:
        horizon = now_utc + timedelta(seconds=horizon_s(self._receipt_timeout_s))
        at_hand = [
            row
            for row in tuple(self._rows.values())
            if row.due_at is None or row.due_at <= now_utc or row.due_at > horizon
        ]
        waiting = [row for row in at_hand if row.state in ("pending", "sent")]
        if not waiting and self._receipt_timeout_s:
            waiting = [row for row in at_hand if row.state == "acknowledged"]
        return tuple(QueuedMessage(row.seq, row.message, row.attempts) for row in waiting[:limit])

    def mark_sent(self, msg_id: str, now_utc: datetime) -> None:
        row = self._row(msg_id, "pending", "sent", "acknowledged")
        due_at = now_utc + timedelta(seconds=RESEND_AFTER_S)
        self._put(row, now_utc, state="sent", attempts=row.attempts + 1, due_at=due_at)

    def mark_acknowledged(self, msg_id: str, now_utc: datetime) -> None:
        row = self._row(msg_id, "pending", "sent", "acknowledged", "receipted")
        if row.state != "receipted":
            wait_s = receipt_wait_s(row.attempts, self._receipt_timeout_s)
            due_at = now_utc + timedelta(seconds=wait_s)
            self._put(row, now_utc, state="acknowledged", last_error="", due_at=due_at)

    def mark_receipted(self, msg_id: str, now_utc: datetime) -> None:
        row = self._row(msg_id, "pending", "sent", "acknowledged", "receipted", "dead")
        if row.attempts == 0:
            raise StoreError(f"message {msg_id} is {row.state} and cannot be changed that way")
        self._put(row, now_utc, state="receipted", last_error="")

    def mark_failed(self, msg_id: str, now_utc: datetime, reason: str, is_final: bool) -> None:
        row = self._row(msg_id, "pending", "sent", "acknowledged", "receipted")
        if row.state in ("pending", "sent"):
            due_at = now_utc + timedelta(seconds=retry_delay_s(row.attempts))
            state = "dead" if is_final else "pending"
            self._put(row, now_utc, state=state, last_error=reason, due_at=due_at)

    def mark_refused(self, msg_id: str, now_utc: datetime, reason: str) -> None:
        row = self._row(msg_id, "pending", "sent", "acknowledged", "receipted", "dead")
        if row.attempts == 0:
            raise StoreError(f"message {msg_id} is {row.state} and cannot be changed that way")
        if row.state in ("pending", "sent", "acknowledged"):
            self._put(row, now_utc, state="dead", last_error=reason)

    def recall(self) -> int:
        waiting = [row for row in self._rows.values() if row.state == "acknowledged" and self._receipt_timeout_s]
        for row in waiting:
            self._put(row, row.changed_at, due_at=None)
        return len(waiting)

    def send_again(self, seqs: Collection[int]) -> int:
        lacking = [row for row in self._rows.values() if row.seq in seqs and row.state in ("acknowledged", "receipted")]
        for row in lacking:
            self._put(row, row.changed_at, state="pending", due_at=None)
        return len(lacking)

    def status(self) -> OutboxStatus:
        states = [row.state for row in tuple(self._rows.values())]
        errors = [
            row for row in tuple(self._rows.values()) if row.last_error and row.state in ("pending", "sent", "dead")
        ]
        return OutboxStatus(
            pending=states.count("pending"),
            sent=states.count("sent"),
            acknowledged=states.count("acknowledged"),
            dead=states.count("dead"),
            last_error=max(errors, key=lambda row: row.changed_at).last_error if errors else "",
            expects_receipts=self._receipt_timeout_s > 0,
        )

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        dead = [row for row in tuple(self._rows.values()) if row.state == "dead"]
        return tuple(DeadLetter(row.seq, row.message.msg_id, row.exam_id, row.last_error) for row in dead)

    def retry(self, msg_id: str) -> None:
        row = self._row(msg_id, "dead")
        self._put(row, row.changed_at, state="pending", due_at=None)

    def message_state(self, exam_id: str) -> str | None:
        return next((row.state for row in reversed(self._rows.values()) if row.exam_id == exam_id), None)

    def newest_message_id(self, exam_id: str) -> str | None:
        return next((row.message.msg_id for row in reversed(self._rows.values()) if row.exam_id == exam_id), None)

    def _row(self, msg_id: str, *states: str) -> _Row:
        row = self._rows.get(msg_id)
        if row is None:
            raise StoreError(f"there is no message {msg_id} in the outbox")
        if row.state not in states:
            raise StoreError(f"message {msg_id} is {row.state} and cannot be changed that way")
        return row

    def _put(self, row: _Row, now_utc: datetime, **changes: object) -> None:
        self._rows[row.message.msg_id] = replace(row, changed_at=now_utc, **changes)  # type: ignore[arg-type]
