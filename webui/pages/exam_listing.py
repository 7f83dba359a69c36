"""What lists of exams share."""

from typing import Any

from appliance.domain.exam import ExamState
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
        "nothing": _why_nothing(services, asked),
        "format_moment": format_moment,
    }


def _why_nothing(services: Services, asked: ExamSearchBody) -> str:
    """The text that an empty list shows: what its emptiness means."""
    if services.finder.search(ExamQuery(is_archived=None), 1).total == 0:
        return "organise.no_exams"
    is_narrowed = bool(asked.text.strip() or asked.from_date or asked.to_date or asked.hand or asked.finger)
    places = {
        "none_to_validate": asked.state is ExamState.FINISHED and asked.is_validated is False,
        "none_archived": asked.is_archived is True and asked.state is None and asked.is_validated is None,
        "none_unfiled": asked.is_filed is False and asked.state is None and asked.is_validated is None,
        "none_in_folder": asked.folder_id is not None and asked.state is None and asked.is_validated is None,
    }
    place = next((name for name, is_it in places.items() if is_it), None)
    return "organise.nothing_found" if is_narrowed or place is None else f"organise.{place}"


def page_count(total: int) -> int:
    """How many pages a list of that many has."""
    return max(1, -(-total // PAGE_SIZE))
