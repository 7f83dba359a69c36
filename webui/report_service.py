"""The report desk of a station: its sources are the station's services."""

from appliance.domain.exam import Exam, ExamState
from appliance.domain.exam_search import ExamQuery
from appliance.exports.report.folder import ReportFolder
from appliance.exports.report.report_service import MOST_EARLIER, ReportService, ReportSources
from webui.services import Services

# A patient's newest exams, some of which may be newer than the one reported on.
_MOST_SEARCHED = 10 * MOST_EARLIER


def report_service(services: Services) -> ReportService:
    """Reports on what this station keeps."""

    def exams_of(pseudonym: str) -> list[Exam]:
        query = ExamQuery(pseudonym=pseudonym, state=ExamState.FINISHED, is_archived=None)
        return [entry.exam for entry in services.finder.search(query, limit=_MOST_SEARCHED).exams]

    def full_name(name: str) -> str:
        kept = services.accounts.store.by_name(name)
        return name if kept is None else kept.account.full_name

    def journal_head() -> str:
        newest = services.journal.entries(limit=1)
        return f"{newest[-1].seq} {newest[-1].hash}" if newest else ""

    sources = ReportSources(
        reviewed=services.reviews.reviewed,
        figures=services.figures,
        facts=services.facts.of,
        exams_of=exams_of,
        png=services.store.read_png,
        full_name=full_name,
        journal_head=journal_head,
        now_utc=services.now_utc,
        software_version=services.identity().software_version,
        pattern_advice=services.pattern_advice,
    )
    return ReportService(sources, ReportFolder(services.report_folder))
