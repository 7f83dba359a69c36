"""What the live page asks of the exam: /api/v1."""

from enum import Enum
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request

from appliance.domain.errors import ExamError
from appliance.domain.exam import Finger, Hand, Sector
from webui.catalogue import text
from webui.exam_document import exam_document, image_summary
from webui.services import Services
from webui.status import status_document

Choice = TypeVar("Choice", bound=Enum)


def exam_blueprint(services: Services) -> Blueprint:
    """The exam's verbs; each answers with the exam as it then is."""
    api = Blueprint("exam", __name__, url_prefix="/api/v1")
    session = services.exam

    def answer(**more: Any) -> Response:
        return jsonify(exam=exam_document(session.snapshot()), **more)

    @api.get("/state")
    def state() -> Response:
        return jsonify(status_document(services))

    @api.post("/exam/start")
    def start() -> Response:
        session.start(str(_field("pseudonym")))
        return answer()

    @api.post("/exam/select")
    def select() -> Response:
        session.select(_choice(Hand, "hand"), _choice(Finger, "finger"), _choice(Sector, "sector"))
        return answer()

    @api.post("/exam/capture")
    def capture() -> Response:
        return answer(captured=image_summary(session.capture()))

    @api.post("/exam/undo")
    def undo() -> Response:
        session.undo()
        return answer()

    @api.post("/exam/redo")
    def redo() -> Response:
        session.redo()
        return answer()

    @api.post("/exam/finish")
    def finish() -> Response:
        return answer(finished_exam_id=session.finish().exam_id)

    @api.post("/exam/discard")
    def discard() -> Response:
        return answer(discarded_exam_id=session.discard().exam_id)

    return api


def _field(name: str) -> Any:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or name not in body:
        raise ExamError(text("errors.no_json.message"), text("errors.no_json.remedy"))
    return body[name]


def _choice(kind: type[Choice], name: str) -> Choice:
    value = _field(name)
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(str(member.value) for member in kind)
        raise ExamError(f"{name} {value!r} is not known", f"Use one of {known}.") from None
