"""The search over exams without a disk."""

from dataclasses import replace

from appliance.domain.exam import Exam, ExamState
from appliance.domain.exam_search import ExamEntry, ExamPage, ExamQuery
from appliance.domain.folder import FolderTree
from appliance.ports import Journal
from appliance.storage.memory_store import MemoryExamStore


class MemoryExamFinder:
    """The ExamFinder of a demonstration or a test."""

    def __init__(self, store: MemoryExamStore, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    def search(self, query: ExamQuery, limit: int = 50, offset: int = 0) -> ExamPage:
        if query.folder_id is not None:
            self._store.folders.require(query.folder_id)
        found = [exam for exam in self._store.whole_exams()[::-1] if self._fits(exam, query)]
        return ExamPage(tuple(self._entry(exam) for exam in found[offset : offset + limit]), len(found))

    def _fits(self, exam: Exam, query: ExamQuery) -> bool:
        return all(
            (
                query.pseudonym in (None, exam.patient_pseudonym),
                query.from_utc is None or exam.started_at_utc >= query.from_utc,
                query.before_utc is None or exam.started_at_utc < query.before_utc,
                query.state in (None, exam.state),
                not query.hides_discarded or query.state is not None or exam.state is not ExamState.DISCARDED,
                query.is_archived in (None, exam.is_archived),
                query.is_filed in (None, exam.folder_id is not None),
                query.is_validated in (None, self._is_validated(exam)),
                not query.text.strip() or exam.patient_pseudonym in self._store.patients.matching(query.text),
                query.folder_id is None or exam.folder_id in self._below(query.folder_id),
                self._has_picture(exam, query),
            )
        )

    def _has_picture(self, exam: Exam, query: ExamQuery) -> bool:
        if query.hand is None and query.finger is None:
            return True
        return any(query.hand in (None, one.hand) and query.finger in (None, one.finger) for one in exam.images)

    def _below(self, folder_id: str) -> tuple[str, ...]:
        return FolderTree(self._store.folders.folders()).below(folder_id)

    def _is_validated(self, exam: Exam) -> bool:
        newest = self._journal.entries(f"review:{exam.exam_id}", limit=1)
        return bool(newest) and newest[0].action == "review.validated"

    def _entry(self, exam: Exam) -> ExamEntry:
        patient = self._store.patients.patient_of(exam.patient_pseudonym)
        assert patient is not None, "every exam has a patient"
        shown = replace(exam, images=(), skipped=())
        return ExamEntry(shown, patient.patient_id, len(exam.single_images), self._is_validated(exam))
