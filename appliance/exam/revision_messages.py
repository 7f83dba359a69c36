"""An exam that was validated, or no longer is, on its way out: a revision of what was sent when it was finished."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.domain.review import ReviewedExam
from appliance.exam.message import BoxAddress, build_corrected_message
from appliance.ports import ExamMessage


@dataclass(frozen=True)
class RevisionMessages:
    """What a corrected message needs from the rest of the station.

    Attributes:
        newest_message_id: of an exam, by its id; None where nothing was sent about it from here.
        wake: called once the message is queued.
    """

    address: BoxAddress
    newest_message_id: Callable[[str], str | None]
    now_utc: Callable[[], datetime]
    wake: Callable[[], None] = lambda: None

    def message(self, reviewed: ReviewedExam, revision: int, *, is_validated: bool = True) -> ExamMessage | None:
        """The message of that revision; None for an exam of which nothing was sent from here: an imported one.

        Args:
            is_validated: False for one whose validation is taken back.

        Raises:
            ExportError: it does not fit its format.
        """
        exam_id = reviewed.exam.exam_id
        replaces = self.newest_message_id(exam_id)
        if replaces is None:
            return None
        message = build_corrected_message(
            reviewed, self.address, self.now_utc(), revision, replaces, is_validated=is_validated
        )
        return ExamMessage(exam_id, message)
