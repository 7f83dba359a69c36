"""The list of patients, and one patient with every exam."""

from flask import Blueprint, render_template, request

from appliance.domain.exam import ExamState
from appliance.domain.exam_search import ExamQuery
from appliance.domain.patient import PatientPage
from webui.api.search_bodies import PAGE_SIZE, PageBody, asked_of
from webui.localisation.formatting import format_moment
from webui.pages.exam_listing import page_count
from webui.pages.folder_view import FolderView
from webui.services import Services

_MOST_EXAMS = 200


def patients_blueprint(services: Services) -> Blueprint:
    """/patients"""
    pages = Blueprint("patients", __name__, url_prefix="/patients")
    store = services.patients

    def rows(found: PatientPage, page: int) -> dict[str, object]:
        today = services.now_utc().astimezone().date()
        return {
            "found": found,
            "page": page,
            "pages": page_count(found.total),
            "format_moment": format_moment,
            "today": today,
        }

    @pages.get("/")
    def list_page() -> str:
        return render_template("patients.html", problem=store.problem, **rows(store.patients(limit=PAGE_SIZE), 0))

    @pages.post("/rows")
    def list_rows() -> str:
        asked = asked_of(PageBody, request.get_json())
        found = store.patients(asked.text, PAGE_SIZE, asked.offset)
        return render_template("patients_rows.html", **rows(found, asked.page))

    @pages.get("/<uuid:patient_id>")
    def patient_page(patient_id: object) -> str:
        patient = store.patient(str(patient_id))
        query = ExamQuery(pseudonym=patient.pseudonym, is_archived=None)
        found = services.finder.search(query, limit=_MOST_EXAMS)
        return render_template(
            "patient.html",
            patient=patient,
            problem=store.problem,
            found=found,
            figures=services.figures,
            has_figures=lambda entry: entry.exam.state is ExamState.FINISHED and entry.image_count,
            folders=FolderView(services.folders),
            today=services.now_utc().astimezone().date(),
            open_exam=_open_pseudonym(services),
            format_moment=format_moment,
        )

    return pages


def _open_pseudonym(services: Services) -> str | None:
    """Whose exam is under way; None between exams."""
    exam = services.exam.snapshot().exam
    return None if exam is None else exam.patient_pseudonym
