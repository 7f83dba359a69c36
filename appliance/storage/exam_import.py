"""Exams that were captured elsewhere, taken in all or none."""

import hashlib
import sqlite3
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from appliance.domain.counted import counted
from appliance.domain.errors import StoreError
from appliance.domain.exam import CapturedImage, Exam, ExamState
from appliance.domain.instant import from_rfc3339
from appliance.ports import ExamImport, ImportMark, Journal
from appliance.storage.database import Database, Value, utc_text
from appliance.storage.exam_rows import INSERT_EXAM, INSERT_IMAGE, exam_values, image_values, placement_values
from appliance.storage.image_files import ImageFiles
from appliance.storage.outbox import insert_message
from appliance.storage.patient_rows import ensure_patient, new_patient_id, owner_of, patient_named

_ATTEMPT = "import the exams"
_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def check_import(one: ExamImport) -> None:
    """Refuse what can never be kept: an open exam, or one whose images and files do not match."""
    exam = one.exam
    if exam.state is ExamState.OPEN or exam.finished_at_utc is None:
        raise StoreError(f"could not {_ATTEMPT}: exam {exam.exam_id} is open", "Finish it where it was started.")
    if missing := [image.image_id for image in one.images_with_files if image.image_id not in one.files]:
        raise StoreError(
            f"could not {_ATTEMPT}: {counted(len(missing), 'file')} of exam {exam.exam_id} cannot be found"
        )


def file_of(one: ExamImport, image: CapturedImage) -> bytes:
    """The image's file. Raises StoreError where its digest is not the recorded one."""
    content = one.files[image.image_id]
    if hashlib.sha256(content).hexdigest() != image.sha256:
        raise StoreError(f"refused image {image.image_id}: the digest is not that of its bytes", "Export it again.")
    return content


def import_into(
    database: Database,
    files: ImageFiles,
    imports: Sequence[ExamImport],
    now_utc: datetime,
    journal: Journal | None,
    sealed: Callable[[str, str], str] = lambda _, text: text,
) -> None:
    """See ExamStore.import_exams.

    Args:
        sealed: what people typed about an exam, as it is kept.

    A crash before the transaction's end leaves files without rows; the next import of the same exam writes over them.
    """
    for one in imports:
        check_import(one)
    _require_new(database, imports)
    owners = _owners(database, imports)
    with _removed_on_failure(files, imports):
        for one in imports:
            owner = owners[_folded(one.exam.patient_pseudonym)]
            for image in one.images_with_files:
                files.write(one.exam.exam_id, image.file_name, file_of(one, image), owner)
        with database.transaction(_ATTEMPT) as connection:
            for one in imports:
                owner = owners[_folded(one.exam.patient_pseudonym)]
                _insert(connection, one, now_utc, owner, sealed)
                if owner_of(database, one.exam.exam_id) != owner:
                    raise StoreError(f"could not {_ATTEMPT}: their patient was changed meanwhile", "Import them again.")
            write_notes(imports, journal)


def write_notes(imports: Sequence[ExamImport], journal: Journal | None) -> None:
    """The notes of every import, inside the caller's transaction."""
    for one in imports:
        for note in one.notes:
            assert journal is not None, "an import with notes names its journal"
            journal.append(note.actor, note.subject, note.action, note.detail)


def import_mark(database: Database, exam_id: str) -> ImportMark | None:
    """See ExamStore.import_mark."""
    sql = "SELECT origin, imported_at FROM imported_exams WHERE exam_id = ?"
    rows = database.rows("read the exam's origin", sql, (exam_id,))
    return ImportMark(rows[0]["origin"], from_rfc3339(rows[0]["imported_at"])) if rows else None


def _require_new(database: Database, imports: Sequence[ExamImport]) -> None:
    """Before a file is written: those of an exam that is kept already must not be touched."""
    for one in imports:
        image_ids = [image.image_id for image in one.exam.images]
        marks = ",".join("?" * len(image_ids))
        known: list[tuple[str, tuple[Value, ...]]] = [
            ("SELECT 1 FROM exams WHERE exam_id = ?", (one.exam.exam_id,)),
            (f"SELECT 1 FROM images WHERE image_id IN ({marks})", tuple(image_ids)),
        ]
        if any(database.rows(_ATTEMPT, sql, values) for sql, values in known):
            raise already_kept(one.exam)
    if len({one.exam.exam_id for one in imports}) != len(imports):
        raise StoreError(f"could not {_ATTEMPT}: one of them is there twice", "Export them again.")


def already_kept(exam: Exam) -> StoreError:
    """The one text for an exam, or one of its images, that this box has already."""
    return StoreError(f"could not {_ATTEMPT}: exam {exam.exam_id} or one of its images is kept already")


def _owners(database: Database, imports: Sequence[ExamImport]) -> dict[str, str]:
    """Whose key seals the files, by folded pseudonym: a patient's who is kept, or who will be made with the rows."""
    names = {_folded(one.exam.patient_pseudonym): one.exam.patient_pseudonym for one in imports}
    return {folded: patient_named(database, name) or new_patient_id() for folded, name in names.items()}


def _folded(pseudonym: str) -> str:
    """As the database compares pseudonyms: without the case of ASCII letters."""
    return pseudonym.translate(_ASCII_LOWER)


def _insert(
    connection: sqlite3.Connection, one: ExamImport, now_utc: datetime, owner: str, sealed: Callable[[str, str], str]
) -> None:
    pseudonym = ensure_patient(connection, one.exam.patient_pseudonym, now_utc, owner)
    exam = replace(one.exam, patient_pseudonym=pseudonym, folder_id=None, is_archived=False)
    connection.execute(INSERT_EXAM, exam_values(exam))
    for image in exam.images:
        connection.execute(INSERT_IMAGE, image_values(exam.exam_id, image))
    for skipped in exam.skipped:
        connection.execute(
            "INSERT INTO skipped (exam_id, hand, finger, sector, reason) VALUES (?, ?, ?, ?, ?)",
            (exam.exam_id, *placement_values(skipped.placement), sealed(exam.exam_id, skipped.reason)),
        )
    connection.execute(
        "INSERT INTO imported_exams (exam_id, origin, imported_at) VALUES (?, ?, ?)",
        (exam.exam_id, one.origin, utc_text(now_utc)),
    )
    if one.message is not None:
        insert_message(connection, exam.exam_id, one.message, now_utc)


@contextmanager
def _removed_on_failure(files: ImageFiles, imports: Sequence[ExamImport]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for one in imports:
            for image in one.exam.images:
                files.remove(one.exam.exam_id, image.file_name)
        raise


def kept_files(one: ExamImport) -> Mapping[str, bytes]:
    """Every file by image id, each checked."""
    return {image.image_id: file_of(one, image) for image in one.images_with_files}
