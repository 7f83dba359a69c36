"""Which scale holds for the frames of the station's picture source, or why none does."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.apps.config.device_profiles import device_profiles
from appliance.apps.config.load_settings import COMMAND_LINE
from appliance.apps.config.settings import LoadedSettings
from appliance.apps.system_clock import SystemClock
from appliance.capture.open_source import scale_of
from appliance.capture.settings import CaptureSettings
from appliance.capture.simulated import SceneOptions
from appliance.capture.source_kind import SourceScale
from appliance.domain.calibration import Calibration, ScaleOrigin, operator_calibration
from appliance.domain.errors import CalibrationError, SettingsError
from appliance.domain.frame import Frame
from appliance.domain.kept_calibration import KeptCalibration
from appliance.exam.calibration_reminder import open_reminder
from appliance.exam.calibration_service import CalibrationService, CalibrationTools
from appliance.exam.scale_in_force import ScaleInForce, ShownScale
from appliance.ports import CalibrationStore, Journal

_log = logging.getLogger(__name__)
_LARGEST_SIDE_PX = 8192
_NEVER = "this scope is not calibrated; calibrate it with a stage micrometer or set calibration.um_per_px"

Maker = Callable[[Frame], Calibration | None]


@dataclass(frozen=True)
class ScaleOfFrame:
    """The scale of one frame.

    Attributes:
        calibration: None locks micrometres, and `reason` says why.
        kept: the one of the wizard, where that applies.
    """

    calibration: Calibration | None = None
    kept: KeptCalibration | None = None
    reason: str = ""


class StationCalibration:
    """The scale of each frame. Safe for calls from any thread.

    A frame of another size than the calibrated one gets none: micrometres are locked, and `reason` says why.

    Args:
        make: the calibration, given the first frame; called once.
        reason_without: shown while there is none.
        in_force: the calibrations made in the wizard, which go before `make`; None for a source that needs none.
    """

    def __init__(self, make: Maker, reason_without: str, in_force: ScaleInForce | None = None) -> None:
        self._in_force = in_force
        self._make = make
        self._reason_without = reason_without
        self._known: Calibration | None = None
        self._is_made = False
        self._lock = threading.Lock()
        self._newest = ScaleOfFrame()

    @property
    def newest(self) -> ScaleOfFrame:
        """Of the frame that was asked about last, for the status bar."""
        return self._newest

    @property
    def needs_calibration(self) -> bool:
        """Whether the wizard can do anything for this source."""
        return self._in_force is not None

    def for_frame(self, frame: Frame) -> Calibration | None:
        """The scale of this frame, which is the newest from now on."""
        with self._lock:
            scale = self._look_up(frame)
            if scale.reason and scale.reason != self._newest.reason:
                _log.warning("no micrometres: %s", scale.reason)
            self._newest = scale
        return scale.calibration

    def _look_up(self, frame: Frame) -> ScaleOfFrame:
        if not self._is_made:
            self._known, self._is_made = self._make(frame), True
        if self._in_force is not None:
            answer = self._in_force.for_frame(frame)
            # The site's settings speak for a scope that the wizard has never seen, and for no other.
            if answer.has_any or self._known is None:
                return ScaleOfFrame(answer.calibration, answer.kept, answer.reason)
        reason = self._reason_without if self._known is None else self._misfit(self._known, frame)
        return ScaleOfFrame(None if reason else self._known, None, reason)

    @staticmethod
    def _misfit(known: Calibration, frame: Frame) -> str:
        try:
            known.require_frame_size(frame.width_px, frame.height_px)
        except CalibrationError as error:
            return str(error)
        return ""


def station_calibration(
    loaded: LoadedSettings, scene: Callable[[], SceneOptions | None], in_force: ScaleInForce | None = None
) -> StationCalibration:
    """The rule for the settings' source, by who knows its scale.

    SCENE: the scale of the rendered scene. WIZARD: what the wizard made. OPERATOR: what was given on the command line.
    CAMERA: a scale on the command line, else what the wizard made, else the settings' own.

    Args:
        scene: what the simulated scope renders, once it runs.
        in_force: the calibrations made in the wizard.

    Raises:
        SettingsError: a scale was given on the command line for a source that has its own.
        CaptureError: there is no such source.
    """
    scale = scale_of(loaded.settings.capture.source)
    is_from_operator = _is_from_operator(loaded)
    if scale in (SourceScale.SCENE, SourceScale.WIZARD) and is_from_operator:
        raise SettingsError("--um-per-px was given for the simulated scope", "Use simulated:?um_per_px=1.41")
    if scale is SourceScale.SCENE:
        return StationCalibration(lambda _: _of_scene(scene()), "the simulated scope renders without a scale")
    is_recording = scale is SourceScale.OPERATOR
    if is_recording and not is_from_operator:
        return StationCalibration(lambda _: None, "a recording has no scale of its own; start with --um-per-px")
    if is_from_operator:
        in_force = None
    if scale is SourceScale.WIZARD or loaded.settings.calibration.um_per_px is None:
        return StationCalibration(lambda _: None, _NEVER, in_force)
    return StationCalibration(lambda frame: _of_settings(loaded, frame if is_recording else None), "", in_force)


def calibration_service(
    store: CalibrationStore,
    journal: Journal,
    clock: SystemClock,
    in_force: ScaleInForce,
    rule: StationCalibration,
    frame: Callable[[], Frame | None],
) -> CalibrationService:
    """The wizard of this station.

    Args:
        rule: decides whether the source needs a calibration at all.
        frame: the newest picture while the camera is live.
    """

    def scale_is_known() -> str:
        return "" if rule.needs_calibration else "the scale of this picture source is given and not measured here"

    tools = CalibrationTools(frame, encode_plain_png, scale_is_known, device_profiles())
    return CalibrationService(store, journal, clock, in_force, tools)


def shown_scale(newest: ScaleOfFrame, journal: Journal, now_utc: datetime, loaded: LoadedSettings) -> ShownScale:
    """What the pages say of it."""
    reminder = open_reminder(journal, newest.kept)
    due = reminder is not None or is_due(newest.kept, now_utc, loaded)
    return ShownScale(newest.calibration, newest.reason, due, reminder)


def is_due(kept: KeptCalibration | None, now_utc: datetime, loaded: LoadedSettings) -> bool:
    """Whether the calibration that applies is to be checked by now."""
    return kept is not None and kept.is_due(now_utc, loaded.settings.calibration.remind_after_months)


def encode_plain_png(image_rgb: NDArray[np.uint8]) -> bytes:
    """The picture without loss and without a word about where it comes from."""
    done, png = cv2.imencode(".png", np.ascontiguousarray(image_rgb[:, :, ::-1]))
    assert done
    return bytes(png)


def settings_at_full_size(loaded: LoadedSettings) -> CaptureSettings:
    """The capture settings, where the operator gave a scale for stills without their reduction: it is the file's scale.

    Raises:
        SettingsError: the source's address asks for a reduction all the same.
    """
    capture = loaded.settings.capture
    if scale_of(capture.source) is not SourceScale.OPERATOR or not _is_from_operator(loaded):
        return capture
    if "max_px=" in capture.source:
        raise SettingsError("--um-per-px was given for pictures that max_px reduces", "Give only one of them.")
    return replace(capture, still_longest_side_px=_LARGEST_SIDE_PX)


def _is_from_operator(loaded: LoadedSettings) -> bool:
    return loaded.origins.get("calibration.um_per_px") == COMMAND_LINE


def _of_scene(scene: SceneOptions | None) -> Calibration | None:
    if scene is None:
        return None
    name = f"simulated-{scene.um_per_px:g}"
    return Calibration(name, scene.um_per_px, scene.width_px, scene.height_px, ScaleOrigin.SIMULATED)


def _of_settings(loaded: LoadedSettings, frame: Frame | None) -> Calibration:
    """For a file the frame's own size counts, for a camera the size the scale was made at."""
    wanted, capture = loaded.settings.calibration, loaded.settings.capture
    assert wanted.um_per_px is not None
    if frame is not None:
        return operator_calibration(wanted.um_per_px, frame.width_px, frame.height_px)
    width_px, height_px = wanted.width_px or capture.width_px, wanted.height_px or capture.height_px
    name = wanted.calibration_id or f"{wanted.origin.value}-{wanted.um_per_px:g}-{width_px}x{height_px}"
    return Calibration(name, wanted.um_per_px, width_px, height_px, wanted.origin, wanted.magnification)
