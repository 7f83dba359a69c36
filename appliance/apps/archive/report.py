"""Reports of kept exams, for the pages and for a command line alike."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from appliance.accounts.full_names import full_names
from appliance.domain.exam import Exam, ExamState
from appliance.domain.exam_search import ExamQuery
from appliance.domain.pattern import PatternAdvice
from appliance.domain.review import ReviewedExam
from appliance.exam.report_facts import ReportFacts, figures_of
from appliance.exam.review_service import ReviewService
from appliance.exports.report.folder import ReportFolder
from appliance.exports.report.report_service import MOST_EARLIER, ReportService, ReportSources
from appliance.ports import AccountStore, ExamFinder, ExamStore, Journal

# A patient's newest exams, some of which may be newer than the one reported on.
_MOST_SEARCHED = 10 * MOST_EARLIER


def build_report_service(
    folder: Path,
    store: ExamStore,
    finder: ExamFinder,
    accounts: AccountStore,
    journal: Journal,
    now_utc: Callable[[], datetime],
    version: str,
    pattern_advice: Callable[[ReviewedExam], PatternAdvice | None],
) -> ReportService:
    """Reports on what these stores keep; accounts are printed by their full names.

    Args:
        folder: with the clinic's own form, template, style and logo; need not exist.
    """
    reviews, facts = ReviewService(store, journal), ReportFacts(journal)

    def exams_of(pseudonym: str) -> list[Exam]:
        query = ExamQuery(pseudonym=pseudonym, state=ExamState.FINISHED, is_archived=None)
        return [entry.exam for entry in finder.search(query, limit=_MOST_SEARCHED).exams]

    sources = ReportSources(
        reviewed=reviews.reviewed,
        figures=lambda exam_id: figures_of(reviews.reviewed(exam_id), facts),
        facts=facts.of,
        exams_of=exams_of,
        png=store.read_png,
        full_name=full_names(accounts),
        journal=journal,
        now_utc=now_utc,
        software_version=version,
        pattern_advice=pattern_advice,
    )
    return ReportService(sources, ReportFolder(folder))
