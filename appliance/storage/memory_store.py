"""An exam store without a disk, whose disk can be filled."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import uuid_utils

from appliance.domain.errors import ErasedError, ExamError, NotKeptError, StoreError
from appliance.domain.exam import NOBODY, CapturedImage, Exam, ExamStart, ExamState, Placement, SkippedPlacement
from appliance.ports import ExamImport, ImportMark, Journal, OutboxMessage
from appliance.storage.database import disk_full
from appliance.storage.exam_import import already_kept, check_import, kept_files, write_notes
from appliance.storage.memory_database import MemoryDatabase
from appliance.storage.memory_folders import MemoryFolderStore
from appliance.storage.memory_outbox import MemoryOutbox
from appliance.storage.memory_patients import MemoryPatientStore
from appliance.storage.sealed_texts import ERASED_TEXT


class MemoryExamStore:
    """The ExamStore of a demonstration or a test; forgets everything with the process.

    `fill_disk()` and `free_disk()` are what happens to a real one.
    """

    def __init__(self, receipt_timeout_s: float = 0.0) -> None:
        self.database = MemoryDatabase()
        self.outbox = MemoryOutbox(self.database, receipt_timeout_s)
        self._exams: dict[str, Exam] = self.database.table()
        self.patients = MemoryPatientStore(self._exams, self.database)
        self.folders = MemoryFolderStore(self._exams, self.database)
        self._removed: dict[str, CapturedImage] = self.database.table()
        self._order: list[str] = self.database.rows()
        self._pngs: dict[str, bytes] = self.database.table()
        self._marks: dict[str, ImportMark] = self.database.table()
        self._is_full = False

    def fill_disk(self) -> None:
        """From now on nothing can be kept."""
        self._is_full = True

    def free_disk(self) -> None:
        """Somebody made room."""
        self._is_full = False

    def start_exam(self, patient_pseudonym: str, now_utc: datetime, start: ExamStart = NOBODY) -> Exam:
        if self.open_exam() is not None:
            raise StoreError("could not start an exam: another one is open", "Finish or discard it first.")
        self._require_room("start the exam")
        patient = self.patients.patient_of(patient_pseudonym) or self.patients.add_patient(patient_pseudonym, now_utc)
        exam_id = str(uuid_utils.uuid7())
        exam = Exam(exam_id, patient.pseudonym, ExamState.OPEN, now_utc, **vars(start))
        self._exams[exam.exam_id] = exam
        return exam

    def add_image(self, exam_id: str, image: CapturedImage, png: bytes) -> None:
        if hashlib.sha256(png).hexdigest() != image.sha256:
            raise StoreError(
                f"refused the image {image.image_id}: its digest is not that of its bytes", "Capture again."
            )
        exam = self._require_open(exam_id, "keep the image")
        if image.image_id in self._pngs:
            raise StoreError(f"could not keep the image: {image.file_name} is kept already", "Capture again.")
        self._require_room("keep the image")
        self._pngs[image.image_id] = png
        self._order.append(image.image_id)
        self._exams[exam_id] = replace(exam, images=(*exam.images, image))

    def remove_image(self, exam_id: str, image_id: str) -> None:
        exam = self._require_open(exam_id, "undo the capture")
        self._removed[image_id] = _find(exam.images, exam_id, image_id)
        self._exams[exam_id] = replace(exam, images=tuple(i for i in exam.images if i.image_id != image_id))

    def restore_image(self, exam_id: str, image_id: str) -> None:
        exam = self._require_open(exam_id, "restore the image")
        image = _find(tuple(self._removed.values()), exam_id, image_id)
        del self._removed[image_id]
        images = sorted((*exam.images, image), key=lambda kept: self._order.index(kept.image_id))
        self._exams[exam_id] = replace(exam, images=tuple(images))

    def skip_placement(self, exam_id: str, skipped: SkippedPlacement) -> None:
        exam = self._require_open(exam_id, "skip the placement")
        reasons = {entry.placement: entry for entry in exam.skipped}
        reasons[skipped.placement] = skipped
        self._exams[exam_id] = replace(exam, skipped=tuple(reasons.values()))

    def unskip_placement(self, exam_id: str, placement: Placement) -> None:
        exam = self._require_open(exam_id, "take the skipping back")
        left = tuple(entry for entry in exam.skipped if entry.placement != placement)
        if left == exam.skipped:
            raise NotKeptError(f"nothing was skipped there in exam {exam_id}", "Reload the page.")
        self._exams[exam_id] = replace(exam, skipped=left)

    def finish_exam(self, exam_id: str, now_utc: datetime, message: OutboxMessage) -> Exam:
        exam = self._require_open(exam_id, "finish the exam")
        self._require_room("finish the exam")
        self.outbox.insert(exam_id, message, now_utc)
        return self._close(exam, ExamState.FINISHED, now_utc)

    def discard_exam(self, exam_id: str, now_utc: datetime) -> Exam:
        exam = self._require_open(exam_id, "discard the exam")
        return self._close(exam, ExamState.DISCARDED, now_utc)

    def reopen_exam(self, exam_id: str) -> Exam:
        if self.open_exam() is not None:
            raise StoreError("could not reopen the exam: another one is open", "Finish or discard it first.")
        if exam_id not in self._exams or self._exams[exam_id].state is not ExamState.FINISHED:
            raise StoreError(f"could not reopen exam {exam_id}: it is not finished", "Choose a finished exam.")
        self._exams[exam_id] = replace(self._exams[exam_id], state=ExamState.OPEN, finished_at_utc=None)
        return self._exams[exam_id]

    def exam(self, exam_id: str) -> Exam:
        if exam_id not in self._exams:
            raise NotKeptError(f"there is no exam {exam_id}", "Choose one from the list.")
        return self._exams[exam_id]

    def exams(self, limit: int = 100, offset: int = 0) -> tuple[Exam, ...]:
        newest_first = list(self._exams.values())[::-1]
        return tuple(replace(exam, images=(), skipped=()) for exam in newest_first[offset : offset + limit])

    def whole_exams(self) -> tuple[Exam, ...]:
        """Oldest first, with their images; for the other fakes."""
        return tuple(self._exams.values())

    def file_exams(self, folder_ids: Mapping[str, str | None]) -> None:
        for folder_id in set(folder_ids.values()) - {None}:
            self.folders.require(str(folder_id))
        filed = {exam_id: replace(self.exam(exam_id), folder_id=place) for exam_id, place in folder_ids.items()}
        self._exams.update(filed)

    def archive_exams(self, exam_ids: Collection[str], is_archived: bool) -> None:
        changed = {exam_id: replace(self.exam(exam_id), is_archived=is_archived) for exam_id in exam_ids}
        for exam_id, exam in changed.items():
            if is_archived and exam.state is ExamState.OPEN:
                raise ExamError(f"could not archive exam {exam_id}: it is open", "Finish or discard it first.")
        self._exams.update(changed)

    def open_exam(self) -> Exam | None:
        return next((exam for exam in tuple(self._exams.values()) if exam.state is ExamState.OPEN), None)

    def read_png(self, exam_id: str, image_id: str) -> bytes:
        image = _find(self.exam(exam_id).images, exam_id, image_id)
        self.require_pictures(exam_id)
        if image.image_id not in self._pngs:
            raise StoreError(f"could not read the image {image.file_name}: it is missing")
        return self._pngs[image.image_id]

    def is_erased(self, exam_id: str) -> bool:
        """Whether the exam's patient was."""
        patient = self.patients.patient_of(self.exam(exam_id).patient_pseudonym)
        return patient is not None and patient.erased_at_utc is not None

    def require_pictures(self, exam_id: str) -> None:
        if self.is_erased(exam_id):
            raise ErasedError("the pictures of this exam were erased with its patient", "Its figures are kept.")

    def erase_exams_of(self, patient_pseudonym: str) -> tuple[str, ...]:
        mine = [exam for exam in tuple(self._exams.values()) if exam.patient_pseudonym == patient_pseudonym]
        if any(exam.state is ExamState.OPEN for exam in mine):
            raise ExamError("an exam of this patient is open", "Finish or discard it first.")
        for exam in mine:
            for image in exam.images:
                self._pngs.pop(image.image_id, None)
            skipped = tuple(replace(one, reason=ERASED_TEXT) for one in exam.skipped)
            self._exams[exam.exam_id] = replace(exam, is_archived=True, skipped=skipped)
        return tuple(exam.exam_id for exam in mine)

    def import_exams(self, imports: Sequence[ExamImport], now_utc: datetime, journal: Journal | None = None) -> None:
        for one in imports:
            check_import(one)
            is_known = one.exam.exam_id in self._exams or any(i.image_id in self._pngs for i in one.exam.images)
            if is_known:
                raise already_kept(one.exam)
        self._require_room("import the exams")
        if len({one.exam.exam_id for one in imports}) != len(imports):
            raise StoreError("could not import the exams: one of them is there twice", "Export them again.")
        files = [kept_files(one) for one in imports]
        with self.database.transaction():
            for one, content in zip(imports, files, strict=True):
                self._take_in(one, content, now_utc)
            write_notes(imports, journal)

    def import_mark(self, exam_id: str) -> ImportMark | None:
        return self._marks.get(exam_id)

    def _take_in(self, one: ExamImport, content: Mapping[str, bytes], now_utc: datetime) -> None:
        name = one.exam.patient_pseudonym
        patient = self.patients.patient_of(name) or self.patients.add_patient(name, now_utc)
        self._pngs.update(content)
        self._order.extend(content)
        self._exams[one.exam.exam_id] = replace(
            one.exam, patient_pseudonym=patient.pseudonym, folder_id=None, is_archived=False
        )
        self._marks[one.exam.exam_id] = ImportMark(one.origin, now_utc)
        if one.message is not None:
            self.outbox.insert(one.exam.exam_id, one.message, now_utc)

    def _close(self, exam: Exam, state: ExamState, now_utc: datetime) -> Exam:
        self._removed.clear()
        self._exams[exam.exam_id] = replace(exam, state=state, finished_at_utc=now_utc)
        return self._exams[exam.exam_id]

    def _require_open(self, exam_id: str, attempt: str) -> Exam:
        exam = self._exams.get(exam_id)
        if exam is None:
            raise StoreError(f"could not {attempt}: there is no exam {exam_id}", "Start an exam first.")
        if exam.state is not ExamState.OPEN:
            raise StoreError(f"could not {attempt}: exam {exam_id} is {exam.state.value}", "Start a new exam.")
        return exam

    def _require_room(self, attempt: str) -> None:
        if self._is_full:
            raise disk_full(attempt, Path("memory"))


def _find(images: tuple[CapturedImage, ...], exam_id: str, image_id: str) -> CapturedImage:
    for image in images:
        if image.image_id == image_id:
            return image
    raise NotKeptError(f"there is no image {image_id} in exam {exam_id}", "Choose one from the exam.")
