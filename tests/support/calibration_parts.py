"""A calibration wizard over a store in memory."""

from collections.abc import Callable

from appliance.apps.config.device_profiles import device_profiles
from appliance.apps.station.frame_calibration import encode_plain_png
from appliance.domain.frame import Frame
from appliance.exam.calibration_service import CalibrationService, CalibrationTools
from appliance.exam.scale_in_force import ScaleInForce
from appliance.ports import Journal
from appliance.storage.memory_calibrations import MemoryCalibrationStore
from tests.support.exam_parts import SystemClock


def new_calibration_desk(
    journal: Journal, frame: Callable[[], Frame | None], store: MemoryCalibrationStore | None = None
) -> CalibrationService:
    """The desk of a scope that needs a calibration."""
    kept = store or MemoryCalibrationStore()
    tools = CalibrationTools(frame, encode_plain_png, lambda: "", device_profiles())
    return CalibrationService(kept, journal, SystemClock(), ScaleInForce(kept), tools)
