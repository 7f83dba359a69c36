"""Exams in SQLite and their stills in files, kept so that a crash at any point loses nothing that was confirmed."""

import hashlib
import logging
import sqlite3
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import uuid_utils

from appliance.domain.errors import ErasedError, ExamError, NotKeptError, StoreError
from appliance.domain.exam import NOBODY, CapturedImage, Exam, ExamStart, ExamState, Placement, SkippedPlacement
from appliance.ports import ExamImport, ImportMark, Journal, OutboxMessage
from appliance.storage.database import Database, Row, utc_text
from appliance.storage.exam_import import import_into, import_mark
from appliance.storage.exam_rows import (
    INSERT_EXAM,
    INSERT_IMAGE,
    exam_from,
    exam_values,
    image_values,
    placement_values,
)
from appliance.storage.image_files import ImageFiles
from appliance.storage.outbox import insert_message
from appliance.storage.patient_rows import ensure_patient, owner_of
from appliance.storage.sealed_texts import ERASED_TEXT, SealedTexts

# What the fleet has confirmed is told: its payload goes. What is still on its way has figures and a pseudonym alone.
_OUT_OF_OUTBOX = "UPDATE outbox SET payload = x'' WHERE exam_id = ? AND state = 'receipted'"
_OUT_OF_COLLECTIONS = """DELETE FROM collected_images
    WHERE image_id IN (SELECT image_id FROM images WHERE exam_id = ?)"""
_log = logging.getLogger(__name__)


class SqliteExamStore:
    """The ExamStore of the device; see the port for what each method promises.

    A still's file is on the disk before its row is; the file of an undone capture goes after its exam was closed. So a
    crash can leave a file without a row, never a row without its file. `recover` removes what was left.
    """

    def __init__(self, database: Database, files: ImageFiles, texts: SealedTexts | None = None) -> None:
        """`texts`: seals what people typed; None keeps it as it is."""
        self._database = database
        self._files = files
        self._texts = texts
        self._adding = threading.Lock()

    def start_exam(self, patient_pseudonym: str, now_utc: datetime, start: ExamStart = NOBODY) -> Exam:
        if self.open_exam() is not None:
            raise StoreError("could not start an exam: another one is open", "Finish or discard it first.")
        with self._database.transaction("start the exam") as connection:
            pseudonym = ensure_patient(connection, patient_pseudonym, now_utc)
            exam = Exam(str(uuid_utils.uuid7()), pseudonym, ExamState.OPEN, now_utc, **vars(start))
            connection.execute(INSERT_EXAM, exam_values(exam))
        return exam

    def add_image(self, exam_id: str, image: CapturedImage, png: bytes) -> None:
        if hashlib.sha256(png).hexdigest() != image.sha256:
            raise StoreError(f"refused image {image.image_id}: the digest is not that of its bytes", "Capture again.")
        values = image_values(exam_id, image)
        with self._adding:
            self._require_room_for(exam_id, image)
            self._files.write(exam_id, image.file_name, png, owner_of(self._database, exam_id))
            try:
                with self._database.transaction("keep the image") as connection:
                    _require_open(connection, exam_id, "keep the image")
                    connection.execute(INSERT_IMAGE, values)
            except BaseException:
                self._files.remove(exam_id, image.file_name)
                raise

    def remove_image(self, exam_id: str, image_id: str) -> None:
        self._mark_image(exam_id, image_id, is_removed=True, attempt="undo the capture")

    def restore_image(self, exam_id: str, image_id: str) -> None:
        self._mark_image(exam_id, image_id, is_removed=False, attempt="restore the image")

    def skip_placement(self, exam_id: str, skipped: SkippedPlacement) -> None:
        with self._database.transaction("skip the placement") as connection:
            _require_open(connection, exam_id, "skip the placement")
            connection.execute(
                """INSERT INTO skipped (exam_id, hand, finger, sector, reason) VALUES (?, ?, ?, ?, ?)
                   ON CONFLICT DO UPDATE SET reason = excluded.reason""",
                (exam_id, *placement_values(skipped.placement), self._sealed(exam_id, skipped.reason)),
            )

    def unskip_placement(self, exam_id: str, placement: Placement) -> None:
        with self._database.transaction("take the skipping back") as connection:
            _require_open(connection, exam_id, "take the skipping back")
            sql = "DELETE FROM skipped WHERE exam_id = ? AND hand = ? AND finger = ? AND sector = ?"
            if connection.execute(sql, (exam_id, *placement_values(placement))).rowcount != 1:
                raise NotKeptError(f"nothing was skipped there in exam {exam_id}", "Reload the page.")

    def finish_exam(self, exam_id: str, now_utc: datetime, message: OutboxMessage) -> Exam:
        with self._database.transaction("finish the exam") as connection:
            exam = self._close(connection, exam_id, ExamState.FINISHED, now_utc)
            insert_message(connection, exam_id, message, now_utc)
            self._database.after_commit(lambda: self._drop_removed(exam_id))
        return exam

    def discard_exam(self, exam_id: str, now_utc: datetime) -> Exam:
        with self._database.transaction("discard the exam") as connection:
            exam = self._close(connection, exam_id, ExamState.DISCARDED, now_utc)
            self._database.after_commit(lambda: self._drop_removed(exam_id))
        return exam

    def reopen_exam(self, exam_id: str) -> Exam:
        with self._database.transaction("reopen the exam") as connection:
            if connection.execute("SELECT 1 FROM exams WHERE state = 'open'").fetchone():
                raise StoreError("could not reopen the exam: another one is open", "Finish or discard it first.")
            sql = "UPDATE exams SET state = 'open', finished_at = NULL WHERE exam_id = ? AND state = 'finished'"
            if not connection.execute(sql, (exam_id,)).rowcount:
                raise StoreError(f"could not reopen exam {exam_id}: it is not finished", "Choose a finished exam.")
            return self.exam(exam_id)

    def exam(self, exam_id: str) -> Exam:
        rows = self._database.rows("read the exam", "SELECT * FROM exams WHERE exam_id = ?", (exam_id,))
        if not rows:
            raise NotKeptError(f"there is no exam {exam_id}", "Choose one from the list.")
        return self._whole(rows[0])

    def exams(self, limit: int = 100, offset: int = 0) -> tuple[Exam, ...]:
        sql = "SELECT * FROM exams ORDER BY number DESC LIMIT ? OFFSET ?"
        rows = self._database.rows("list the exams", sql, (limit, offset))
        return tuple(exam_from(row) for row in rows)

    def file_exams(self, folder_ids: Mapping[str, str | None]) -> None:
        with self._database.transaction("file the exams") as connection:
            for folder_id in set(folder_ids.values()) - {None}:
                if not connection.execute("SELECT 1 FROM folders WHERE folder_id = ?", (folder_id,)).fetchone():
                    raise NotKeptError(f"there is no folder {folder_id}", "Choose one from the list.")
            for exam_id, folder_id in folder_ids.items():
                sql = "UPDATE exams SET folder_id = ? WHERE exam_id = ?"
                _require_found(connection.execute(sql, (folder_id, exam_id)).rowcount, exam_id)

    def archive_exams(self, exam_ids: Collection[str], is_archived: bool) -> None:
        with self._database.transaction("archive the exams") as connection:
            for exam_id in exam_ids:
                row = connection.execute("SELECT state FROM exams WHERE exam_id = ?", (exam_id,)).fetchone()
                _require_found(0 if row is None else 1, exam_id)
                if is_archived and row["state"] == ExamState.OPEN.value:
                    raise ExamError(f"could not archive exam {exam_id}: it is open", "Finish or discard it first.")
                sql = "UPDATE exams SET is_archived = ? WHERE exam_id = ?"
                connection.execute(sql, (int(is_archived), exam_id))

    def open_exam(self) -> Exam | None:
        rows = self._database.rows("find the open exam", "SELECT * FROM exams WHERE state = 'open'")
        return self._whole(rows[0]) if rows else None

    def read_png(self, exam_id: str, image_id: str) -> bytes:
        sql = "SELECT file_name, sha256 FROM images WHERE exam_id = ? AND image_id = ? AND is_removed = 0"
        rows = self._database.rows("read the image", sql, (exam_id, image_id))
        if not rows:
            raise NotKeptError(f"there is no image {image_id} in exam {exam_id}", "Choose one from the exam.")
        self.require_pictures(exam_id)
        return self._files.read(exam_id, rows[0]["file_name"], rows[0]["sha256"])

    def import_exams(self, imports: Sequence[ExamImport], now_utc: datetime, journal: Journal | None = None) -> None:
        with self._adding:
            import_into(self._database, self._files, imports, now_utc, journal, self._sealed)

    def require_pictures(self, exam_id: str) -> None:
        sql = "SELECT 1 FROM patients JOIN exams ON pseudonym = patient_pseudonym WHERE exam_id = ? AND erased_at <> ''"
        if self._database.rows("read the image", sql, (exam_id,)):
            raise ErasedError("the pictures of this exam were erased with its patient", "Its figures are kept.")

    def erase_exams_of(self, patient_pseudonym: str) -> tuple[str, ...]:
        with self._database.transaction("erase the exams") as connection:
            sql = "SELECT exam_id, state FROM exams WHERE patient_pseudonym = ? ORDER BY number"
            rows = connection.execute(sql, (patient_pseudonym,)).fetchall()
            exam_ids = tuple(str(row["exam_id"]) for row in rows)
            if any(row["state"] == ExamState.OPEN.value for row in rows):
                raise ExamError("an exam of this patient is open", "Finish or discard it first.")
            for exam_id in exam_ids:
                connection.execute("UPDATE exams SET is_archived = 1 WHERE exam_id = ?", (exam_id,))
                connection.execute("UPDATE skipped SET reason = ? WHERE exam_id = ?", (ERASED_TEXT, exam_id))
                connection.execute(_OUT_OF_COLLECTIONS, (exam_id,))
                connection.execute(_OUT_OF_OUTBOX, (exam_id,))
            self._database.after_commit(lambda: self._remove_files_of(exam_ids))
        return exam_ids

    def import_mark(self, exam_id: str) -> ImportMark | None:
        return import_mark(self._database, exam_id)

    def recover(self) -> None:
        """Delete what a crash left: half-written files, stills without a row, undone stills of closed exams.

        Stills without a row are looked for in the open exam alone: only there can a crash leave one. So a database
        restored from an older backup costs no still of any other exam.
        """
        unfinished = self._files.remove_unfinished()
        orphans = 0
        exam = self.open_exam()
        if exam is not None:
            sql = "SELECT file_name FROM images WHERE exam_id = ?"
            rows = self._database.rows("look for leftovers", sql, (exam.exam_id,))
            orphans = self._files.remove_all_but(exam.exam_id, {row["file_name"] for row in rows})
        self._drop_removed_of_closed_exams()
        if unfinished or orphans:
            _log.warning("after a crash: deleted %d unfinished and %d unconfirmed stills", unfinished, orphans)

    def _whole(self, row: Row) -> Exam:
        exam_id = row["exam_id"]
        images = "SELECT * FROM images WHERE exam_id = ? AND is_removed = 0 ORDER BY number"
        skipped = "SELECT * FROM skipped WHERE exam_id = ? ORDER BY number"
        exam = exam_from(
            row,
            self._database.rows("read the exam's images", images, (exam_id,)),
            self._database.rows("read what the exam skipped", skipped, (exam_id,)),
        )
        return replace(exam, skipped=tuple(self._opened(one) for one in exam.skipped))

    def _remove_files_of(self, exam_ids: Sequence[str]) -> None:
        for exam_id in exam_ids:
            self._files.remove_exam(exam_id)

    def _sealed(self, exam_id: str, text: str) -> str:
        return text if self._texts is None else self._texts.seal(exam_id, text)

    def _opened(self, skipped: SkippedPlacement) -> SkippedPlacement:
        return skipped if self._texts is None else replace(skipped, reason=self._texts.open(skipped.reason))

    def _require_room_for(self, exam_id: str, image: CapturedImage) -> None:
        attempt = "keep the image"
        rows = self._database.rows(attempt, "SELECT state FROM exams WHERE exam_id = ?", (exam_id,))
        _refuse_unless_open(rows[0]["state"] if rows else None, exam_id, attempt)
        sql = "SELECT 1 FROM images WHERE image_id = ? OR (exam_id = ? AND file_name = ?)"
        if self._database.rows(attempt, sql, (image.image_id, exam_id, image.file_name)):
            raise StoreError(f"could not {attempt}: {image.file_name} is kept already", "Capture again.")

    def _mark_image(self, exam_id: str, image_id: str, *, is_removed: bool, attempt: str) -> None:
        with self._database.transaction(attempt) as connection:
            _require_open(connection, exam_id, attempt)
            changed = connection.execute(
                "UPDATE images SET is_removed = ? WHERE exam_id = ? AND image_id = ? AND is_removed = ?",
                (int(is_removed), exam_id, image_id, int(not is_removed)),
            ).rowcount
            if changed != 1:
                raise StoreError(
                    f"could not {attempt}: exam {exam_id} has no such image {image_id}", "Reload the page."
                )

    def _close(self, connection: sqlite3.Connection, exam_id: str, state: ExamState, now_utc: datetime) -> Exam:
        _require_open(connection, exam_id, f"close the exam as {state.value}")
        connection.execute(
            "UPDATE exams SET state = ?, finished_at = ? WHERE exam_id = ?", (state.value, utc_text(now_utc), exam_id)
        )
        # Read here: after the commit nothing may fail any more, or a finished exam would be reported as refused.
        return self.exam(exam_id)

    def _drop_removed(self, exam_id: str) -> None:
        sql = "SELECT file_name FROM images WHERE exam_id = ? AND is_removed = 1"
        try:
            for row in self._database.rows("tidy the exam", sql, (exam_id,)):
                self._files.remove(exam_id, row["file_name"])
        except StoreError as error:
            _log.warning("undone stills of exam %s stay until the next start: %s", exam_id, error)

    def _drop_removed_of_closed_exams(self) -> None:
        sql = """SELECT DISTINCT exam_id FROM images JOIN exams USING (exam_id)
                 WHERE is_removed = 1 AND state <> 'open'"""
        for row in self._database.rows("tidy the exams", sql):
            self._drop_removed(row["exam_id"])


def _require_found(rows: int, exam_id: str) -> None:
    if rows != 1:
        raise NotKeptError(f"there is no exam {exam_id}", "Choose one from the list.")


def _require_open(connection: sqlite3.Connection, exam_id: str, attempt: str) -> None:
    row = connection.execute("SELECT state FROM exams WHERE exam_id = ?", (exam_id,)).fetchone()
    _refuse_unless_open(None if row is None else row["state"], exam_id, attempt)


def _refuse_unless_open(state: str | None, exam_id: str, attempt: str) -> None:
    if state is None:
        raise StoreError(f"could not {attempt}: there is no exam {exam_id}", "Start an exam first.")
    if state != ExamState.OPEN.value:
        raise StoreError(f"could not {attempt}: exam {exam_id} is {state}", "Start a new exam.")
