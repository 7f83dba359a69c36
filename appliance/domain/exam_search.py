"""What the list of exams can be asked."""

from dataclasses import dataclass
from datetime import datetime

from appliance.domain.exam import Exam, ExamState, Finger, Hand


@dataclass(frozen=True)
class ExamQuery:
    """Conditions that an exam must meet all of; what is None or empty is no condition.

    Attributes:
        text: words that must all be found in the pseudonym or in the patient's identity.
        pseudonym: exactly this patient's.
        from_utc, before_utc: started at or after, and before.
        hand, finger: has a picture of it.
        folder_id: filed there or below.
        is_filed: in some folder, or in none.
        is_validated: as the exam is now.
        is_archived: in the archive, or not in it.
        hides_discarded: leaves out what was discarded; of no meaning with `state`.
    """

    text: str = ""
    pseudonym: str | None = None
    from_utc: datetime | None = None
    before_utc: datetime | None = None
    hand: Hand | None = None
    finger: Finger | None = None
    folder_id: str | None = None
    is_filed: bool | None = None
    state: ExamState | None = None
    is_validated: bool | None = None
    is_archived: bool | None = False
    hides_discarded: bool = False


@dataclass(frozen=True)
class ExamEntry:
    """An exam in a list: without its pictures, but with how many there are.

    Attributes:
        patient_id: of the patient whose pseudonym it carries.
    """

    exam: Exam
    patient_id: str
    image_count: int
    is_validated: bool


@dataclass(frozen=True)
class ExamPage:
    """Some of the exams that were found, newest first, and how many there are in all."""

    exams: tuple[ExamEntry, ...]
    total: int
