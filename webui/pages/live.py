"""The live page."""

from flask import Blueprint, render_template

from appliance.domain.errors import ExportError
from appliance.domain.metrics import EXTREMELY_LOWERED_UP_TO_PER_MM, NORMAL_FROM_PER_MM
from appliance.exam.report_facts import DISORGANISATION
from appliance.exports.report.form import FormField
from appliance.exports.report.localisation import Localisation
from appliance.exports.report.report_service import ReportService
from webui.localisation.language import current_language
from webui.services import Services
from webui.settings import WebSettings


def live_blueprint(services: Services, settings: WebSettings) -> Blueprint:
    """The page at /."""
    pages = Blueprint("live", __name__)

    @pages.get("/")
    def page() -> str:
        fact_fields, form_problem = _fact_fields(services.reports)
        return render_template(
            "live.html",
            settings=settings,
            normal_from=NORMAL_FROM_PER_MM,
            extreme_up_to=EXTREMELY_LOWERED_UP_TO_PER_MM,
            fact_fields=fact_fields,
            form_problem=form_problem,
            words=Localisation(current_language()),
        )

    return pages


def _fact_fields(reports: ReportService) -> tuple[tuple[FormField, ...], str]:
    """What the clinic's form asks for before there are pictures; a form with a fault stops no exam, and is told."""
    try:
        fields = reports.folder.form().fields
    except ExportError as error:
        return (), str(error)
    return tuple(field for field in fields if field.key != DISORGANISATION), ""
