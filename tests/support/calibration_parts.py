"""A calibration wizard over a store in memory."""

from collections.abc import Callable
from datetime import datetime, timezone
from hashlib import sha256

from appliance.apps.config.device_profiles import device_profiles
from appliance.apps.station.frame_calibration import encode_plain_png
from appliance.domain.calibration import Axis, Calibration, ScaleOrigin
from appliance.domain.frame import Frame
from appliance.domain.kept_calibration import CalibrationState, Evidence, KeptCalibration
from appliance.domain.measured_scale import CalibrationMethod
from appliance.exam.calibration_service import CalibrationService, CalibrationTools
from appliance.exam.scale_in_force import ScaleInForce
from appliance.ports import Journal
from appliance.storage.memory_calibrations import MemoryCalibrationStore
from tests.support.exam_parts import SystemClock

MADE = datetime(2026, 11, 22, 10, tzinfo=timezone.utc)


def new_calibration_service(
    journal: Journal, frame: Callable[[], Frame | None], store: MemoryCalibrationStore | None = None
) -> CalibrationService:
    """The service of a scope that needs a calibration."""
    kept = store or MemoryCalibrationStore()
    tools = CalibrationTools(frame, encode_plain_png, lambda: "", device_profiles())
    return CalibrationService(kept, journal, SystemClock(), ScaleInForce(kept), tools)


def kept_at(magnification: str, width: int = 640, um_per_px: float = 1.40) -> KeptCalibration:
    """One of the wizard for the camera "scope", of frames of that width and 480 high."""
    known = Calibration(
        f"wizard-{magnification}-{width}",
        um_per_px,
        width,
        480,
        ScaleOrigin.STAGE_MICROMETER,
        magnification,
        MADE,
        uncertainty_um_per_px=0.002,
    )
    evidence = Evidence(Axis.X, CalibrationMethod.GRADUATIONS, 10.0, um_per_px, 0.002, sha256(b"png").hexdigest())
    state = CalibrationState.ACTIVE
    return KeptCalibration(known, "scope", "scope", "1 mm / 100", "anna", (evidence,), state, MADE, "anna")
