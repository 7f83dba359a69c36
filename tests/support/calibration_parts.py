"""A calibration wizard over a store in memory."""

from collections.abc import Callable

from appliance.apps.device_profiles import device_profiles
from appliance.apps.station_calibration import encode_plain_png
from appliance.domain.frame import Frame
from appliance.exam.calibration_desk import CalibrationDesk, DeskTools
from appliance.exam.scale_in_force import ScaleInForce
from appliance.ports import Journal
from appliance.storage.memory_calibrations import MemoryCalibrationStore
from tests.support.exam_parts import SystemClock


def new_calibration_desk(
    journal: Journal, frame: Callable[[], Frame | None], store: MemoryCalibrationStore | None = None
) -> CalibrationDesk:
    """The desk of a scope that needs a calibration."""
    kept = store or MemoryCalibrationStore()
    tools = DeskTools(frame, encode_plain_png, lambda: "", device_profiles())
    return CalibrationDesk(kept, journal, SystemClock(), ScaleInForce(kept), tools)
