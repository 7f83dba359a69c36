"""Exams over the API: search, one exam, filing and archiving; /api/v1/exams."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.analysis.recorded_analysis import document_of
from appliance.domain.errors import NotKeptError
from appliance.domain.exam import Finger, Hand, ImageKind, Sector
from appliance.domain.exam_protocol import PROTOCOLS
from appliance.domain.exam_search import ExamEntry
from appliance.domain.hand_map import reviewed_hand_map
from appliance.domain.patient import Patient
from appliance.domain.review import ReviewedExam
from webui.api.openapi import Body, api_blueprint, file_response
from webui.api.paths import ExamPath, ImagePath
from webui.api.search_bodies import ExamSearchBody
from webui.auth.current_account import actor
from webui.documents.hand_map import HandMapDocument, hand_map_document
from webui.documents.organisation import ExamEntryDocument, exam_entry_document
from webui.services import Services

_TAGS = [Tag(name="exams", description="What is kept: search, file, archive")]
_STILL_TYPE, _CLIP_TYPE = "image/png", "video/x-msvideo"
_STILL = file_response(_STILL_TYPE, _CLIP_TYPE, description="PNG, or of a clip Motion JPEG in AVI")
_RESULT: dict[Any, Any] = {
    "200": {
        "description": "A nailfold.analysis/1 document; its JSON Schema is the whole truth about it",
        "content": {"application/json": {"schema": {"type": "object", "required": ["schema", "images"]}}},
    }
}


class PlaceDocument(BaseModel):
    """Where on the patient."""

    hand: Hand
    finger: Finger
    sector: Sector


class ImageDocument(PlaceDocument):
    """A picture of an exam; its file and its result are below /exams/<exam>/images/<image>."""

    image_id: str
    kind: ImageKind
    file_name: str
    sha256: str


class SkippedDocument(PlaceDocument):
    """A placement that was declared not evaluable instead of taking a picture."""

    reason: str


class ExamDocument(ExamEntryDocument):
    """One exam."""

    pictures: list[ImageDocument]
    skipped: list[SkippedDocument]
    hand_map: HandMapDocument


class ExamAnswer(BaseModel):
    """One exam."""

    exam: ExamDocument


class ExamsAnswer(BaseModel):
    """Some of the exams that were found."""

    exams: list[ExamEntryDocument]
    total: int


class ProtocolDocument(BaseModel):
    """An order of placements that is proposed, never enforced."""

    name: str
    placements: list[PlaceDocument]
    is_complete_without: bool = Field(description="Whether an exam that lacks some of them is none the less whole")


class ProtocolsAnswer(BaseModel):
    """All protocols."""

    protocols: list[ProtocolDocument]


class FilingBody(Body):
    """Where each exam goes: exam id to folder id, or to null for no folder."""

    folder_ids: dict[UUID, UUID | None] = Field(min_length=1, max_length=200)


class FiledAnswer(BaseModel):
    """Where each exam was before; sent back, it undoes the change."""

    before: dict[str, str | None]


class ArchiveBody(Body):
    """Which exams."""

    exam_ids: list[UUID] = Field(min_length=1, max_length=200)
    is_archived: bool


class ArchivedAnswer(BaseModel):
    """The exams that were not as asked for before; with the opposite they undo the change."""

    exam_ids: list[str]


def exams_api_blueprint(services: Services) -> APIBlueprint:
    """Search, read, file, archive."""
    api = api_blueprint("exams_api", __name__, _TAGS)
    store = services.store

    @api.get("/protocols", summary="The exam protocols", responses={"200": ProtocolsAnswer})
    def protocols() -> Response:
        found = [
            ProtocolDocument(
                name=protocol.name,
                placements=[PlaceDocument(**vars(placement)) for placement in protocol.placements],
                is_complete_without=protocol.is_complete_without,
            )
            for protocol in PROTOCOLS.values()
        ]
        return jsonify(ProtocolsAnswer(protocols=found).model_dump(mode="json"))

    @api.post("/exams/search", summary="Find exams, newest first", responses={"200": ExamsAnswer})
    def search(body: ExamSearchBody) -> Response:
        page = services.finder.search(body.query(services.patients), body.page_size, body.offset)
        found = [exam_entry_document(entry) for entry in page.exams]
        return jsonify(ExamsAnswer(exams=found, total=page.total).model_dump(mode="json"))

    @api.get("/exams/<uuid:exam_id>", summary="One exam", responses={"200": ExamAnswer})
    def one(path: ExamPath) -> Response:
        reviewed = services.reviews.reviewed(str(path.exam_id))
        patient = services.patients.patient_of(reviewed.exam.patient_pseudonym)
        return jsonify(ExamAnswer(exam=_document(reviewed, patient)).model_dump(mode="json"))

    @api.get("/exams/<uuid:exam_id>/images/<uuid:image_id>/file", summary="A picture or clip as kept", responses=_STILL)
    def image_file(path: ImagePath) -> Response:
        kept = store.read_png(str(path.exam_id), str(path.image_id))
        return Response(kept, mimetype=_CLIP_TYPE if kept.startswith(b"RIFF") else _STILL_TYPE)

    @api.get("/exams/<uuid:exam_id>/images/<uuid:image_id>/result", summary="As first measured", responses=_RESULT)
    def image_result(path: ImagePath) -> Response:
        for image in store.exam(str(path.exam_id)).images:
            if image.image_id == str(path.image_id):
                return jsonify(document_of(image.recorded))
        raise NotKeptError(f"there is no image {path.image_id} in this exam", "Choose one of its pictures.")

    @api.post("/exams/file", summary="Put exams into folders", responses={"200": FiledAnswer})
    def file(body: FilingBody) -> Response:
        places = {str(exam): None if folder is None else str(folder) for exam, folder in body.folder_ids.items()}
        before = services.organisation.file_exams(actor(), places)
        return jsonify(FiledAnswer(before=dict(before)).model_dump(mode="json"))

    @api.post("/exams/archive", summary="Archive exams or take them back", responses={"200": ArchivedAnswer})
    def archive(body: ArchiveBody) -> Response:
        exam_ids = [str(exam_id) for exam_id in body.exam_ids]
        changed = services.organisation.archive_exams(actor(), exam_ids, body.is_archived)
        return jsonify(ArchivedAnswer(exam_ids=list(changed)).model_dump(mode="json"))

    return api


def _document(reviewed: ReviewedExam, patient: Patient | None) -> ExamDocument:
    exam = reviewed.exam
    patient_id = "" if patient is None else patient.patient_id
    entry = ExamEntry(exam, patient_id, len(exam.single_images), reviewed.validated_by is not None)
    pictures = [
        ImageDocument(
            **vars(image.placement),
            image_id=image.image_id,
            kind=image.kind,
            file_name=image.file_name,
            sha256=image.sha256,
        )
        for image in exam.images
    ]
    return ExamDocument(
        **vars(exam_entry_document(entry)),
        pictures=pictures,
        skipped=[SkippedDocument(**vars(one.placement), reason=one.reason) for one in exam.skipped],
        hand_map=hand_map_document(reviewed_hand_map(reviewed)),
    )
