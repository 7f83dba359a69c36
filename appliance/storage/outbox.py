"""The durable queue of messages, in the same database as the exams they belong to."""

import sqlite3
from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone

from appliance.domain.errors import StoreError
from appliance.ports import DeadLetter, OutboxMessage, OutboxStatus, QueuedMessage
from appliance.storage.database import Database, Row, Value, utc_text
from appliance.storage.retry import RESEND_AFTER_S, horizon_s, receipt_wait_s, retry_delay_s

_AT_ONCE = utc_text(datetime.min.replace(tzinfo=timezone.utc))
"""Before every other due time, and as long as each of them: SQLite then writes no payload anew, which for thousands of
results would keep an exam from the disk for long."""


def insert_message(connection: sqlite3.Connection, exam_id: str, message: OutboxMessage, now_utc: datetime) -> None:
    """Queue a message inside the caller's transaction; the row's seq is the next of this box, without gaps."""
    connection.execute(
        """INSERT INTO outbox (msg_id, exam_id, schema, payload, sha256, due_at, changed_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (
            message.msg_id,
            exam_id,
            message.schema,
            message.payload,
            message.sha256,
            utc_text(now_utc),
            utc_text(now_utc),
        ),
    )


class SqliteOutbox:
    """The Outbox of the device; see the port for what each method promises.

    Args:
        resend_after_s: a message handed over without an answer is due again after this.
        receipt_timeout_s: one that the broker took, without a receipt, after this; 0 expects none.
    """

    def __init__(
        self, database: Database, resend_after_s: float = RESEND_AFTER_S, receipt_timeout_s: float = 0.0
    ) -> None:
        self._database = database
        self._resend_after_s = resend_after_s
        self._receipt_timeout_s = receipt_timeout_s

    @property
    def receipt_timeout_s(self) -> float:
        return self._receipt_timeout_s

    def transaction(self, attempt: str) -> AbstractContextManager[object]:
        return self._database.transaction(attempt)

    def due(self, now_utc: datetime, limit: int = 16) -> tuple[QueuedMessage, ...]:
        # A due time further ahead than any delay comes from a clock that was wrong then: due as well.
        horizon = now_utc + timedelta(seconds=horizon_s(self._receipt_timeout_s))
        span = (utc_text(now_utc), utc_text(horizon))
        rows = self._due_rows("outbox_due", "state IN ('pending', 'sent')", span, limit)
        if not rows and self._receipt_timeout_s:
            rows = self._due_rows("outbox_unreceipted", "state = 'acknowledged'", span, limit)
        return tuple(
            QueuedMessage(
                seq=row["seq"],
                message=OutboxMessage(row["msg_id"], row["schema"], row["payload"], row["sha256"]),
                attempts=row["attempts"],
            )
            for row in rows
        )

    def mark_sent(self, msg_id: str, now_utc: datetime) -> None:
        due_at = now_utc + timedelta(seconds=self._resend_after_s)
        self._change(
            msg_id,
            "SET state = 'sent', attempts = attempts + 1, due_at = ?, changed_at = ?",
            (utc_text(due_at), utc_text(now_utc)),
            from_states=("pending", "sent", "acknowledged"),
        )

    def mark_acknowledged(self, msg_id: str, now_utc: datetime) -> None:
        wait_s = receipt_wait_s(self._attempts(msg_id), self._receipt_timeout_s)
        due_at = now_utc + timedelta(seconds=wait_s)
        # Not from "receipted": the receipt may overtake the broker's acknowledgement.
        self._change(
            msg_id,
            "SET state = 'acknowledged', last_error = '', due_at = ?, changed_at = ?",
            (utc_text(due_at), utc_text(now_utc)),
            from_states=("pending", "sent", "acknowledged"),
            quiet_in=("receipted",),
        )

    def mark_receipted(self, msg_id: str, now_utc: datetime) -> None:
        self._change(
            msg_id,
            "SET state = 'receipted', last_error = '', changed_at = ?",
            (utc_text(now_utc),),
            from_states=("pending", "sent", "acknowledged", "receipted", "dead"),
            only_if="attempts > 0",
        )

    def mark_failed(self, msg_id: str, now_utc: datetime, reason: str, is_final: bool) -> None:
        attempts = self._attempts(msg_id)
        due_at = now_utc + timedelta(seconds=retry_delay_s(attempts))
        self._change(
            msg_id,
            "SET state = ?, last_error = ?, due_at = ?, changed_at = ?",
            ("dead" if is_final else "pending", reason, utc_text(due_at), utc_text(now_utc)),
            from_states=("pending", "sent"),
            quiet_in=("acknowledged", "receipted"),
        )

    def mark_refused(self, msg_id: str, now_utc: datetime, reason: str) -> None:
        self._change(
            msg_id,
            "SET state = 'dead', last_error = ?, changed_at = ?",
            (reason, utc_text(now_utc)),
            from_states=("pending", "sent", "acknowledged"),
            quiet_in=("receipted", "dead"),
            only_if="attempts > 0",
        )

    def recall(self) -> int:
        if not self._receipt_timeout_s:
            return 0
        with self._database.transaction("send results again") as connection:
            sql = "UPDATE outbox SET due_at = ? WHERE state = 'acknowledged' AND due_at <> ?"
            return connection.execute(sql, (_AT_ONCE, _AT_ONCE)).rowcount

    def send_again(self, seqs: Collection[int]) -> int:
        marks = ",".join("?" * len(seqs))
        with self._database.transaction("send results again") as connection:
            sql = f"""UPDATE outbox SET state = 'pending', due_at = ''
                      WHERE seq IN ({marks}) AND state IN ('acknowledged', 'receipted') AND payload <> x''"""
            return connection.execute(sql, tuple(seqs)).rowcount

    def status(self) -> OutboxStatus:
        rows = self._database.rows("read the outbox", "SELECT state, count(*) AS n FROM outbox GROUP BY state")
        counts = {row["state"]: int(row["n"]) for row in rows}
        errors = self._database.rows(
            "read the outbox",
            """SELECT last_error FROM outbox WHERE last_error <> '' AND state IN ('pending', 'sent', 'dead')
               ORDER BY changed_at DESC LIMIT 1""",
        )
        return OutboxStatus(
            pending=counts.get("pending", 0),
            sent=counts.get("sent", 0),
            acknowledged=counts.get("acknowledged", 0),
            dead=counts.get("dead", 0),
            last_error=errors[0]["last_error"] if errors else "",
            expects_receipts=self._receipt_timeout_s > 0,
        )

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        rows = self._database.rows("read the dead letters", "SELECT * FROM outbox WHERE state = 'dead' ORDER BY seq")
        return tuple(DeadLetter(row["seq"], row["msg_id"], row["exam_id"], row["last_error"]) for row in rows)

    def retry(self, msg_id: str) -> None:
        # The empty due time is before every other.
        self._change(msg_id, "SET state = 'pending', due_at = ''", (), from_states=("dead",))

    def message_state(self, exam_id: str) -> str | None:
        row = self._newest_of(exam_id)
        return None if row is None else str(row["state"])

    def newest_message_id(self, exam_id: str) -> str | None:
        row = self._newest_of(exam_id)
        return None if row is None else str(row["msg_id"])

    def prune(self, before_utc: datetime) -> int:
        """How many payloads that the ingest had confirmed before then were dropped; rows and exams stay."""
        with self._database.transaction("prune the outbox") as connection:
            sql = "UPDATE outbox SET payload = x'' WHERE state = 'receipted' AND changed_at < ? AND payload <> x''"
            return connection.execute(sql, (utc_text(before_utc),)).rowcount

    def _due_rows(self, index: str, which: str, span: tuple[str, str], limit: int) -> list[Row]:
        # By the index alone: a look at the payloads of those that are not due would read most of the file.
        due = f"""SELECT seq FROM outbox INDEXED BY {index}
                  WHERE {which} AND (due_at <= ? OR due_at > ?) ORDER BY seq LIMIT ?"""
        sql = f"SELECT * FROM outbox WHERE seq IN ({due}) ORDER BY seq"
        return self._database.rows("read the outbox", sql, (*span, limit))

    def _newest_of(self, exam_id: str) -> Row | None:
        sql = "SELECT msg_id, state FROM outbox WHERE exam_id = ? ORDER BY seq DESC LIMIT 1"
        rows = self._database.rows("read the outbox", sql, (exam_id,))
        return rows[0] if rows else None

    def _attempts(self, msg_id: str) -> int:
        rows = self._database.rows("read the outbox", "SELECT attempts FROM outbox WHERE msg_id = ?", (msg_id,))
        return int(rows[0]["attempts"]) if rows else 0

    def _change(
        self,
        msg_id: str,
        assignment: str,
        values: tuple[Value, ...],
        *,
        from_states: tuple[str, ...],
        quiet_in: tuple[str, ...] = (),
        only_if: str = "1",
    ) -> None:
        with self._database.statement("update the outbox") as connection:
            marks = ",".join("?" * len(from_states))
            sql = f"UPDATE outbox {assignment} WHERE msg_id = ? AND {only_if} AND state IN ({marks})"
            if connection.execute(sql, (*values, msg_id, *from_states)).rowcount == 1:
                return
            row = connection.execute("SELECT state FROM outbox WHERE msg_id = ?", (msg_id,)).fetchone()
            if row is None:
                raise StoreError(f"there is no message {msg_id} in the outbox")
            if row["state"] not in quiet_in:
                raise StoreError(f"message {msg_id} is {row['state']} and cannot be changed that way")
