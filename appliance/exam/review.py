"""What the physician made of an exam: the machine's answers with the journal's edits on top."""

from appliance.domain.review import ReviewedExam, unreviewed
from appliance.ports import ExamStore, Journal


class ReviewDesk:
    """Exams as reviewed. Safe for calls from any thread."""

    def __init__(self, store: ExamStore, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    def reviewed(self, exam_id: str) -> ReviewedExam:
        """The exam as it stands now. Raises NotKeptError if there is no such exam."""
        return unreviewed(self._store.exam(exam_id))
