"""Calibrations and measurements as the API sends them."""

from collections.abc import Callable

from pydantic import BaseModel, Field

from appliance.domain.calibration import Axis
from appliance.domain.device_profile import DeviceProfile
from appliance.domain.field_hint import FieldHint, Plausibility
from appliance.domain.instant import to_rfc3339
from appliance.domain.kept_calibration import CalibrationState, Drawing, KeptCalibration
from appliance.domain.measured_scale import CalibrationMethod, PictureScale
from appliance.exam.calibration_service import FrozenPicture, ScaleMeasurement

Point = tuple[float, float]


class DrawingDocument(BaseModel):
    """Where a picture was measured, in its pixels: graduations as lines, or two points."""

    lines: list[tuple[Point, Point]]
    points: list[Point]


class EvidenceDocument(BaseModel):
    """The picture behind one axis; its PNG is at .../evidence/{axis}."""

    axis: Axis
    method: CalibrationMethod
    division_um: float
    um_per_px: float
    uncertainty_um_per_px: float
    drawing: DrawingDocument


class CalibrationDocument(BaseModel):
    """One calibration."""

    calibration_id: str
    device_id: str
    device_name: str
    magnification: str
    width_px: int
    height_px: int
    um_per_px: float
    uncertainty_um_per_px: float | None = Field(description="Half the width of the 95 % interval")
    um_per_px_x: float | None
    um_per_px_y: float | None
    made_at_utc: str
    target: str
    target_tolerance_percent: float | None
    operator: str = Field(description="The account")
    operator_name: str = Field(description="Its full name")
    note: str
    state: CalibrationState
    changed_at_utc: str
    changed_by: str
    evidence: list[EvidenceDocument]


class ProfileDocument(BaseModel):
    """A kind of capillaroscope."""

    key: str
    name: str
    magnifications: list[str]


class CalibrationsAnswer(BaseModel):
    """What is plugged in, what applies to it, and all that was kept."""

    device_id: str | None = Field(description="null while no picture has come")
    device_name: str | None
    profile: ProfileDocument
    stated_magnification: str | None = Field(description="As the operator last read it off the ring")
    in_force: str | None = Field(description="Id of the calibration that applies to the pictures that come now")
    problem: str = Field(description="Why nothing is in micrometres; empty with a calibration")
    is_due: bool = Field(description="The one in force should be checked")
    needs_no_calibration: str = Field(description="Why this source needs none; empty if it does")
    calibrations: list[CalibrationDocument]


class OneCalibrationAnswer(BaseModel):
    """One calibration."""

    calibration: CalibrationDocument


class StateAnswer(OneCalibrationAnswer):
    """A calibration after its state was changed, and what undoes it."""

    previous_state: CalibrationState
    replaced: str | None = Field(description="Id of the calibration whose place it took")


class MagnificationAnswer(BaseModel):
    """How the magnification is written, and what was stated before."""

    magnification: str
    previous: str | None


class PictureDocument(BaseModel):
    """A frozen picture; its PNG is at /calibration/pictures/{picture_id}."""

    picture_id: str
    width_px: int
    height_px: int
    device_name: str


class MeasurementDocument(BaseModel):
    """A scale along one axis."""

    measurement_id: str
    picture_id: str
    axis: Axis
    method: CalibrationMethod
    division_um: float
    um_per_px: float
    uncertainty_um_per_px: float
    angle_deg: float
    length_um: float
    drawing: DrawingDocument
    pitch_px: float | None = Field(description="Between graduations; null for two points")
    graduations: int | None
    hidden: int | None
    long_mark_every: int | None


class HintDocument(BaseModel):
    """Whether the scale is plausible."""

    plausibility: Plausibility
    field_um: float = Field(description="Width of the picture by this scale")
    known_um: float | None = Field(description="Width that somebody published for this device and magnification")
    source: str


class CombinedAnswer(BaseModel):
    """What one or two measurements give together."""

    um_per_px: float
    uncertainty_um_per_px: float
    um_per_px_x: float | None
    um_per_px_y: float | None
    hint: HintDocument


def calibration_document(kept: KeptCalibration, full_name: Callable[[str], str]) -> CalibrationDocument:
    """The document of one calibration."""
    known = kept.calibration
    return CalibrationDocument(
        calibration_id=known.calibration_id,
        device_id=kept.device_id,
        device_name=kept.device_name,
        magnification=known.magnification or "",
        width_px=known.width_px,
        height_px=known.height_px,
        um_per_px=known.um_per_px,
        uncertainty_um_per_px=known.uncertainty_um_per_px,
        um_per_px_x=known.um_per_px_x,
        um_per_px_y=known.um_per_px_y,
        made_at_utc=to_rfc3339(kept.made_at_utc),
        target=kept.target,
        target_tolerance_percent=kept.target_tolerance_percent,
        operator=kept.operator,
        operator_name=full_name(kept.operator),
        note=kept.note,
        state=kept.state,
        changed_at_utc=to_rfc3339(kept.changed_at_utc),
        changed_by=kept.changed_by,
        evidence=[
            EvidenceDocument(
                axis=one.axis,
                method=one.method,
                division_um=one.division_um,
                um_per_px=one.um_per_px,
                uncertainty_um_per_px=one.uncertainty_um_per_px,
                drawing=drawing_document(one.drawing),
            )
            for one in kept.evidence
        ],
    )


def drawing_document(drawing: Drawing) -> DrawingDocument:
    """The document of a drawing."""
    return DrawingDocument(lines=list(drawing.lines), points=list(drawing.points))


def profile_document(profile: DeviceProfile) -> ProfileDocument:
    """The document of a profile."""
    return ProfileDocument(key=profile.key, name=profile.name, magnifications=list(profile.magnifications))


def picture_document(picture: FrozenPicture) -> PictureDocument:
    """The document of a frozen picture."""
    frame = picture.frame
    return PictureDocument(
        picture_id=picture.picture_id,
        width_px=frame.width_px,
        height_px=frame.height_px,
        device_name=frame.camera.name,
    )


def measurement_document(measured: ScaleMeasurement) -> MeasurementDocument:
    """The document of a measurement."""
    scale, found = measured.scale, measured.graduations
    return MeasurementDocument(
        measurement_id=measured.measurement_id,
        picture_id=measured.picture.picture_id,
        axis=scale.axis,
        method=scale.method,
        division_um=measured.division_um,
        um_per_px=scale.um_per_px,
        uncertainty_um_per_px=scale.uncertainty_um_per_px,
        angle_deg=scale.angle_deg,
        length_um=scale.length_um,
        drawing=drawing_document(measured.drawing),
        pitch_px=None if found is None else found.pitch_px,
        graduations=None if found is None else len(found.lines_px),
        hidden=None if found is None else found.hidden,
        long_mark_every=None if found is None else found.long_mark_every,
    )


def combined_answer(scale: PictureScale, hint: FieldHint) -> CombinedAnswer:
    """The document of a scale and its plausibility."""
    return CombinedAnswer(
        um_per_px=scale.um_per_px,
        uncertainty_um_per_px=scale.uncertainty_um_per_px,
        um_per_px_x=scale.um_per_px_x,
        um_per_px_y=scale.um_per_px_y,
        hint=HintDocument(
            plausibility=hint.plausibility,
            field_um=hint.field_um,
            known_um=None if hint.known is None else hint.known.width_um,
            source="" if hint.known is None else hint.known.source,
        ),
    )
