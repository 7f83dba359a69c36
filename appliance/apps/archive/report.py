"""The report desk of a command line, over the kept exams."""

from pathlib import Path

from appliance.apps.archive.data_folder import ExamArchive
from appliance.apps.archive.pattern_advice import PatternAdvisor
from appliance.apps.system_clock import SystemClock
from appliance.domain.exam import Exam, ExamState
from appliance.exam.report_facts import ReportFacts, figures_of
from appliance.exports.report.folder import ReportFolder
from appliance.exports.report.report_service import ReportService, ReportSources
from appliance.inference.pattern_classifier import load_classifier

_PAGE = 500


def archive_report_service(archive: ExamArchive, folder: Path, software_version: str) -> ReportService:
    """Reports on the exams of an archive; accounts are printed by their names.

    Args:
        folder: with the clinic's own form, template, style and logo; need not exist. An installed pattern classifier
            lies beside it.
    """
    facts = ReportFacts(archive.journal)

    def exams_of(pseudonym: str) -> list[Exam]:
        found: list[Exam] = []
        offset = 0
        while page := archive.exams.exams(_PAGE, offset):
            found += [one for one in page if one.patient_pseudonym == pseudonym and one.state is ExamState.FINISHED]
            offset += _PAGE
        return found

    def journal_head() -> str:
        newest = archive.journal.entries(limit=1)
        return f"{newest[-1].seq} {newest[-1].hash}" if newest else ""

    sources = ReportSources(
        reviewed=archive.reviews.reviewed,
        figures=lambda exam_id: figures_of(archive.reviews.reviewed(exam_id), facts),
        facts=facts.of,
        exams_of=exams_of,
        png=archive.exams.read_png,
        full_name=str,
        journal_head=journal_head,
        now_utc=SystemClock().now_utc,
        software_version=software_version,
        pattern_advice=PatternAdvisor(archive.exams, load_classifier(folder.parent / "pattern")),
    )
    return ReportService(sources, ReportFolder(folder))
