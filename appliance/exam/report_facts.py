"""What a report says beside the figures: preparation, medication and the physician's own ratings."""

from collections.abc import Mapping

from appliance.analysis.exam_figures import exam_figures
from appliance.domain.errors import ExamError
from appliance.domain.exam_figures import ExamFigures
from appliance.domain.review import ReviewedExam
from appliance.ports import Journal

STATED = "report.stated"
DISORGANISATION = "disorganisation"
LONGEST_FACT = 2000
HIGHEST_RATING = 3.0

Fact = str | float
Facts = Mapping[str, Fact]


class ReportFacts:
    """Facts of each exam, by the keys of the report's form; kept in the journal, where the newest entry counts."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def of(self, exam_id: str) -> Facts:
        """What was stated last; empty where nothing was."""
        newest = self._journal.entries(facts_subject(exam_id), limit=1)
        return dict(newest[-1].detail["facts"]) if newest else {}

    def state(self, exam_id: str, facts: Facts, actor: str) -> None:
        """Replace what was stated; empty texts are left out.

        Raises:
            ExamError: a text is too long, or the rating of the array is none from 0 to 3.
        """
        kept = {key: fact for key, fact in facts.items() if fact != ""}
        for key, fact in kept.items():
            if isinstance(fact, str) and len(fact) > LONGEST_FACT:
                raise ExamError(f"{key} has {len(fact)} characters", f"Keep it below {LONGEST_FACT}.")
        rating = kept.get(DISORGANISATION)
        if rating is not None and not (isinstance(rating, int | float) and 0 <= rating <= HIGHEST_RATING):
            raise ExamError(f"the array cannot be rated {rating}", "Rate it from 0 to 3.")
        self._journal.append(actor, facts_subject(exam_id), STATED, {"facts": kept})


def figures_of(reviewed: ReviewedExam, facts: ReportFacts) -> ExamFigures:
    """The figures of an exam, with the physician's rating of the array."""
    rating = facts.of(reviewed.exam.exam_id).get(DISORGANISATION)
    return exam_figures(reviewed, float(rating) if isinstance(rating, int | float) else None)


def facts_subject(exam_id: str) -> str:
    """What the journal calls the facts of an exam."""
    return f"facts:{exam_id}"
