"""The report over the API: PDF, what is stated in its form, and its settings."""

import base64
from typing import Literal

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from appliance.domain.account import Role
from appliance.domain.errors import ExportError
from appliance.exports.report.folder import FORM_NAME
from appliance.exports.report.form import FormField, ReportForm, read_form
from appliance.exports.report.report_service import Choice
from webui.api.openapi import Body, api_blueprint, file_response
from webui.api.paths import ExamPath
from webui.auth.current_account import actor, current_account, require, requires
from webui.services import Services

_TAGS = [Tag(name="report", description="The report of an exam")]
_PDF = file_response("application/pdf", description="The report")
Language = Literal["en", "es", "fr", "de", "it"]
Paper = Literal["a4", "letter"]
FileName = Literal["form.toml", "template.html.jinja", "style.css", "logo.svg", "logo.png", "logo.jpg"]


class ReportQuery(BaseModel):
    """How the report is printed; what is left out is as the clinic's form says."""

    model_config = ConfigDict(extra="forbid")

    paper: Paper | None = None
    language: Language | None = None


class FactsBody(Body):
    """Everything that is stated, by the keys of the form; what is left out is no longer stated."""

    facts: dict[str, str | float] = Field(max_length=100)


class FactsAnswer(BaseModel):
    """What is stated."""

    facts: dict[str, str | float]


class FormBody(Body):
    """What the page of settings chooses."""

    title: str = Field("", max_length=200)
    institution: str = Field("", max_length=200)
    address: str = Field("", max_length=500)
    footer: str = Field("", max_length=500)
    language: Language = "en"
    paper: Paper = "a4"
    pages: list[str] = Field(max_length=10)
    pattern_advice: bool = Field(True, description="Print what an installed pattern classifier says, beside the rules")
    figures: list[str] = Field(max_length=40)
    columns: list[str] = Field(max_length=40)
    fields: list[str] = Field(max_length=100, description="Keys of fields in their order; new keys become text fields")


class ReportFilePath(BaseModel):
    """Which file of the report folder."""

    name: FileName


class FileContentBody(Body):
    """A file's content."""

    content_base64: str = Field(max_length=700_000)


class FilesAnswer(BaseModel):
    """Which of the files the clinic has of its own."""

    files: list[str]


def report_api_blueprint(services: Services) -> APIBlueprint:
    """/api/v1/exams/<id>/report... and /api/v1/report/..."""
    api = api_blueprint("report_api", __name__, _TAGS)
    service = services.reports

    def files() -> Response:
        return jsonify(FilesAnswer(files=list(service.folder.own_files())).model_dump())

    @api.get("/exams/<exam_id>/report.pdf", summary="The report as PDF", responses=_PDF)
    def pdf(path: ExamPath, query: ReportQuery) -> Response:
        exam_id = str(path.exam_id)
        made = service.issue(exam_id, actor(), Choice(query.language, query.paper, actor()))
        answer = Response(made, mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'inline; filename="report-{exam_id}.pdf"'
        return answer

    @api.get("/exams/<exam_id>/report-facts", summary="What the report states", responses={"200": FactsAnswer})
    def facts(path: ExamPath) -> Response:
        exam = services.store.exam(str(path.exam_id))
        return jsonify(FactsAnswer(facts=dict(services.facts.of(exam.exam_id))).model_dump())

    @api.put("/exams/<exam_id>/report-facts", summary="State it anew", responses={"200": FactsAnswer})
    def state(path: ExamPath, body: FactsBody) -> Response:
        exam = services.store.exam(str(path.exam_id))
        needed = services.facts.role_needed(exam.exam_id, body.facts)
        if needed is not None:
            require(needed)
        services.facts.state(exam.exam_id, body.facts, actor(), current_account().role)
        return jsonify(FactsAnswer(facts=dict(services.facts.of(exam.exam_id))).model_dump())

    @api.put("/report/form", summary="Language, paper, texts and fields", responses={"200": FilesAnswer})
    @requires(Role.ADMINISTRATOR)
    def form(body: FormBody) -> Response:
        service.change_form(actor(), _changed(service.folder.form(), body))
        return files()

    @api.put("/report/files/<name>", summary="A template, style or logo of one's own", responses={"200": FilesAnswer})
    @requires(Role.ADMINISTRATOR)
    def keep(path: ReportFilePath, body: FileContentBody) -> Response:
        try:
            content = base64.b64decode(body.content_base64, validate=True)
        except ValueError as error:
            raise ExportError("the content is no base64", "Send the file's bytes in base64.") from error
        service.keep_file(actor(), path.name, content)
        return files()

    @api.delete("/report/files/<name>", summary="Back to the standard one", responses={"200": FilesAnswer})
    @requires(Role.ADMINISTRATOR)
    def remove(path: ReportFilePath) -> Response:
        service.remove_file(actor(), path.name)
        return files()

    return api


def _changed(form: ReportForm, body: FormBody) -> ReportForm:
    """The form with the page's choices; fields that it already has keep their kind, unit and label."""
    known = {one.key: one for one in (*read_form("", FORM_NAME).fields, *form.fields)}
    return ReportForm(
        title=body.title,
        institution=body.institution,
        address=body.address,
        footer=body.footer,
        language=body.language,
        paper=body.paper,
        pages=tuple(body.pages),
        pattern_advice=body.pattern_advice,
        figures=tuple(body.figures),
        columns=tuple(body.columns),
        fields=tuple(known.get(key, FormField(key)) for key in body.fields),
    )
