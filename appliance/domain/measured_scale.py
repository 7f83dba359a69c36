"""A scale measured along one axis, and the one scale of a picture that two of them give."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from appliance.domain.calibration import Axis
from appliance.domain.errors import CalibrationError

MAX_STRETCH = 0.02
"""Widths run in every direction, so one number must hold for all; a stretched picture is refused, not averaged."""

CLICK_SIGMA_PX = 1.0
"""Standard deviation with which a person is taken to place a point under the magnifier; no study of it is known."""

MIN_CLICK_DISTANCE_PX = 50.0
"""Two clicks nearer than this would leave the scale uncertain by more than five percent."""


class CalibrationMethod(Enum):
    """How a distance was found in the picture."""

    GRADUATIONS = "graduations"
    TWO_POINTS = "two_points"


@dataclass(frozen=True)
class MeasuredScale:
    """Micrometres per pixel along a direction near one axis.

    Attributes:
        axis: the nearer one.
        angle_deg: turn of the direction against that axis, clockwise on the screen.
        um_per_px: in that direction.
        uncertainty_um_per_px: half the width of the 95 % interval; without the target's own tolerance.
        method: how it was found.
        length_um: known length that was covered.
    """

    axis: Axis
    angle_deg: float
    um_per_px: float
    uncertainty_um_per_px: float
    method: CalibrationMethod
    length_um: float


@dataclass(frozen=True)
class PictureScale:
    """The one scale of a picture.

    Attributes:
        um_per_px: for every direction.
        uncertainty_um_per_px: 95 %; holds half the difference of the two axes, for a width may run along either.
        um_per_px_x, um_per_px_y: each axis by itself; None where it was not measured and pixels are taken as square.
    """

    um_per_px: float
    uncertainty_um_per_px: float
    um_per_px_x: float | None
    um_per_px_y: float | None


def two_point_scale(start_px: tuple[float, float], end_px: tuple[float, float], distance_um: float) -> MeasuredScale:
    """The scale from two points a known distance apart, as uncertain as a person's hand.

    Raises:
        CalibrationError: the points are too near each other, or lie along neither axis.
    """
    dx, dy = end_px[0] - start_px[0], end_px[1] - start_px[1]
    length_px = math.hypot(dx, dy)
    if length_px < MIN_CLICK_DISTANCE_PX:
        raise CalibrationError(
            f"the two points are {length_px:.0f} pixels apart",
            f"Choose graduations at least {MIN_CLICK_DISTANCE_PX:.0f} pixels from each other.",
        )
    direction = (math.degrees(math.atan2(dy, dx)) + 90.0) % 180.0 - 90.0
    axis = Axis.X if abs(direction) < 45.0 else Axis.Y
    um_per_px = distance_um / length_px
    uncertainty = um_per_px * 1.96 * math.sqrt(2.0) * CLICK_SIGMA_PX / length_px
    angle = (direction + 45.0) % 90.0 - 45.0
    return MeasuredScale(axis, angle, um_per_px, uncertainty, CalibrationMethod.TWO_POINTS, distance_um)


def picture_scale(measured: Sequence[MeasuredScale], target_tolerance_percent: float | None = None) -> PictureScale:
    """One scale from one or both axes.

    Args:
        target_tolerance_percent: by which the micrometer itself may be wrong, 95 %, as its certificate says; None where
            nobody knows, and then the uncertainty is that of the measurement alone.

    Raises:
        CalibrationError: both were measured along the same axis, or the picture is stretched.
    """
    tolerance = (target_tolerance_percent or 0.0) / 100
    if len(measured) == 1:
        one = measured[0]
        x, y = (one.um_per_px, None) if one.axis is Axis.X else (None, one.um_per_px)
        return PictureScale(one.um_per_px, math.hypot(one.uncertainty_um_per_px, tolerance * one.um_per_px), x, y)
    by_axis = {one.axis: one for one in measured}
    if len(measured) != 2 or len(by_axis) != 2:
        raise CalibrationError("the two measurements lie along the same axis", "Turn the micrometer by 90 degrees.")
    along_x, along_y = by_axis[Axis.X], by_axis[Axis.Y]
    x_um, y_um = _along_axes(along_x, along_y)
    mean = (x_um + y_um) / 2
    spread = math.hypot(along_x.uncertainty_um_per_px, along_y.uncertainty_um_per_px)
    if abs(x_um - y_um) > MAX_STRETCH * mean + spread:
        raise CalibrationError(
            f"the picture is stretched: {x_um:.4f} um per pixel along x, {y_um:.4f} along y",
            "Set a frame size with the proportions of the sensor, then calibrate again.",
        )
    return PictureScale(mean, math.hypot(spread / 2, (x_um - y_um) / 2, tolerance * mean), x_um, y_um)


def _along_axes(along_x: MeasuredScale, along_y: MeasuredScale) -> tuple[float, float]:
    """Both measurements freed of their turn, to first order in the stretch."""
    of_x, of_y = (math.sin(math.radians(one.angle_deg)) ** 2 for one in (along_x, along_y))
    whole = (1 - of_x) * (1 - of_y) - of_x * of_y
    x_um = ((1 - of_y) * along_x.um_per_px - of_x * along_y.um_per_px) / whole
    y_um = ((1 - of_x) * along_y.um_per_px - of_y * along_x.um_per_px) / whole
    return x_um, y_um


def magnification_text(written: str) -> str:
    """A ring's or lens's number as it is compared and shown: "220", "220 X" and "x220" are "220x".

    Raises:
        CalibrationError: it is no magnification between 1 and 2000.
    """
    match = re.fullmatch(r"[xX\u00d7]?\s*(\d{1,4}(?:[.,]\d)?)\s*[xX\u00d7]?", written.strip())
    number = float(match[1].replace(",", ".")) if match else 0.0
    if not 1 <= number <= 2000:
        raise CalibrationError(f"{written!r} is no magnification", "Write the number on the ring or lens, as 200x.")
    return f"{number:g}x"
