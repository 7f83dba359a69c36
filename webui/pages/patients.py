"""The list of patients, and one patient with every exam."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.domain.account import Role
from appliance.domain.errors import ExamError
from appliance.domain.exam import ExamState
from appliance.domain.exam_search import ExamQuery
from appliance.domain.patient import Patient, PatientPage
from webui.api.search_bodies import PAGE_SIZE, PageBody, asked_of
from webui.auth.current_account import actor, current_account, requires
from webui.localisation.formatting import format_moment
from webui.pages.exam_listing import page_count
from webui.pages.folder_view import FolderView
from webui.services import Services

_MOST_EXAMS = 200


def patients_blueprint(services: Services) -> Blueprint:
    """/patients"""
    pages = Blueprint("patients", __name__, url_prefix="/patients")
    store = services.patients

    def rows(found: PatientPage, asked: PageBody) -> dict[str, object]:
        today = services.now_utc().astimezone().date()
        return {
            "found": found,
            "page": asked.page,
            "nothing": "organise.nothing_found" if asked.text else "organise.no_patients",
            "pages": page_count(found.total),
            "format_moment": format_moment,
            "today": today,
        }

    @pages.get("/")
    def list_page() -> str:
        return render_template(
            "patients.html", problem=store.problem, **rows(store.patients(limit=PAGE_SIZE), asked_of(PageBody, {}))
        )

    @pages.post("/rows")
    def list_rows() -> str:
        asked = asked_of(PageBody, request.get_json())
        found = store.patients(asked.text, PAGE_SIZE, asked.offset)
        return render_template("patients_rows.html", **rows(found, asked))

    @pages.get("/<uuid:patient_id>")
    def patient_page(patient_id: object) -> str:
        patient = store.patient(str(patient_id))
        found = services.finder.search(_every_exam_of(patient), limit=_MOST_EXAMS)
        return render_template(
            "patient.html",
            patient=patient,
            problem=store.problem,
            found=found,
            figures=services.figures,
            has_figures=lambda entry: entry.exam.state is ExamState.FINISHED and entry.image_count,
            folders=FolderView(services.folders),
            today=services.now_utc().astimezone().date(),
            may_erase=current_account().role.includes(Role.PHYSICIAN),
            open_exam=_open_pseudonym(services),
            format_moment=format_moment,
        )

    def erase_form(patient: Patient, refusal: ExamError | None = None) -> str:
        exams = services.finder.search(_every_exam_of(patient), limit=1).total
        return render_template("erase.html", patient=patient, exams=exams, refusal=refusal, format_moment=format_moment)

    @pages.get("/<uuid:patient_id>/erase")
    @requires(Role.PHYSICIAN)
    def erase_page(patient_id: object) -> str:
        return erase_form(store.patient(str(patient_id)))

    @pages.post("/<uuid:patient_id>/erase")
    @requires(Role.PHYSICIAN)
    def erase(patient_id: object) -> ResponseReturnValue:
        patient = store.patient(str(patient_id))
        try:
            services.organisation.erase_patient(actor(), patient.patient_id, request.form.get("confirmation", ""))
        except ExamError as error:
            return erase_form(patient, error), 409
        services.exchange.forget_files()
        return redirect(url_for("patients.patient_page", patient_id=patient.patient_id))

    return pages


def _every_exam_of(patient: Patient) -> ExamQuery:
    return ExamQuery(pseudonym=patient.pseudonym, is_archived=None)


def _open_pseudonym(services: Services) -> str | None:
    """Whose exam is under way; None between exams."""
    exam = services.exam.snapshot().exam
    return None if exam is None else exam.patient_pseudonym
