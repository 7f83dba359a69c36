"""The review of an exam that came from another box, written into this box's journal."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from appliance.domain.errors import ApplianceError, ExportError
from appliance.exam.report_facts import STATED, ReportFacts
from appliance.exam.review_log import review_subject
from appliance.exam.review_service import ReviewService
from appliance.ports import ExamStore, Journal
from appliance.storage.memory_journal import MemoryJournal

IMPORTED_ACTOR = "@imported"
"""Behind the name of an account of another box: nobody here may be taken for it."""
_MOST_ENTRIES = 100_000


def import_review(exam_id: str, entries: Sequence[Mapping[str, Any]], store: ExamStore, journal: Journal) -> str:
    """Repeat the other box's review and report entries here, oldest first; each names where it stood in that chain.

    They are tried on a journal of their own first: what does not make a readable review is not taken over at all.

    Raises:
        ExportError: the entries cannot be repeated; the exam stays as the machine saw it.
    """
    if len(entries) > _MOST_ENTRIES:
        raise ExportError(f"it has {len(entries)} entries")
    try:
        wanted = [_entry(one) for one in entries if one["subject"] in (review_subject(exam_id), f"report:{exam_id}")]
        trial = MemoryJournal(lambda: datetime.now(timezone.utc))
        _write(trial, wanted)
        ReviewService(store, trial).reviewed(exam_id)
        _check_facts(trial, exam_id)
    except (KeyError, TypeError, ValueError, AttributeError, ApplianceError) as error:
        raise ExportError(f"its journal cannot be read ({type(error).__name__})", "Review the exam again.") from error
    _write(journal, wanted)
    return ""


def _entry(one: Mapping[str, Any]) -> tuple[str, str, str, dict[str, Any]]:
    came_from = {key: one[key] for key in ("seq", "at", "hash")}
    actor = str(one["actor"]).removesuffix(IMPORTED_ACTOR)[:64]
    return f"{actor}{IMPORTED_ACTOR}", str(one["subject"]), str(one["action"]), {**one["detail"], "imported": came_from}


def _write(journal: Journal, entries: Sequence[tuple[str, str, str, dict[str, Any]]]) -> None:
    for actor, subject, action, detail in entries:
        journal.append(actor, subject, action, detail)


def _check_facts(trial: Journal, exam_id: str) -> None:
    if any(entry.action != STATED for entry in trial.entries(f"report:{exam_id}")):
        raise ValueError("an entry about the report that is none")
    ReportFacts(trial).of(exam_id)
