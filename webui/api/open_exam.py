"""What the live page asks of the exam: /api/v1."""

from typing import Any, Literal

from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field, model_validator

from appliance.domain.account import Role
from appliance.domain.counted import counted
from appliance.domain.errors import ExamError
from appliance.domain.exam import ExamStart, Finger, Hand, Sector
from appliance.domain.hand_map import CellState, hand_map
from appliance.domain.look_alike import require_no_look_alike
from appliance.domain.pseudonym import require_pseudonym
from appliance.exam.report_facts import DISORGANISATION, check_facts
from appliance.exam.session import LONGEST_REASON
from appliance.exam.session_state import ExamSnapshot
from appliance.ports import PatientStore
from webui.api.openapi import Body, api_blueprint
from webui.api.paths import ExamPath
from webui.auth.current_account import actor, current_account, requires
from webui.documents.exam import exam_document, image_summary
from webui.live.commands import CapturedAnswer, DiscardedAnswer, FinishedAnswer, LiveExamAnswer, StateOfStation
from webui.live.status import status_document
from webui.services import Services

_TAGS = [Tag(name="exam", description="The exam under way")]


class StartExamBody(Body):
    """Whose nailfolds are examined."""

    pseudonym: str = Field(description="The clinic's pseudonym for the patient; never a name")
    is_new: bool = Field(False, description="The pseudonym is that of a new patient; else it has to be known")
    is_another: bool = Field(False, description="A new patient, other than those whose pseudonym looks like this one")
    protocol: Literal["free", "16", "32"] | None = Field(
        None, description="Nailfold after nailfold; null: the clinic's"
    )
    facts: dict[str, str | float] = Field({}, max_length=100, description="By the keys of the report's form; no rating")


class SelectBody(Body):
    """Where the next capture goes."""

    hand: Hand
    finger: Finger
    sector: Sector


class OptionalBody(Body):
    """May be left out."""

    @model_validator(mode="before")
    @classmethod
    def _may_be_absent(cls, sent: Any) -> Any:
        # What is no JSON arrives as None too; it must not pass for a request without a body.
        return {} if sent is None and not request.get_data() else sent


class CaptureBody(OptionalBody):
    """Which picture to keep; none asks for the best of the last moment."""

    seq: int | None = Field(None, ge=0, description="Number of a picture that is held, because it stands frozen")
    replaces: bool = Field(False, description="Earlier stills of this placement make way for it")


class FinishBody(OptionalBody):
    """Whether what is missing is meant to be missing."""

    accepts_missing: bool = Field(False, description="Places of the protocol have neither a picture nor a reason")


class ReopenBody(Body):
    """Why a finished exam gets further pictures."""

    reason: str = Field(min_length=1, max_length=LONGEST_REASON, description="In the physician's words")


class SkipBody(Body):
    """Why there will be no picture."""

    reason: str = Field(min_length=1, max_length=LONGEST_REASON, description="In the operator's words")
    whole_finger: bool = Field(False, description="All that this finger lacks, not only the selected sector")


def exam_blueprint(services: Services) -> APIBlueprint:
    """The exam's verbs; each answers with the exam as it then is."""
    api = api_blueprint("exam", __name__, _TAGS, responses={"200": LiveExamAnswer})
    session = services.exam

    def answer(**more: Any) -> Response:
        return jsonify(exam=exam_document(session.snapshot()), **more)

    @api.get("/state", summary="The station: camera, engines, exam, broker", responses={"200": StateOfStation})
    def state() -> Response:
        return jsonify(status_document(services))

    @api.post("/exam/start", summary="Start an exam")
    def start(body: StartExamBody) -> Response:
        _require_meant(services.patients, require_pseudonym(body.pseudonym), body)
        check_facts(body.facts)
        if DISORGANISATION in body.facts:
            raise ExamError("the array cannot be rated before there are pictures", "Rate it in the report.")
        protocol = body.protocol or session.snapshot().protocol.name
        exam = session.start(body.pseudonym, ExamStart(actor(), protocol))
        services.facts.state(exam.exam_id, body.facts, actor(), current_account().role)
        return answer()

    @api.post("/exam/select", summary="Choose hand, finger and sector")
    def select(body: SelectBody) -> Response:
        session.select(body.hand, body.finger, body.sector)
        return answer()

    @api.post(
        "/exam/capture",
        summary="Keep the best picture of the last moment, or a frozen one",
        responses={"200": CapturedAnswer},
    )
    def capture(body: CaptureBody) -> Response:
        return answer(captured=image_summary(session.capture(seq=body.seq, replaces=body.replaces)))

    @api.post("/exam/skip", summary="Declare the selected placement not evaluable")
    def skip(body: SkipBody) -> Response:
        session.skip(body.reason, actor(), whole_finger=body.whole_finger)
        return answer()

    @api.post("/exam/unskip", summary="The selected placement can be evaluated after all")
    def unskip() -> Response:
        session.unskip()
        return answer()

    @api.post("/exam/undo", summary="Take the newest capture or skipping back")
    def undo() -> Response:
        session.undo()
        return answer()

    @api.post("/exam/redo", summary="Bring an undone capture back")
    def redo() -> Response:
        session.redo()
        return answer()

    @api.post("/exam/finish", summary="Close the exam and queue its message", responses={"200": FinishedAnswer})
    def finish(body: FinishBody) -> Response:
        _require_whole(session.snapshot(), body.accepts_missing)
        finished = session.finish(actor())
        return answer(finished_exam_id=finished.exam_id)

    @api.post("/exams/<exam_id>/reopen", summary="Add pictures to a finished exam; finishing it sends a revision")
    @requires(Role.PHYSICIAN)
    def reopen(path: ExamPath, body: ReopenBody) -> Response:
        session.reopen(str(path.exam_id), body.reason, actor())
        return answer()

    @api.post("/exam/discard", summary="Close the exam without a message", responses={"200": DiscardedAnswer})
    def discard() -> Response:
        discarded = session.discard(actor())
        return answer(discarded_exam_id=discarded.exam_id)

    return api


def _require_meant(patients: PatientStore, pseudonym: str, body: StartExamBody) -> None:
    """A slip of the hand makes no patient, and a new one takes nobody's place.

    Raises:
        ExamError: the pseudonym is known and was called new, or the other way round.
        LookAlikeError: it is new and looks like one that is known, and nobody said that this is another patient.
    """
    is_known = patients.patient_of(pseudonym) is not None
    if is_known and body.is_new:
        raise ExamError("a patient has this pseudonym already", "Choose that patient, or give another pseudonym.")
    if not is_known and not body.is_new:
        raise ExamError("no patient has this pseudonym", "Check how it is written, or say that the patient is new.")
    require_no_look_alike(patients.looking_like(pseudonym), body.is_another)


def _require_whole(snapshot: ExamSnapshot, accepts_missing: bool) -> None:
    """An exam is not closed and sent by a slip of the hand. Raises ExamError while something is missing."""
    exam = snapshot.exam
    missing = 0 if exam is None else hand_map(exam).count(CellState.MISSING)
    if missing and not accepts_missing:
        raise ExamError(
            f"{missing} of {counted(len(snapshot.protocol.placements), 'place')} without a picture or a reason",
            "Capture them, say why not, or finish the exam without them.",
        )
