"""What a report says beside the figures: preparation, medication and the physician's own ratings."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from appliance.analysis.exam_figures import exam_figures
from appliance.domain.account import Role
from appliance.domain.errors import AccessError, ExamError
from appliance.domain.exam_figures import ExamFigures
from appliance.domain.json_value import JsonObject
from appliance.domain.review import ReviewedExam
from appliance.domain.validation import VALIDATED, ValidatedPart
from appliance.exam.review_log import FACTS_STATED, ReviewLog, fold, review_subject
from appliance.ports import ExamMessage, Journal

STATED = "report.stated"
DISORGANISATION = "disorganisation"
LONGEST_FACT = 2000
HIGHEST_RATING = 3.0

Fact = str | float
Facts = Mapping[str, Fact]


Withdrawal = Callable[[str, ReviewLog, str, JsonObject, str], ExamMessage | None]


def _nothing(*_: object) -> None:
    """Of a folder from which nothing is sent."""


class ReportFacts:
    """Facts of each exam, by the keys of the report's form; kept in the journal, where the newest entry counts."""

    def __init__(self, journal: Journal, withdrawal: Withdrawal = _nothing) -> None:
        """`withdrawal`: the message that a validation taken back sends; see ReviewService."""
        self._journal = journal
        self._withdrawal = withdrawal

    def of(self, exam_id: str) -> Facts:
        """What was stated last; empty where nothing was."""
        newest = self._journal.entries(facts_subject(exam_id), limit=1)
        return cast(Facts, newest[-1].detail["facts"]) if newest else {}

    def role_needed(self, exam_id: str, facts: Facts) -> Role | None:
        """The least role that may state this now, by the table of what a validation covers; None if nothing changes."""
        covered = _covered(_changed(self.of(exam_id), _kept(facts)))
        is_validated = self._log(exam_id).validated_by is not None
        needed = [VALIDATED[one].role(is_validated) for one in covered]
        return max(needed, key=list(Role).index, default=None)

    def state(self, exam_id: str, facts: Facts, actor: str, role: Role) -> None:
        """Replace what was stated; empty texts are left out, and nothing is written where nothing changes.

        Under a validation this takes it back and sends a revision that says so, in the same transaction; another one
        follows when a physician validates it again.

        Args:
            role: of the actor.

        Raises:
            ExamError: a text is too long, or the rating of the array is none from 0 to 3.
            AccessError: the role may not change that, or no longer, because the exam is validated.
        """
        kept = _kept(facts)
        check_facts(kept)
        with self._journal.transaction("state the facts of the report"):
            changed, log = _changed(self.of(exam_id), kept), self._log(exam_id)
            if not changed:
                return
            needed = self.role_needed(exam_id, facts)
            if needed is not None and not role.includes(needed):
                raise AccessError(
                    f"{', '.join(changed)} can be changed by the role {needed.value} alone",
                    "The exam may be validated: ask a physician to change it and to validate it again.",
                )
            if log.validated_by is not None:
                detail: dict[str, Any] = {"fields": changed, "invalidates": log.validated_by}
                message = self._withdrawal(exam_id, log, FACTS_STATED, detail, actor)
                if message is not None:
                    detail["msg_id"] = message.message.msg_id
                subject = review_subject(exam_id)
                self._journal.append(actor, subject, FACTS_STATED, detail, follows=log.revision, publishes=message)
            self._journal.append(actor, facts_subject(exam_id), STATED, {"facts": kept})

    def _log(self, exam_id: str) -> ReviewLog:
        return fold(self._journal.entries(review_subject(exam_id)))


def _kept(facts: Facts) -> dict[str, Fact]:
    return {key: fact for key, fact in facts.items() if fact != ""}


def _changed(before: Facts, after: Facts) -> list[str]:
    """Keys whose fact is another one."""
    return [key for key in dict.fromkeys([*before, *after]) if before.get(key) != after.get(key)]


def _covered(keys: Iterable[str]) -> set[ValidatedPart]:
    return {ValidatedPart.RATING if key == DISORGANISATION else ValidatedPart.FACTS for key in keys}


def check_facts(facts: Facts) -> None:
    """Raises ExamError for a text that is too long, and for a rating of the array that is none from 0 to 3."""
    for key, fact in facts.items():
        if isinstance(fact, str) and len(fact) > LONGEST_FACT:
            raise ExamError(f"{key} has {len(fact)} characters", f"Keep it below {LONGEST_FACT}.")
    rating = facts.get(DISORGANISATION)
    if rating is not None and not (isinstance(rating, int | float) and 0 <= rating <= HIGHEST_RATING):
        raise ExamError(f"the array cannot be rated {rating}", "Rate it from 0 to 3.")


def figures_of(reviewed: ReviewedExam, facts: ReportFacts) -> ExamFigures:
    """The figures of an exam, with the physician's rating of the array."""
    rating = facts.of(reviewed.exam.exam_id).get(DISORGANISATION)
    return exam_figures(reviewed, float(rating) if isinstance(rating, int | float) else None)


def facts_subject(exam_id: str) -> str:
    """What the journal calls the facts of an exam."""
    return f"facts:{exam_id}"
