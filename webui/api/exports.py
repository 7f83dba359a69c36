"""Exams as files and on their way to the DICOM archive: /api/v1/exams/<exam>/exports/..., /api/v1/exports."""

import tempfile
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask import Response, jsonify, send_file
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.domain.account import Role
from appliance.exports.export_service import ExportFormat
from appliance.exports.report.report_service import Choice
from appliance.exports.selection import MOST_EXAMS, exams_found, exams_of_collection
from webui.api.openapi import Body, api_blueprint
from webui.api.paths import ExamPath
from webui.api.search_bodies import ExamSearchBody
from webui.auth.current_account import actor, current_account, requires
from webui.documents.import_export import PacsAnswer, SendingAnswer, sending_document
from webui.services import Services

_TAGS = [Tag(name="exports", description="Exams as FHIR, DICOM, CSV, archive and labelled data set")]


class ExportPath(ExamPath):
    format: ExportFormat


class ContentQuery(BaseModel):
    with_identity: bool = Field(False, description="Name, birth date and clinic number too; FHIR and DICOM alone")
    with_report: bool = Field(False, description="The printed report (PDF) too; FHIR alone, some seconds an exam")


class SelectionBody(Body):
    """Several exams in one file."""

    format: ExportFormat
    exam_ids: list[UUID] = Field(min_length=1, max_length=MOST_EXAMS)
    with_identity: bool = False


class FoundBody(Body):
    """Every finished exam that a search finds, in one file."""

    format: ExportFormat
    search: ExamSearchBody = Field(description="As POST /exams/search takes it; its page is ignored")
    with_identity: bool = False


class CollectionBody(Body):
    """The exams that a collection's pictures are of, each whole, in one file."""

    format: ExportFormat
    collection_id: UUID
    with_identity: bool = False


class SendBody(Body):
    with_identity: bool = False


def exports_api_blueprint(services: Services) -> APIBlueprint:
    """What leaves the box; every export is written into the journal."""
    api = api_blueprint("exports_api", __name__, _TAGS)
    service, reports = services.exchange.exports, services.reports

    def export(form: ExportFormat, exam_ids: Sequence[str], with_identity: bool, with_report: bool = False) -> Response:
        choice = Choice(made_by=actor())
        report = (lambda exam_id: reports.pdf(exam_id, choice)) if with_report else None
        # Not in memory: an archive of many exams has gigabytes.
        file = tempfile.TemporaryFile(prefix="nailfold-export-")  # noqa: SIM115 (closed with the response)
        try:
            made = service.export(form, exam_ids, file, actor(), with_identity=with_identity, report=report)
        except BaseException:
            file.close()
            raise
        answer: Response = send_file(file, made.media_type, as_attachment=True, download_name=made.name)
        answer.call_on_close(file.close)
        return answer

    file_is: dict[Any, Any] = {
        "200": {
            "description": "The file",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("application/zip", "application/fhir+json")
            },
        }
    }
    sending_is: dict[Any, Any] = {"200": SendingAnswer}

    @api.post("/exports", summary="Export several exams as one file", responses=file_is)
    @requires(Role.PHYSICIAN)
    def export_selection(body: SelectionBody) -> Response:
        return export(body.format, [str(one) for one in body.exam_ids], body.with_identity)

    @api.post("/exports/found", summary="Export all that a search finds, as one file", responses=file_is)
    @requires(Role.PHYSICIAN)
    def export_found(body: FoundBody) -> Response:
        found = exams_found(services.finder, body.search.query(services.patients))
        return export(body.format, found, body.with_identity)

    @api.post("/exports/collection", summary="Export the exams of a collection, as one file", responses=file_is)
    @requires(Role.PHYSICIAN)
    def export_collection(body: CollectionBody) -> Response:
        found = exams_of_collection(services.collections, services.store, str(body.collection_id))
        return export(body.format, found, body.with_identity)

    @api.get("/exams/<exam_id>/exports/<format>", summary="Export an exam", responses=file_is)
    @requires(Role.PHYSICIAN)
    def export_exam(path: ExportPath, query: ContentQuery) -> Response:
        return export(path.format, [str(path.exam_id)], query.with_identity, query.with_report)

    @api.get("/exams/<exam_id>/pacs", summary="How far an exam is on its way to the archive", responses=sending_is)
    @requires(Role.PHYSICIAN)
    def sending(path: ExamPath) -> Response:
        exam_id = str(path.exam_id)
        return _json(sending_document(exam_id, service.sender.sending(exam_id)))

    @api.post("/exams/<exam_id>/pacs", summary="Send an exam to the DICOM archive", responses=sending_is)
    @requires(Role.PHYSICIAN)
    def send(path: ExamPath, body: SendBody) -> Response:
        exam_id = str(path.exam_id)
        return _json(sending_document(exam_id, service.send(exam_id, actor(), with_identity=body.with_identity)))

    def pacs_answer() -> Response:
        settings = service.pacs
        name = settings.name if settings.is_on else ""
        return _json(PacsAnswer(is_on=settings.is_on, name=name, calling_ae_title=settings.calling_ae_title))

    @api.get("/pacs", summary="Which DICOM archive is set", responses={"200": PacsAnswer})
    @requires(Role.PHYSICIAN)
    def pacs() -> Response:
        return pacs_answer()

    @api.post("/pacs/echo", summary="Ask the DICOM archive whether it answers", responses={"200": PacsAnswer})
    @requires(Role.PHYSICIAN)
    def echo() -> Response:
        service.echo()
        return pacs_answer()

    return api


def exports_globals(services: Services) -> dict[str, Callable[..., object]]:
    """What exports.html asks for: whether the person may export, the archive's name, where an exam came from."""
    pacs = services.exchange.exports.pacs
    return {
        "may_export": lambda: current_account().role.includes(Role.PHYSICIAN),
        "pacs_name": lambda: pacs.name if pacs.is_on else "",
        "import_mark": services.store.import_mark,
    }


def _json(answer: BaseModel) -> Response:
    return jsonify(answer.model_dump(mode="json"))
