"""The smooth curve through a row of apices, and its length inside the frame.

Row axes: origin at the frame's centre, pixels, u along the nailfold (to the right of an upright image), v distal (to
its top). `roll_rad` is the clockwise turn of the finger on the screen; 0 has the apices pointing to the image's top.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ROW_SCATTER = 0.6
"""Apices stray this many loop widths from their row (about 22 um at 39 um a loop)."""

CURVATURE_PRIOR = 0.1
"""Rise of a row over half a frame's width, as a share of that half width: a nailfold in this field is almost
straight."""

OUTLIER = 1.5
"""Huber's constant in units of ROW_SCATTER: an apex farther off pulls no harder than one there."""

SAMPLES = 400
"""Points along the row when its length is taken: an error of at most a quarter of a percent."""


@dataclass(frozen=True)
class RowCurve:
    """A fitted row: v = level + slope * u + bend * u^2 between `low` and `high`, straight beyond them.

    Attributes:
        roll_rad: of the axes that u and v are measured in.
        low, high: u of the outermost apices; the curve leaves both ends along its tangent, because a parabola would run
            away where no apex holds it.
        size_px: width and height of the frame.
    """

    roll_rad: float
    level: float
    slope: float
    bend: float
    low: float
    high: float
    size_px: tuple[int, int]

    @property
    def direction_rad(self) -> float:
        """Clockwise turn of the row on the screen, in the middle of its apices."""
        middle = (self.low + self.high) / 2
        return self.roll_rad - math.atan(self.slope + 2 * self.bend * middle)

    def height(self, u: FloatArray) -> FloatArray:
        """v of the row at positions u."""
        near = np.minimum(np.maximum(u, self.low), self.high)
        value = self.level + self.slope * near + self.bend * near**2
        return np.asarray(value + (u - near) * (self.slope + 2 * self.bend * near))

    @cached_property
    def samples(self) -> tuple[FloatArray, FloatArray]:
        """Places along the row, beyond the frame on both sides: u (SAMPLES,), and pixels (SAMPLES, 2)."""
        u = _places_along(self.size_px)
        return u, self.points_below(u, 0.0)

    def points_below(self, u: FloatArray, by_px: float) -> FloatArray:
        """Pixels (N, 2) so far below the row at positions u."""
        points_uv = np.empty((len(u), 2))
        points_uv[:, 0], points_uv[:, 1] = u, self.height(u) - by_px
        return from_row_axes(points_uv, self.roll_rad, self.size_px)

    def is_inside(self, points: FloatArray) -> NDArray[np.bool_]:
        """Whether pixels (N, 2) lie in the frame."""
        x, y = points[:, 0], points[:, 1]
        width, height = self.size_px
        return np.asarray((x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5))

    def length_px(self) -> float:
        """Length of the row inside the frame, from border to border."""
        return self._length_px

    @cached_property
    def samples_inside(self) -> NDArray[np.bool_]:
        """Which of the samples lie in the frame."""
        return self.is_inside(self.samples[1])

    @cached_property
    def _length_px(self) -> float:
        return length_of(self.samples[1], self.samples_inside)


@lru_cache(maxsize=4)
def _places_along(size_px: tuple[int, int]) -> FloatArray:
    reach = math.hypot(*size_px)
    places = np.linspace(-reach, reach, SAMPLES)
    places.flags.writeable = False
    return places


def length_of(points: FloatArray, counts: NDArray[np.bool_]) -> float:
    """Length of a line through points (N, 2) as far as they count; a step in or out of what counts is half of one."""
    steps = np.hypot(*(points[1:] - points[:-1]).T)
    return float((steps * (counts[:-1].astype(float) + counts[1:]) / 2).sum())


def to_row_axes(points_px: FloatArray, roll_rad: float, size_px: tuple[int, int]) -> FloatArray:
    """Pixels (N, 2) as (u, v) of a frame whose finger is rolled by `roll_rad`."""
    centred = points_px - ((size_px[0] - 1) / 2, (size_px[1] - 1) / 2)
    cos, sin = math.cos(roll_rad), math.sin(roll_rad)
    return np.asarray(centred @ np.array([[cos, sin], [sin, -cos]]))


def from_row_axes(points_uv: FloatArray, roll_rad: float, size_px: tuple[int, int]) -> FloatArray:
    """Undoes to_row_axes."""
    cos, sin = math.cos(roll_rad), math.sin(roll_rad)
    centre = ((size_px[0] - 1) / 2, (size_px[1] - 1) / 2)
    return np.asarray(points_uv @ np.array([[cos, sin], [sin, -cos]]) + centre)


def fit_row(
    points_uv: FloatArray, roll_rad: float, slope_spread: float, loop_width_px: float, size_px: tuple[int, int]
) -> RowCurve:
    """The row through at least one apex: least squares that outliers cannot drag, held by weak expectations.

    The expectations are a slope of zero within `slope_spread` (how well the roll is known) and hardly any curvature, so
    one apex, two apices and forty are one case.
    """
    u, v = points_uv[:, 0], points_uv[:, 1]
    scatter = max(1.0, ROW_SCATTER * loop_width_px)
    half = size_px[0] / 2
    # In half frame widths every power of u is about 1, so that three normal equations lose no digits.
    one = u / half
    squared = one * one
    powers = np.empty((5, len(one)))
    powers[0], powers[1], powers[2], powers[3], powers[4] = 1.0, one, squared, squared * one, squared * squared
    design = powers[:3]
    expected = (scatter / (half * slope_spread)) ** 2, (scatter / (half * CURVATURE_PRIOR)) ** 2
    weight = powers[0]
    for _ in range(3):
        solved = _solve_normal((powers @ weight).tolist(), (design @ (weight * v)).tolist(), expected)
        off = np.abs(v - np.array(solved) @ design)
        weight = OUTLIER / np.maximum(off / scatter, OUTLIER)
    level, rise, bow = solved
    return RowCurve(roll_rad, level, rise / half, bow / half**2, float(u.min()), float(u.max()), size_px)


def _solve_normal(
    moments: Sequence[float], right: Sequence[float], expected: tuple[float, float]
) -> tuple[float, float, float]:
    """Level, rise and bow of the three normal equations, by Cholesky: numpy's solver takes three times as long.

    Args:
        moments: sums of the weighted powers 0 to 4; the matrix is positive definite, since each expectation is.
        right: sums of the weighted powers 0 to 2 times v.
        expected: added to the second and the third place of the diagonal.
    """
    count, first, second, third, fourth = moments
    a = math.sqrt(count)
    b, d = first / a, second / a
    c = math.sqrt(second + expected[0] - b * b)
    e = (third - d * b) / c
    f = math.sqrt(fourth + expected[1] - d * d - e * e)
    x = right[0] / a
    y = (right[1] - b * x) / c
    z = (right[2] - d * x - e * y) / f
    bow = z / f
    rise = (y - e * bow) / c
    return (x - b * rise - d * bow) / a, rise, bow
