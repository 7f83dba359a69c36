"""Everything that a report is made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from appliance.domain.exam_figures import ExamFigures
from appliance.domain.pattern import PatternAdvice
from appliance.domain.review import ReviewedExam


@dataclass(frozen=True)
class EarlierExam:
    """An exam of the same patient, for comparison.

    Attributes:
        engines: role to "sha256:..." of its newest image; empty without images.
    """

    exam_id: str
    started_at_utc: datetime
    figures: ExamFigures
    engines: Mapping[str, str]


@dataclass(frozen=True)
class Material:
    """One exam and what is known around it.

    Attributes:
        figures: of the exam as reviewed.
        machine: of the machine's answers alone.
        facts: what was stated in the report's form, by key.
        earlier: oldest first.
        operator: full name of who started the exam; empty where nobody was noted.
        validator: full name of the physician who validated; empty before.
        journal_head: "1234 sha256..." of the newest entry of the journal; empty where none is at hand.
        made_by: the account that asks; empty on the command line.
        software_version: of this box now.
        advice: of an installed pattern classifier; None without one, and where the form leaves it out.
    """

    reviewed: ReviewedExam
    figures: ExamFigures
    machine: ExamFigures
    facts: Mapping[str, str | float]
    earlier: tuple[EarlierExam, ...]
    operator: str
    validator: str
    journal_head: str
    made_at_utc: datetime
    made_by: str
    software_version: str
    advice: PatternAdvice | None = None


PictureSource = Callable[[str, bool, int], str]
"""Address of a picture of the exam: image id, whether findings are drawn, width in pixels."""


def engines_of(reviewed: ReviewedExam) -> Mapping[str, str]:
    """The engines of the newest image; empty without images."""
    if not reviewed.images:
        return {}
    return reviewed.images[-1].image.analysis.identity.engines
