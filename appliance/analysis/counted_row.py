"""The stretches of the distal row along which loops can be counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.row_fit import RowCurve, length_of, to_row_axes
from appliance.domain.detection import BoundingBox
from appliance.domain.keypoints import Point

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

BELOW_OF_HEIGHT = 0.03
"""Whether a place of the row is hidden is decided so far below its apices, in heights of the frame: in the heads."""
SHORT_OF_WIDTH = 0.06
"""A hidden stretch shorter than this, about one loop, hides none for certain."""
POINT_EVERY = 8
"""Of the samples along the row, so many apart, are written down."""


@dataclass(frozen=True)
class CountedRow:
    """What counts of a row.

    Attributes:
        stretches_px: lines through points of the picture, from one side to the other.
        length_px: of all of them.
    """

    stretches_px: tuple[tuple[Point, ...], ...]
    length_px: float


def counted_row(curve: RowCurve, apices_px: Sequence[Point], hidden_px: Sequence[BoundingBox]) -> CountedRow:
    """The row inside the frame without what is hidden.

    Args:
        apices_px: of the loops that form the row; where one was seen, the row was seen.
        hidden_px: from countable.areas_of.
    """
    u, points = curve.samples
    counts = curve.samples_inside
    if hidden_px:
        width, height = curve.size_px
        # Heads of the lowest apices lie below the frame: what hides its last pixels hides them too.
        heads = np.clip(curve.points_below(u, BELOW_OF_HEIGHT * height), 0, (width - 1, height - 1))
        is_hidden = counts & _lies_in(hidden_px, heads)
        if len(apices_px):
            seen_u = to_row_axes(np.array(apices_px), curve.roll_rad, curve.size_px)[:, 0]
            is_hidden &= np.abs(u[:, None] - seen_u[None, :]).min(axis=1) > _reach_of_a_loop(seen_u, width)
        counts = counts & ~_without_short(is_hidden, points, SHORT_OF_WIDTH * width)
    lines = [points[a:b] for a, b in _runs(counts) if b - a > 1]
    length_px = length_of(points, counts) if hidden_px else curve.length_px()
    return CountedRow(tuple(_written(line) for line in lines), length_px)


def _reach_of_a_loop(seen_u: FloatArray, width: int) -> float:
    """How far the row is seen to either side of a loop that is seen: half the way to the next one.

    With less, the row would end at its outermost loops, and its density would be too high by one interval.
    """
    gap = float(np.median(np.diff(np.sort(seen_u)))) if len(seen_u) > 1 else 0.0
    return max(SHORT_OF_WIDTH * width, gap / 2)


def _lies_in(areas: Sequence[BoundingBox], points: FloatArray) -> Mask:
    x, y = points[:, 0], points[:, 1]
    inside = np.zeros(len(points), dtype=np.bool_)
    for area in areas:
        inside |= (x >= area.x) & (x < area.x + area.w) & (y >= area.y) & (y < area.y + area.h)
    return inside


def _without_short(is_hidden: Mask, points: FloatArray, limit_px: float) -> Mask:
    kept: Mask = is_hidden.copy()
    for a, b in _runs(is_hidden):
        if float(np.hypot(*np.diff(points[a:b], axis=0).T).sum()) < limit_px:
            kept[a:b] = False
    return kept


def _runs(mask: Mask) -> list[tuple[int, int]]:
    """First and one past the last of each run of True."""
    bordered = np.zeros(len(mask) + 2, dtype=np.bool_)
    bordered[1:-1] = mask
    edges = np.flatnonzero(bordered[1:] != bordered[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _written(line: FloatArray) -> tuple[Point, ...]:
    return tuple((x, y) for x, y in [*line[:-1:POINT_EVERY].tolist(), *line[-1:].tolist()])
