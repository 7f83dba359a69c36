"""The report on screen, its pictures, and the page of its settings."""

from flask import Blueprint, Response, render_template, request, url_for

from appliance.domain.account import Role
from appliance.domain.figure_definitions import DEFINITIONS, EXAM_ONLY
from appliance.domain.validation import VALIDATED, ValidatedPart
from appliance.exports.report.folder import CONCLUSIONS_NAME, CUSTOM_NAMES, LOGO_NAMES, STYLE_NAME
from appliance.exports.report.form import PAGES, PAPERS, STANDARD_FORM
from appliance.exports.report.localisation import LANGUAGES, Localisation
from appliance.exports.report.report_service import Choice
from appliance.exports.report.template import STANDARD_FOLDER, TEMPLATE_NAME
from webui.auth.current_account import current_account, requires
from webui.localisation.language import current_language
from webui.services import Services

_WIDEST_PX = 2048
_STANDARD = {TEMPLATE_NAME: STANDARD_FOLDER / TEMPLATE_NAME, STYLE_NAME: STANDARD_FOLDER / STYLE_NAME}
_STANDARD |= {"form.toml": STANDARD_FORM, CONCLUSIONS_NAME: STANDARD_FOLDER / CONCLUSIONS_NAME}


def report_blueprint(services: Services) -> Blueprint:
    """/exams/<id>/report and /settings/report"""
    pages = Blueprint("report", __name__)
    service = services.reports

    @pages.get("/exams/<uuid:exam_id>/report")
    def page(exam_id: object) -> str:
        services.store.require_pictures(str(exam_id))
        form, exam = service.folder.form(), services.store.exam(str(exam_id))
        is_validated = services.reviews.log(exam.exam_id).validated_by is not None
        return render_template(
            "report.html",
            exam=exam,
            form=form,
            words=Localisation(current_language()),
            facts=services.facts.of(exam.exam_id),
            languages=LANGUAGES,
            papers=PAPERS,
            may_rate=_may(ValidatedPart.RATING, is_validated),
            may_state=_may(ValidatedPart.FACTS, is_validated),
        )

    @pages.get("/exams/<uuid:exam_id>/report/document.html")
    def document(exam_id: object) -> str:
        def picture(image_id: str, is_drawn: bool, width_px: int) -> str:
            drawn = int(is_drawn)
            return url_for(".picture", exam_id=exam_id, image_id=image_id, drawn=drawn, width=width_px)

        services.store.require_pictures(str(exam_id))
        choice = Choice(request.args.get("language") or None, made_by=current_account().name)
        return service.html(str(exam_id), choice, picture, url_for(".logo"), url_for(".style"))

    @pages.get("/exams/<uuid:exam_id>/report/images/<uuid:image_id>.jpg")
    def picture(exam_id: object, image_id: object) -> Response:
        width_px = min(max(64, request.args.get("width", 1400, type=int)), _WIDEST_PX)
        is_drawn = request.args.get("drawn", 1, type=int) == 1
        return Response(service.picture(str(exam_id), str(image_id), is_drawn, width_px), mimetype="image/jpeg")

    @pages.get("/report/style.css")
    def style() -> Response:
        return Response(service.folder.style(), mimetype="text/css")

    @pages.get("/report/logo")
    def logo() -> Response:
        found = service.folder.logo()
        return Response(status=404) if found is None else Response(found[0], mimetype=found[1])

    @pages.get("/settings/report")
    @requires(Role.ADMINISTRATOR)
    def settings() -> str:
        return render_template(
            "report_settings.html",
            form=service.folder.form(),
            words=Localisation("en"),
            own=service.folder.own_files(),
            names=[name for name in CUSTOM_NAMES if name not in LOGO_NAMES],
            logo=next((name for name in service.folder.own_files() if name in LOGO_NAMES), ""),
            languages=LANGUAGES,
            papers=PAPERS,
            pages=PAGES,
            figure_keys=tuple(DEFINITIONS),
            column_keys=tuple(key for key in DEFINITIONS if key not in EXAM_ONLY),
        )

    @pages.get("/settings/report/files/<name>")
    @requires(Role.ADMINISTRATOR)
    def file(name: str) -> Response:
        """The clinic's file, or the standard one to begin with."""
        own = service.folder.path / name
        source = own if name in service.folder.own_files() else _STANDARD.get(name)
        if source is None:
            return Response(status=404)
        answer = Response(source.read_bytes(), mimetype="text/plain")
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    return pages


def _may(what: ValidatedPart, is_validated: bool) -> bool:
    """Whether the account that asks may change it now."""
    return current_account().role.includes(VALIDATED[what].role(is_validated))
