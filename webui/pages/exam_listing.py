"""What lists of exams share."""

from typing import Any

from appliance.domain.exam_search import ExamEntry, ExamPage, ExamQuery
from webui.api.search_bodies import PAGE_SIZE, ExamSearchBody
from webui.localisation.formatting import format_moment
from webui.pages.folder_view import FolderView
from webui.services import Services


def exam_rows(services: Services, asked: ExamSearchBody, folders: FolderView) -> dict[str, Any]:
    """What `exams_rows.html` needs to show one page of the exams that meet the conditions."""
    found: ExamPage = services.finder.search(asked.query(services.patients), PAGE_SIZE, asked.offset)

    def name(entry: ExamEntry) -> str:
        identity = services.patients.patient(entry.patient_id).identity
        return "" if identity is None else identity.name

    return {
        "found": found,
        "page": asked.page,
        "pages": page_count(found.total),
        "name": name,
        "folders": folders,
        "message_state": services.message_state,
        "nothing": "organise.nothing_found" if found.total or _has_exams(services) else "organise.no_exams",
        "format_moment": format_moment,
    }


def _has_exams(services: Services) -> bool:
    return services.finder.search(ExamQuery(is_archived=None), 1).total > 0


def page_count(total: int) -> int:
    """How many pages a list of that many has."""
    return max(1, -(-total // PAGE_SIZE))
