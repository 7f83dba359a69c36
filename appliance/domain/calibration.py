"""The physical scale of a picture and where it came from."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from appliance.domain.errors import CalibrationError


class ScaleOrigin(Enum):
    """How the scale became known."""

    STAGE_MICROMETER = "stage_micrometer"
    DEVICE_PROFILE = "device_profile"
    DEVICE_METADATA = "device_metadata"
    OPERATOR = "operator"
    SIMULATED = "simulated"


class Axis(Enum):
    """Of the picture: x to the right, y down."""

    X = "x"
    Y = "y"


@dataclass(frozen=True)
class Calibration:
    """Micrometres per pixel for frames of exactly one size.

    Attributes:
        calibration_id: unique and printable; every measured image carries it.
        um_per_px: micrometres per pixel of the full frame, same for both axes.
        width_px, height_px: the frame size it holds for.
        origin: how the scale became known.
        magnification: as printed on the device ("220x"); None where unknown.
        made_at_utc: when it was made; None for a profile shipped with the product.
        uncertainty_um_per_px: half the width of its 95 % interval; None where nobody measured it.
        um_per_px_x, um_per_px_y: what was measured along each axis; None where it was not.
    """

    calibration_id: str
    um_per_px: float
    width_px: int
    height_px: int
    origin: ScaleOrigin
    magnification: str | None = None
    made_at_utc: datetime | None = None
    uncertainty_um_per_px: float | None = None
    um_per_px_x: float | None = None
    um_per_px_y: float | None = None

    def __post_init__(self) -> None:
        if not 0.05 <= self.um_per_px <= 50.0:
            raise CalibrationError(
                f"calibration {self.calibration_id} has {self.um_per_px} um per pixel",
                "Capillaroscopes lie between 0.05 and 50; calibrate again.",
            )
        if self.uncertainty_um_per_px is not None and not 0.0 <= self.uncertainty_um_per_px < self.um_per_px:
            raise CalibrationError(
                f"calibration {self.calibration_id} is uncertain by {self.uncertainty_um_per_px} um per pixel",
                "Calibrate again.",
            )

    def require_frame_size(self, width_px: int, height_px: int) -> None:
        """Refuse frames of another size: the scale would be wrong without any sign of it.

        Raises:
            CalibrationError: the frame is not of the calibrated size.
        """
        if (width_px, height_px) != (self.width_px, self.height_px):
            raise CalibrationError(
                f"calibration {self.calibration_id} is for {self.width_px}x{self.height_px} frames, "
                f"this frame is {width_px}x{height_px}",
                "Set the camera back to that size or calibrate at this one.",
            )


def operator_calibration(um_per_px: float, width_px: int, height_px: int) -> Calibration:
    """A scale that the operator vouches for. Raises CalibrationError for one that no capillaroscope has."""
    return Calibration(f"operator-{um_per_px:g}", um_per_px, width_px, height_px, ScaleOrigin.OPERATOR)


def file_calibration(um_per_px: float, width_px: int, height_px: int) -> Calibration:
    """A scale that a picture's own file states in physical units."""
    return Calibration(f"file-{um_per_px:.4g}", um_per_px, width_px, height_px, ScaleOrigin.DEVICE_METADATA)
