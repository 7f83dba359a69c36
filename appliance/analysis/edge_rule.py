"""AUTOCAPI's edge rule: a loop cut by the frame's border counts if half of its head is inside."""

import math
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.measure import MeasuredLoop
from appliance.domain.detection import BoundingBox

FloatArray = NDArray[np.float64]

AT_BORDER_PX = 2.0
"""A box this close to the border is taken for cut by it; detectors place a border that they cannot see about so
well."""

HALF = 0.5


def has_half_its_head_inside(
    loops: Sequence[MeasuredLoop], apices_px: FloatArray, roll_rad: float, size_px: tuple[int, int]
) -> tuple[bool, ...]:
    """For each loop whether it counts; loops that touch no border always do.

    The apex is the middle of the head, so a measured apex inside the frame has half of the head inside. Where the apex
    could not be measured, the box tells: cut at its distal side the head is lost; cut at a flank it must be at least
    half as wide as the median loop.

    Args:
        apices_px: (N, 2), as the distal row uses them.
        roll_rad: clockwise turn of the finger on the screen.
        size_px: width and height of the frame.
    """
    cut = [_sides(loop.bbox, size_px) for loop in loops]
    widths = [min(loop.bbox.w, loop.bbox.h) for loop, sides in zip(loops, cut, strict=True) if not sides]
    typical_px = median(widths) if widths else 0.0
    return tuple(
        not sides or _counts(loop, sides, (x, y), typical_px, roll_rad, size_px)
        for loop, sides, (x, y) in zip(loops, cut, apices_px.tolist(), strict=True)
    )


def _counts(
    loop: MeasuredLoop,
    sides: list[tuple[int, int]],
    apex: tuple[float, float],
    typical_px: float,
    roll_rad: float,
    size_px: tuple[int, int],
) -> bool:
    if loop.apex_px is not None:
        return -0.5 <= apex[0] <= size_px[0] - 0.5 and -0.5 <= apex[1] <= size_px[1] - 0.5
    distal = math.sin(roll_rad), -math.cos(roll_rad)
    # Within 45 degrees of straight distal a border cuts the head itself.
    if any(side[0] * distal[0] + side[1] * distal[1] > math.cos(math.pi / 4) for side in sides):
        return False
    across = loop.bbox.w if any(side[0] for side in sides) else loop.bbox.h
    proximal_only = all(side[0] * distal[0] + side[1] * distal[1] < -math.cos(math.pi / 4) for side in sides)
    return proximal_only or across >= HALF * typical_px


def _sides(box: BoundingBox, size_px: tuple[int, int]) -> list[tuple[int, int]]:
    """Outward directions of the borders that the box touches."""
    right, bottom = size_px[0] - 0.5 - box.x - box.w, size_px[1] - 0.5 - box.y - box.h
    if min(box.x + 0.5, box.y + 0.5, right, bottom) > AT_BORDER_PX:
        return []  # nearly every loop
    return [
        direction
        for direction, gap in (
            ((-1, 0), box.x + 0.5),
            ((1, 0), right),
            ((0, -1), box.y + 0.5),
            ((0, 1), bottom),
        )
        if gap <= AT_BORDER_PX
    ]
