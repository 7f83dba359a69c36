"""The review of an exam that came from another box, as entries of this box's journal."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from appliance.domain.errors import ApplianceError, ExportError
from appliance.domain.exam import Exam
from appliance.domain.journal import JournalNote
from appliance.exam.report_facts import STATED, ReportFacts, facts_subject
from appliance.exam.review_log import fold, review_subject
from appliance.exam.review_service import reviewed_as
from appliance.ports import Journal
from appliance.storage.memory_journal import MemoryJournal

IMPORTED_ACTOR = "@imported"
"""Behind the name of an account of another box: nobody here may be taken for it."""
_MOST_ENTRIES = 100_000


def read_review(exam: Exam, entries: Sequence[Mapping[str, Any]]) -> tuple[JournalNote, ...]:
    """The other box's review and report facts, oldest first; each names where it stood in that chain.

    They are tried on a journal of their own first: what does not make a readable review is not taken over at all.

    Raises:
        ExportError: the entries cannot be repeated; the exam stays as the machine saw it.
    """
    if len(entries) > _MOST_ENTRIES:
        raise ExportError(f"it has {len(entries)} entries")
    review, facts = review_subject(exam.exam_id), facts_subject(exam.exam_id)
    try:
        notes = tuple(_note(one) for one in entries if one["subject"] in (review, facts))
        trial = MemoryJournal(lambda: datetime.now(timezone.utc))
        for note in notes:
            trial.append(note.actor, note.subject, note.action, note.detail)
        reviewed_as(exam, fold(trial.entries(review)))
        _check_facts(trial, exam.exam_id)
    except (KeyError, TypeError, ValueError, AttributeError, ApplianceError) as error:
        raise ExportError(f"its journal cannot be read ({type(error).__name__})", "Review the exam again.") from error
    return notes


def _note(one: Mapping[str, Any]) -> JournalNote:
    came_from = {key: one[key] for key in ("seq", "at", "hash")}
    actor = str(one["actor"]).removesuffix(IMPORTED_ACTOR)[:64]
    detail = {**one["detail"], "imported": came_from}
    return JournalNote(f"{actor}{IMPORTED_ACTOR}", str(one["subject"]), str(one["action"]), detail)


def _check_facts(trial: Journal, exam_id: str) -> None:
    if any(entry.action != STATED for entry in trial.entries(facts_subject(exam_id))):
        raise ValueError("an entry about the report's facts that is none")
    ReportFacts(trial).of(exam_id)
