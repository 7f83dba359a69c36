"""The calibration wizard's verbs: freeze, measure along one or both axes, keep, retire, put back."""

import hashlib
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from appliance.domain.calibration import Axis, Calibration, ScaleOrigin
from appliance.domain.device_profile import DeviceProfile, profile_of
from appliance.domain.errors import CalibrationError
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.kept_calibration import CalibrationState, Drawing, Evidence, KeptCalibration
from appliance.domain.measured_scale import (
    CalibrationMethod,
    MeasuredScale,
    PictureScale,
    magnification_text,
    picture_scale,
    two_point_scale,
)
from appliance.exam.scale_in_force import ScaleInForce
from appliance.ports import CalibrationStore, Clock, Journal

if TYPE_CHECKING:
    from appliance.analysis.micrometer import Graduations

_MOST_FROZEN = 6
_MIN_DIVISION_UM, _MAX_DIVISION_UM = 0.5, 100_000.0


@dataclass(frozen=True)
class CalibrationTools:
    """What the service needs of the station.

    Attributes:
        frame: the newest picture; None while there is none.
        encode: RGB to PNG, without loss.
        scale_is_known: why this source needs no calibration ("the simulated scope's scale is known"); empty if it does.
        profiles: kinds of capillaroscope, the generic one last.
    """

    frame: Callable[[], Frame | None]
    encode: Callable[[NDArray[np.uint8]], bytes]
    scale_is_known: Callable[[], str]
    profiles: tuple[DeviceProfile, ...]


@dataclass(frozen=True)
class StageMicrometer:
    """The stage micrometer.

    Attributes:
        name: what is engraved on it.
        tolerance_percent: by which its certificate says it may be wrong, 95 %; None where unknown.
    """

    name: str
    tolerance_percent: float | None = None


@dataclass(frozen=True)
class FrozenPicture:
    """A picture held for measuring; it is not an exam's picture and is forgotten when newer ones are frozen."""

    picture_id: str
    frame: Frame
    png: bytes


@dataclass(frozen=True)
class ScaleMeasurement:
    """A scale along one axis of one frozen picture.

    Attributes:
        measurement_id: to keep it by.
        picture: what was measured.
        scale: the result.
        division_um: between graduations or points.
        drawing: what to draw over the picture.
        graduations: what was found; None for two points.
    """

    measurement_id: str
    picture: FrozenPicture
    scale: MeasuredScale
    division_um: float
    drawing: Drawing
    graduations: "Graduations | None" = None


class CalibrationService:
    """One wizard's worth of state; several browsers may use it at once, each by its own ids."""

    def __init__(
        self, store: CalibrationStore, journal: Journal, clock: Clock, in_force: ScaleInForce, tools: CalibrationTools
    ) -> None:
        self.store = store
        self.in_force = in_force
        self._journal = journal
        self._clock = clock
        self._tools = tools
        self._lock = threading.Lock()  # of what is held
        self._changing = threading.Lock()  # of what is kept: the store and its entry in the journal go together
        self._pictures: OrderedDict[str, FrozenPicture] = OrderedDict()
        self._measured: OrderedDict[str, ScaleMeasurement] = OrderedDict()

    @property
    def profiles(self) -> tuple[DeviceProfile, ...]:
        """Kinds of capillaroscope that are known, the generic one last."""
        return self._tools.profiles

    def camera(self) -> CameraDescription | None:
        """What is plugged in, if a picture has come."""
        frame = self._tools.frame()
        return None if frame is None else frame.camera

    def profile(self) -> DeviceProfile:
        """Of what is plugged in."""
        camera = self.camera()
        return profile_of(self._tools.profiles, "" if camera is None else camera.camera_id)

    def scale_is_known(self) -> str:
        """Why the source needs no calibration; empty if it does."""
        return self._tools.scale_is_known()

    def freeze(self) -> FrozenPicture:
        """Hold the newest picture.

        Raises:
            CalibrationError: there is none, or the source's scale is known.
        """
        if known := self.scale_is_known():
            raise CalibrationError(known, "Nothing needs to be calibrated.")
        frame = self._tools.frame()
        if frame is None:
            raise CalibrationError("there is no picture to calibrate with", "Plug the capillaroscope in and wait.")
        picture = FrozenPicture(secrets.token_hex(8), frame, self._tools.encode(frame.image_rgb))
        with self._lock:
            _remember(self._pictures, picture.picture_id, picture)
        return picture

    def picture(self, picture_id: str) -> FrozenPicture:
        """A held picture. Raises CalibrationError if it is forgotten."""
        with self._lock:
            picture: FrozenPicture = _recall(self._pictures, picture_id, "the frozen picture is no longer held")
        return picture

    def find(self, picture_id: str, division_um: float, axis: Axis | None = None) -> ScaleMeasurement:
        """The scale from the graduations in a held picture. Raises CalibrationError as `find_graduations` does."""
        _require_length(division_um)
        picture = self.picture(picture_id)
        from appliance.analysis.micrometer import find_graduations  # noqa: PLC0415 (SciPy: 20 MB)

        found = find_graduations(picture.frame.image_rgb, axis)
        scale = graduation_scale(found, division_um)
        drawing = Drawing(lines=tuple((_rounded(start), _rounded(end)) for start, end in found.lines_px))
        return self._measure(picture, scale, division_um, drawing, found)

    def from_points(
        self, picture_id: str, start_px: tuple[float, float], end_px: tuple[float, float], distance_um: float
    ) -> ScaleMeasurement:
        """The scale from two points that a person placed. Raises CalibrationError as `two_point_scale` does."""
        _require_length(distance_um)
        picture = self.picture(picture_id)
        for x, y in (start_px, end_px):
            if not (-0.5 <= x <= picture.frame.width_px - 0.5 and -0.5 <= y <= picture.frame.height_px - 0.5):
                raise CalibrationError(f"the point ({x:.1f}, {y:.1f}) lies outside the picture", "Place it again.")
        scale = two_point_scale(start_px, end_px, distance_um)
        drawing = Drawing(points=(_rounded(start_px), _rounded(end_px)))
        return self._measure(picture, scale, distance_um, drawing, None)

    def width_px(self, measurement_id: str) -> int:
        """Of the picture that was measured."""
        return self._of_one_setup([measurement_id])[0].picture.frame.width_px

    def combined(self, measurement_ids: Sequence[str], tolerance_percent: float | None = None) -> PictureScale:
        """What one or two measurements give together. Raises CalibrationError as `picture_scale` does."""
        return picture_scale([one.scale for one in self._of_one_setup(measurement_ids)], tolerance_percent)

    def keep(
        self, measurement_ids: Sequence[str], magnification: str, target: StageMicrometer, note: str, operator: str
    ) -> KeptCalibration:
        """Make a calibration of one or two measurements; it applies from the next frame on.

        The magnification counts as stated: the operator has just read it off the ring.

        Raises:
            CalibrationError: the measurements are forgotten, of different cameras or sizes, or do not go together.
            StoreError: it could not be kept.
        """
        measured = self._of_one_setup(measurement_ids)
        ring = magnification_text(magnification)
        if not target.name.strip():
            raise CalibrationError("the target is not named", "Write what is engraved on the stage micrometer.")
        kept = self._kept(measured, ring, target, note.strip(), operator)
        with self._changing:
            with self._journal.transaction("keep the calibration"):
                self.store.keep(kept, {one.scale.axis: one.picture.png for one in measured})
                self.store.state_magnification(kept.device_id, ring, kept.made_at_utc, operator)
                self._write(operator, kept, "calibration.made", _said(kept))
            self.in_force.forget()
        return kept

    def set_state(self, calibration_id: str, state: CalibrationState, actor: str) -> KeptCalibration:
        """Retire, put back or activate one; answers with it as it was, for undo."""
        with self._changing:
            with self._journal.transaction("change the calibration's state"):
                before = self.store.set_state(calibration_id, state, self._clock.now_utc(), actor)
                self._write(actor, before, f"calibration.{state.value}", {"before": before.state.value})
            self.in_force.forget()
        return before

    def state_magnification(self, magnification: str, actor: str) -> str:
        """Say what the ring of the device that is plugged in stands at; answers with how it is written.

        Raises:
            CalibrationError: nothing is plugged in, or it is no magnification.
        """
        camera = self.camera()
        if camera is None:
            raise CalibrationError("there is no capillaroscope to set a magnification for", "Plug it in and wait.")
        ring = magnification_text(magnification)
        with self._changing:
            before = self.store.stated_magnification(camera.camera_id)
            detail = {"magnification": ring, "before": before}
            with self._journal.transaction("keep the magnification"):
                self.store.state_magnification(camera.camera_id, ring, self._clock.now_utc(), actor)
                self._journal.append(actor, f"device:{camera.camera_id}", "calibration.magnification_stated", detail)
            self.in_force.forget()
        return ring

    def stated_magnification(self) -> str | None:
        """Of the device that is plugged in."""
        camera = self.camera()
        return None if camera is None else self.store.stated_magnification(camera.camera_id)

    def _measure(
        self,
        picture: FrozenPicture,
        scale: MeasuredScale,
        division_um: float,
        drawing: Drawing,
        found: "Graduations | None",
    ) -> ScaleMeasurement:
        measured = ScaleMeasurement(secrets.token_hex(8), picture, scale, division_um, drawing, found)
        with self._lock:
            _remember(self._measured, measured.measurement_id, measured)
        return measured

    def _of_one_setup(self, measurement_ids: Sequence[str]) -> list[ScaleMeasurement]:
        missing = "the measurement is no longer held"
        with self._lock:
            measured: list[ScaleMeasurement] = [_recall(self._measured, one, missing) for one in measurement_ids]
        frames = [one.picture.frame for one in measured]
        if not frames or len({(f.camera.camera_id, f.width_px, f.height_px) for f in frames}) != 1:
            raise CalibrationError(
                "the measurements are of different cameras or frame sizes", "Measure both axes with one setting."
            )
        return measured

    def _kept(
        self, measured: Sequence[ScaleMeasurement], ring: str, target: StageMicrometer, note: str, operator: str
    ) -> KeptCalibration:
        now, frame = self._clock.now_utc(), measured[0].picture.frame
        scale = picture_scale([one.scale for one in measured], target.tolerance_percent)
        known = Calibration(
            calibration_id=_name(now, ring, frame),
            um_per_px=scale.um_per_px,
            width_px=frame.width_px,
            height_px=frame.height_px,
            origin=ScaleOrigin.STAGE_MICROMETER,
            magnification=ring,
            made_at_utc=now,
            uncertainty_um_per_px=scale.uncertainty_um_per_px,
            um_per_px_x=scale.um_per_px_x,
            um_per_px_y=scale.um_per_px_y,
        )
        evidence = tuple(_evidence(one) for one in measured)
        return KeptCalibration(
            calibration=known,
            device_id=frame.camera.camera_id,
            device_name=frame.camera.name,
            target=target.name.strip(),
            operator=operator,
            evidence=evidence,
            state=CalibrationState.ACTIVE,
            changed_at_utc=now,
            changed_by=operator,
            note=note,
            target_tolerance_percent=target.tolerance_percent,
        )

    def _write(self, actor: str, kept: KeptCalibration, action: str, detail: Mapping[str, Any]) -> None:
        self._journal.append(actor, f"calibration:{kept.calibration.calibration_id}", action, detail)


def graduation_scale(found: "Graduations", division_um: float) -> MeasuredScale:
    """The scale that graduations a known distance apart give."""
    um_per_px = division_um / found.pitch_px
    return MeasuredScale(
        axis=found.axis,
        angle_deg=found.angle_deg,
        um_per_px=um_per_px,
        uncertainty_um_per_px=um_per_px * found.uncertainty_px / found.pitch_px,
        method=CalibrationMethod.GRADUATIONS,
        length_um=division_um * (len(found.lines_px) + found.hidden - 1),
    )


def _evidence(measured: ScaleMeasurement) -> Evidence:
    scale = measured.scale
    return Evidence(
        axis=scale.axis,
        method=scale.method,
        division_um=measured.division_um,
        um_per_px=scale.um_per_px,
        uncertainty_um_per_px=scale.uncertainty_um_per_px,
        sha256=hashlib.sha256(measured.picture.png).hexdigest(),
        drawing=measured.drawing,
    )


def _said(kept: KeptCalibration) -> dict[str, Any]:
    known = kept.calibration
    return {
        "device": kept.device_id,
        "magnification": known.magnification,
        "width_px": known.width_px,
        "height_px": known.height_px,
        "um_per_px": known.um_per_px,
        "uncertainty_um_per_px": known.uncertainty_um_per_px,
        "target": kept.target,
        "method": [one.method.value for one in kept.evidence],
    }


def _name(now: datetime, ring: str, frame: Frame) -> str:
    """As it is printed in every result; the device's serial number stays out of it."""
    plain = re.sub(r"[^0-9a-z]", "-", ring)
    return f"{now:%Y%m%d}-{plain}-{frame.width_px}x{frame.height_px}-{secrets.token_hex(2)}"


def _require_length(length_um: float) -> None:
    if not _MIN_DIVISION_UM <= length_um <= _MAX_DIVISION_UM:
        raise CalibrationError(
            f"a distance of {length_um:g} um was given",
            f"Use one from {_MIN_DIVISION_UM:g} to {_MAX_DIVISION_UM:g} um; a hundredth of a millimetre is 10.",
        )


def _rounded(point: tuple[float, float]) -> tuple[float, float]:
    return round(point[0], 2), round(point[1], 2)


def _remember(held: "OrderedDict[str, Any]", key: str, value: object) -> None:
    held[key] = value
    while len(held) > _MOST_FROZEN:
        held.popitem(last=False)


def _recall(held: "OrderedDict[str, Any]", key: str, missing: str) -> Any:
    try:
        return held[key]
    except KeyError:
        raise CalibrationError(missing, "Freeze the picture and measure again.") from None
