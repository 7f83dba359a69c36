"""Which kept calibration holds for the frames that come now, or why none does."""

import logging
import threading
from dataclasses import dataclass

from appliance.domain.calibration import Calibration
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.kept_calibration import CalibrationState, KeptCalibration, ScopeSetup
from appliance.exam.calibration_reminder import CalibrationReminder
from appliance.ports import CalibrationStore

_log = logging.getLogger(__name__)
_COLONS_WITH_SERIAL = 2


@dataclass(frozen=True)
class ScaleAnswer:
    """A calibration, or the reason why there is none; never both.

    Attributes:
        kept: the one that applies.
        reason: what is missing and what to do, in the operator's words; empty with a calibration.
        has_any: this very device was calibrated before, if only for another magnification or size.
    """

    kept: KeptCalibration | None
    reason: str
    has_any: bool

    @property
    def calibration(self) -> Calibration | None:
        return None if self.kept is None else self.kept.calibration


@dataclass(frozen=True)
class ShownScale:
    """What the status bar says of the newest picture's scale, in one piece.

    Attributes:
        calibration: None while nothing can be given in micrometres.
        reason: why that is so, in the operator's words; empty with a calibration.
        is_due: it is so old that it should be checked, or the fleet asks for that.
        reminder: that the fleet asks.
    """

    calibration: Calibration | None = None
    reason: str = ""
    is_due: bool = False
    reminder: CalibrationReminder | None = None


class ScaleInForce:
    """Looks calibrations up by device and socket, stated magnification and frame size; nothing else ever applies.

    The store is asked once a setup; `forget` after every change. Safe from any thread.
    """

    def __init__(self, store: CalibrationStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: dict[tuple[str, int, int], ScaleAnswer] = {}

    def for_frame(self, frame: Frame) -> ScaleAnswer:
        """What holds for this frame."""
        key = (frame.camera.camera_id, frame.width_px, frame.height_px)
        with self._lock:
            if key not in self._known:
                self._known[key] = self._look_up(frame.camera, frame.width_px, frame.height_px)
            return self._known[key]

    def forget(self) -> None:
        """A calibration or a magnification was changed."""
        with self._lock:
            self._known.clear()

    def _look_up(self, camera: CameraDescription, width_px: int, height_px: int) -> ScaleAnswer:
        device_id = camera.camera_id
        kept = self._active_of(device_id)
        if not kept:
            elsewhere = self._of_other_sockets(device_id)
            if elsewhere:
                return ScaleAnswer(None, _at_other_sockets(camera.name, elsewhere), True)
            # Kept before sockets were told apart: it applies as it did, and the pages ask for its check.
            device_id = serial_alone(device_id)
            kept = self._active_of(device_id)
        stated = self._store.stated_magnification(camera.camera_id) or self._store.stated_magnification(device_id)
        if not kept:
            return ScaleAnswer(None, f"{camera.name} is not calibrated. Calibrate it with a stage micrometer.", False)
        if stated is None:
            return ScaleAnswer(None, f"Nobody has said what magnification {camera.name} is set to. Choose it.", True)
        found = self._store.active(ScopeSetup(device_id, stated, width_px, height_px))
        if found is None:
            return ScaleAnswer(None, _misfit(kept, stated, width_px, height_px), True)
        if device_id != camera.camera_id:
            _log.warning("%s is measured with a calibration that names no socket; check it", camera.camera_id)
        return ScaleAnswer(found, "", True)

    def _active_of(self, device_id: str) -> list[KeptCalibration]:
        return [one for one in self._store.calibrations(device_id) if one.state is CalibrationState.ACTIVE]

    def _of_other_sockets(self, device_id: str) -> list[str]:
        """Sockets at which a scope of the same kind and serial number was calibrated: it may be another one."""
        scope = serial_alone(device_id)
        if scope == device_id or scope.count(":") < _COLONS_WITH_SERIAL:
            return []
        active = (one for one in self._store.calibrations() if one.state is CalibrationState.ACTIVE)
        ids = {one.device_id for one in active if one.device_id.startswith(f"{scope}@")}
        return sorted(one.rpartition("@")[2] for one in ids)


def serial_alone(device_id: str) -> str:
    """VID:PID:serial of VID:PID:serial@socket, as calibrations were kept before sockets were told apart."""
    scope, _, _socket = device_id.rpartition("@")
    return scope if scope.count(":") >= _COLONS_WITH_SERIAL else device_id


def _at_other_sockets(name: str, sockets: list[str]) -> str:
    return (
        f"{name} was calibrated at the USB socket {', '.join(sockets)}. Some makers give all scopes one serial number, "
        "so this may be another one: plug it in there, or calibrate it here."
    )


def _misfit(kept: list[KeptCalibration], stated: str, width_px: int, height_px: int) -> str:
    at_stated = [one for one in kept if one.setup.magnification == stated]
    if at_stated:
        sizes = ", ".join(sorted({f"{one.setup.width_px}x{one.setup.height_px}" for one in at_stated}))
        return (
            f"At {stated} the scope is calibrated for {sizes} frames, these are {width_px}x{height_px}. "
            "Set the camera back to that size or calibrate at this one."
        )
    known = ", ".join(sorted({one.setup.magnification for one in kept}))
    return (
        f"The scope is set to {stated} and calibrated at {known} alone. "
        "Turn the ring back and say so, or calibrate at this magnification."
    )
