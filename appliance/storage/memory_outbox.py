"""An outbox without a disk."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from appliance.domain.errors import StoreError
from appliance.ports import DeadLetter, OutboxMessage, OutboxStatus, QueuedMessage
from appliance.storage.memory_database import MemoryDatabase
from appliance.storage.retry import LONGEST_DELAY_S, RESEND_AFTER_S, retry_delay_s


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

    def __init__(self, database: MemoryDatabase | None = None) -> None:
        self.database = database or MemoryDatabase()
        self._rows: dict[str, _Row] = self.database.table()

    def insert(self, exam_id: str, message: OutboxMessage, now_utc: datetime) -> None:
        """What finishing or validating an exam does; not for others."""
        if message.msg_id in self._rows:
            raise StoreError(f"message {message.msg_id} is queued already")
        self._rows[message.msg_id] = _Row(len(self._rows) + 1, exam_id, message, now_utc, now_utc)

    def due(self, now_utc: datetime, limit: int = 16) -> tuple[QueuedMessage, ...]:
        horizon = now_utc + timedelta(seconds=LONGEST_DELAY_S)
        waiting = [
            row
            for row in tuple(self._rows.values())
            if row.state in ("pending", "sent")
            and (row.due_at is None or row.due_at <= now_utc or row.due_at > horizon)
        ]
        return tuple(QueuedMessage(row.seq, row.message, row.attempts) for row in waiting[:limit])

    def mark_sent(self, msg_id: str, now_utc: datetime) -> None:
        row = self._row(msg_id, "pending", "sent")
        due_at = now_utc + timedelta(seconds=RESEND_AFTER_S)
        self._put(row, now_utc, state="sent", attempts=row.attempts + 1, due_at=due_at)

    def mark_acknowledged(self, msg_id: str, now_utc: datetime) -> None:
        row = self._row(msg_id, "pending", "sent", "acknowledged", "receipted")
        if row.state != "receipted":
            self._put(row, now_utc, state="acknowledged", last_error="")

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
