"""The physician's changes: /api/v1/exams/<exam>/..., and the journal that keeps them."""

from typing import Annotated, Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.domain.account import Role
from appliance.domain.pattern import NailfoldPattern
from appliance.domain.review_edits import LONGEST_REASON, ImageEdit
from appliance.domain.validation import VALIDATED, ValidatedPart
from appliance.exam.review_service import LONGEST_CONCLUSION
from webui.api.openapi import Body, api_blueprint
from webui.api.paths import ExamPath, ImagePath
from webui.auth.current_account import actor, requires
from webui.documents.review import (
    CheckAnswer,
    ExamReviewAnswer,
    HistoryAnswer,
    ImageReviewAnswer,
    SeenAnswer,
    check_document,
    exam_review_document,
    history_document,
    image_review_document,
)
from webui.services import Services

_TAGS = [Tag(name="review", description="What the physician makes of an exam, and the journal that keeps it")]
_MOST_ENTRIES = 500


class SeenBody(Body):
    """A change, and what its author had seen."""

    revision: int = Field(ge=0, description="As the last answer gave it; refused with 409 if it has changed since")


class EditBody(SeenBody):
    edit: Annotated[ImageEdit, Field(discriminator="kind")]


class ConclusionBody(SeenBody):
    text: str = Field(max_length=LONGEST_CONCLUSION)


class PatternBody(SeenBody):
    pattern: NailfoldPattern | None = Field(description="null takes it back")


class ValidationBody(SeenBody):
    accepts_unseen: bool = Field(False, description="Also without having seen every picture that enters the figures")


class ReasonBody(SeenBody):
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class JournalQuery(BaseModel):
    before_seq: int | None = Field(None, ge=1, description="Only older entries")
    limit: int = Field(100, ge=1, le=_MOST_ENTRIES)


def review_blueprint(services: Services) -> APIBlueprint:
    """Each change answers with the state it led to."""
    api = api_blueprint("review", __name__, _TAGS)
    service, journal = services.reviews, services.journal

    def image_answer(path: ImagePath) -> Response:
        review, log = service.image(*path.names), service.log(str(path.exam_id))
        return _json(image_review_document(str(path.exam_id), review, log, services.full_name))

    def exam_answer(path: ExamPath) -> Response:
        return _json(exam_review_document(service.reviewed(str(path.exam_id)), service.log(str(path.exam_id))))

    image_at = "/exams/<exam_id>/images/<image_id>"
    image_is: dict[Any, Any] = {"200": ImageReviewAnswer}
    exam_is: dict[Any, Any] = {"200": ExamReviewAnswer}

    @api.get(f"{image_at}/review", summary="One image as reviewed", responses=image_is)
    def image_review(path: ImagePath) -> Response:
        return image_answer(path)

    @api.post(f"{image_at}/edits", summary="Change a finding, the comment or whether it counts", responses=image_is)
    @requires(VALIDATED[ValidatedPart.FINDINGS].before)
    def edit(path: ImagePath, body: EditBody) -> Response:
        service.edit(*path.names, body.edit, actor(), body.revision)
        return image_answer(path)

    @api.post(f"{image_at}/undo", summary="Take the newest change of an image back", responses=image_is)
    @requires(VALIDATED[ValidatedPart.FINDINGS].before)
    def undo(path: ImagePath, body: SeenBody) -> Response:
        service.undo(*path.names, actor(), body.revision)
        return image_answer(path)

    @api.post(f"{image_at}/redo", summary="Bring an undone change back", responses=image_is)
    @requires(VALIDATED[ValidatedPart.FINDINGS].before)
    def redo(path: ImagePath, body: SeenBody) -> Response:
        service.redo(*path.names, actor(), body.revision)
        return image_answer(path)

    @api.post(f"{image_at}/seen", summary="Say that you have seen an image as it is", responses={"200": SeenAnswer})
    @requires(Role.PHYSICIAN)
    def see(path: ImagePath) -> Response:
        service.see(*path.names, actor())
        return _json(SeenAnswer(seen_by=dict(service.seen_by(str(path.exam_id)))))

    @api.get(f"{image_at}/history", summary="What was done to an image", responses={"200": HistoryAnswer})
    def image_history(path: ImagePath) -> Response:
        return _json(history_document(service.history(*path.names), services.full_name))

    @api.get("/exams/<exam_id>/review", summary="How far the review of an exam is", responses=exam_is)
    def exam_review(path: ExamPath) -> Response:
        return exam_answer(path)

    @api.get("/exams/<exam_id>/history", summary="What was done to an exam", responses={"200": HistoryAnswer})
    def exam_history(path: ExamPath) -> Response:
        return _json(history_document(service.history(str(path.exam_id)), services.full_name))

    @api.post("/exams/<exam_id>/conclusion", summary="Write the conclusion", responses=exam_is)
    @requires(VALIDATED[ValidatedPart.CONCLUSION].before)
    def conclude(path: ExamPath, body: ConclusionBody) -> Response:
        service.conclude(str(path.exam_id), body.text, actor(), body.revision)
        return exam_answer(path)

    @api.post("/exams/<exam_id>/pattern", summary="Name the pattern that the exam shows", responses=exam_is)
    @requires(VALIDATED[ValidatedPart.PATTERN].before)
    def name_pattern(path: ExamPath, body: PatternBody) -> Response:
        service.name_pattern(str(path.exam_id), body.pattern, actor(), body.revision)
        return exam_answer(path)

    @api.post("/exams/<exam_id>/validate", summary="Vouch for the exam as it is", responses=exam_is)
    @requires(Role.PHYSICIAN)
    def validate(path: ExamPath, body: ValidationBody) -> Response:
        service.validate(str(path.exam_id), actor(), body.revision, accepts_unseen=body.accepts_unseen)
        return exam_answer(path)

    @api.post("/exams/<exam_id>/invalidate", summary="Take the validation back", responses=exam_is)
    @requires(Role.PHYSICIAN)
    def invalidate(path: ExamPath, body: ReasonBody) -> Response:
        service.invalidate(str(path.exam_id), body.reason, actor(), body.revision)
        return exam_answer(path)

    @api.get("/journal", summary="The newest entries of the journal", responses={"200": HistoryAnswer})
    @requires(Role.ADMINISTRATOR)
    def entries(query: JournalQuery) -> Response:
        found = journal.entries(before_seq=query.before_seq, limit=query.limit)
        return _json(history_document(found, services.full_name))

    @api.get("/journal/verify", summary="Whether the journal is as it was written", responses={"200": CheckAnswer})
    def verify() -> Response:
        return _json(check_document(journal.verify()))

    return api


def _json(answer: BaseModel) -> Response:
    return jsonify(answer.model_dump(mode="json"))
