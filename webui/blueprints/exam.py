"""What the live page asks of the exam: /api/v1."""

from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field

from appliance.domain.exam import Finger, Hand, Sector
from webui.exam_document import exam_document, image_summary
from webui.openapi import API_PREFIX, Body
from webui.services import Services
from webui.status import status_document

_TAGS = [Tag(name="exam", description="The exam under way")]


class StartBody(Body):
    """Whose nailfolds are looked at."""

    pseudonym: str = Field(description="The clinic's pseudonym for the patient; never a name")


class SelectBody(Body):
    """Where the next capture goes."""

    hand: Hand
    finger: Finger
    sector: Sector


def exam_blueprint(services: Services) -> APIBlueprint:
    """The exam's verbs; each answers with the exam as it then is."""
    api = APIBlueprint("exam", __name__, url_prefix=API_PREFIX, abp_tags=_TAGS)
    session = services.exam

    def answer(**more: Any) -> Response:
        return jsonify(exam=exam_document(session.snapshot()), **more)

    @api.get("/state", summary="The station: camera, engines, exam, broker")
    def state() -> Response:
        return jsonify(status_document(services))

    @api.post("/exam/start", summary="Start an exam")
    def start(body: StartBody) -> Response:
        session.start(body.pseudonym)
        return answer()

    @api.post("/exam/select", summary="Choose hand, finger and sector")
    def select(body: SelectBody) -> Response:
        session.select(body.hand, body.finger, body.sector)
        return answer()

    @api.post("/exam/capture", summary="Keep the newest picture")
    def capture() -> Response:
        return answer(captured=image_summary(session.capture()))

    @api.post("/exam/undo", summary="Take the newest capture back")
    def undo() -> Response:
        session.undo()
        return answer()

    @api.post("/exam/redo", summary="Bring an undone capture back")
    def redo() -> Response:
        session.redo()
        return answer()

    @api.post("/exam/finish", summary="Close the exam and queue its message")
    def finish() -> Response:
        return answer(finished_exam_id=session.finish().exam_id)

    @api.post("/exam/discard", summary="Close the exam without a message")
    def discard() -> Response:
        return answer(discarded_exam_id=session.discard().exam_id)

    return api
