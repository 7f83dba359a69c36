"""Calibration over the API: freeze, measure, keep, retire; /api/v1/calibration and /api/v1/calibrations."""

from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.domain.account import Role
from appliance.domain.calibration import Axis
from appliance.domain.field_hint import field_hint
from appliance.domain.kept_calibration import CalibrationState
from appliance.domain.measured_scale import magnification_text
from appliance.exam.calibration_service import StageMicrometer
from webui.api.openapi import Body, api_blueprint, file_response
from webui.api.text_rules import MAGNIFICATION
from webui.auth.current_account import actor, requires
from webui.documents.calibration import (
    CalibrationsAnswer,
    CombinedAnswer,
    MagnificationAnswer,
    MeasurementDocument,
    OneCalibrationAnswer,
    PictureDocument,
    Point,
    StateAnswer,
    calibration_document,
    combined_answer,
    measurement_document,
    picture_document,
    profile_document,
)
from webui.services import Services

_TAGS = [Tag(name="calibration", description="How many micrometres a pixel is")]
_PNG = file_response("image/png", description="The picture")
_LENGTH_UM = Field(
    gt=0,
    le=100_000,
    allow_inf_nan=False,
    description="Micrometres, 0.5 or more; a hundredth of a mm is 10",
    json_schema_extra={"minimum": 0.5},
)


class CalibrationPath(BaseModel):
    """Which calibration."""

    calibration_id: str = Field(max_length=100)


class EvidencePath(CalibrationPath):
    """Which picture of it."""

    axis: Axis


class PicturePath(BaseModel):
    """Which frozen picture."""

    picture_id: str = Field(max_length=32)


class StateBody(Body):
    """What it becomes."""

    state: CalibrationState


class MagnificationBody(Body):
    """As it is written on the ring or lens."""

    magnification: str = Field(max_length=12, examples=["200x"], json_schema_extra=MAGNIFICATION)


class FindBody(Body):
    """Where to look for graduations."""

    picture_id: str = Field(max_length=32)
    division_um: float = _LENGTH_UM
    axis: Axis | None = Field(None, description="Look along this axis alone")


class PointsBody(Body):
    """Two points a known distance apart, in pixels of the picture."""

    picture_id: str = Field(max_length=32)
    start_px: Point
    end_px: Point
    distance_um: float = _LENGTH_UM


class CombineBody(Body):
    """One measurement an axis."""

    measurement_ids: list[str] = Field(min_length=1, max_length=2)
    magnification: str = Field("", max_length=12, description="For the plausibility hint")
    target_tolerance_percent: float | None = Field(
        None, ge=0, le=10, allow_inf_nan=False, description="Of the micrometer's certificate; null where unknown"
    )


class KeepBody(CombineBody):
    """What is kept beside the scale."""

    magnification: str = Field(
        max_length=12, description="As the operator has just read it off the ring", json_schema_extra=MAGNIFICATION
    )
    target: str = Field(min_length=1, max_length=120, description="What is engraved on the micrometer")
    note: str = Field("", max_length=500)


def calibration_api_blueprint(services: Services) -> APIBlueprint:
    """The wizard's verbs and what it has made. Operators look and state the magnification; physicians calibrate."""
    api = api_blueprint("calibration_api", __name__, _TAGS)
    service = services.calibrations

    @api.get("/calibrations", summary="All calibrations, and which one applies", responses=_answers(CalibrationsAnswer))
    def list_all() -> Response:
        camera, scale = service.camera(), services.scale()
        return _json(
            CalibrationsAnswer(
                device_id=None if camera is None else camera.camera_id,
                device_name=None if camera is None else camera.name,
                profile=profile_document(service.profile()),
                stated_magnification=service.stated_magnification(),
                in_force=None if scale.calibration is None else scale.calibration.calibration_id,
                problem=scale.reason,
                is_due=scale.is_due,
                needs_no_calibration=service.scale_is_known(),
                calibrations=[calibration_document(kept, services.full_name) for kept in service.store.calibrations()],
            )
        )

    @api.get("/calibrations/<calibration_id>", summary="One calibration", responses=_answers(OneCalibrationAnswer))
    def one(path: CalibrationPath) -> Response:
        kept = service.store.calibration(path.calibration_id)
        return _json(OneCalibrationAnswer(calibration=calibration_document(kept, services.full_name)))

    @api.get("/calibrations/<calibration_id>/evidence/<axis>", summary="The picture behind an axis", responses=_PNG)
    def evidence(path: EvidencePath) -> Response:
        return Response(service.store.picture(path.calibration_id, path.axis), mimetype="image/png")

    @api.post(
        "/calibrations/<calibration_id>/state",
        summary="Retire a calibration, put it back or make it the active one",
        responses=_answers(StateAnswer),
    )
    @requires(Role.PHYSICIAN)
    def set_state(path: CalibrationPath, body: StateBody) -> Response:
        active = service.store.active(service.store.calibration(path.calibration_id).setup)
        before = service.set_state(path.calibration_id, body.state, actor())
        after = service.store.calibration(path.calibration_id)
        replaced = active.calibration.calibration_id if active and body.state is CalibrationState.ACTIVE else None
        return _json(
            StateAnswer(
                calibration=calibration_document(after, services.full_name),
                previous_state=before.state,
                replaced=None if replaced == path.calibration_id else replaced,
            )
        )

    @api.post(
        "/calibration/magnification",
        summary="Say what the ring of the connected scope stands at",
        responses=_answers(MagnificationAnswer),
    )
    @requires(Role.OPERATOR)
    def state_magnification(body: MagnificationBody) -> Response:
        before = service.stated_magnification()
        return _json(
            MagnificationAnswer(magnification=service.state_magnification(body.magnification, actor()), previous=before)
        )

    @api.post("/calibration/freeze", summary="Hold the newest picture", responses=_answers(PictureDocument))
    @requires(Role.PHYSICIAN)
    def freeze() -> Response:
        return _json(picture_document(service.freeze()))

    @api.get("/calibration/pictures/<picture_id>", summary="A frozen picture", responses=_PNG)
    @requires(Role.PHYSICIAN)
    def picture(path: PicturePath) -> Response:
        return Response(service.picture(path.picture_id).png, mimetype="image/png")

    @api.post("/calibration/find", summary="Find the graduations", responses=_answers(MeasurementDocument))
    @requires(Role.PHYSICIAN)
    def find(body: FindBody) -> Response:
        return _json(measurement_document(service.find(body.picture_id, body.division_um, body.axis)))

    @api.post("/calibration/points", summary="Measure between two points", responses=_answers(MeasurementDocument))
    @requires(Role.PHYSICIAN)
    def points(body: PointsBody) -> Response:
        measured = service.from_points(body.picture_id, body.start_px, body.end_px, body.distance_um)
        return _json(measurement_document(measured))

    @api.post("/calibration/combine", summary="The scale of one or both axes", responses=_answers(CombinedAnswer))
    @requires(Role.PHYSICIAN)
    def combine(body: CombineBody) -> Response:
        scale = service.combined(body.measurement_ids, body.target_tolerance_percent)
        ring = magnification_text(body.magnification) if body.magnification else ""
        hint = field_hint(scale.um_per_px, service.width_px(body.measurement_ids[0]), service.profile(), ring)
        return _json(combined_answer(scale, hint))

    @api.post("/calibration/keep", summary="Keep it; it applies at once", responses=_answers(OneCalibrationAnswer))
    @requires(Role.PHYSICIAN)
    def keep(body: KeepBody) -> Response:
        target = StageMicrometer(body.target, body.target_tolerance_percent)
        kept = service.keep(body.measurement_ids, body.magnification, target, body.note, actor())
        return _json(OneCalibrationAnswer(calibration=calibration_document(kept, services.full_name)))

    return api


def _answers(model: type[BaseModel]) -> dict[Any, Any]:
    return {"200": model}


def _json(answer: BaseModel) -> Response:
    return jsonify(answer.model_dump(mode="json"))
