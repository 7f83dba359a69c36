"""Which loops form the distal row, the one row that counts for density."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.edge_rule import has_half_its_head_inside
from appliance.analysis.measure import MeasuredLoop
from appliance.analysis.row_fit import RowCurve, fit_row, to_row_axes
from appliance.analysis.row_support import not_astray
from appliance.domain.detection import BoundingBox, Row
from appliance.domain.keypoints import Point

FloatArray = NDArray[np.float64]

"""Hofstee 2009: a loop is of the distal row if the angle at its apex, formed with the apices of its two neighbours,
exceeds 90 degrees."""

MAX_ROLL_RAD = math.radians(60)
"""The row's own curve corrects the first idea of the roll by at most this; beyond it, distal would be another side."""

LOOPS_FOR_ROLL = 3
"""Fewer apical widths say too little about the roll: single loops lean by about 10 degrees."""

KNOWN_ROLL_SPREAD = math.tan(math.radians(12))
UNKNOWN_ROLL_SPREAD = math.tan(math.radians(45))
GUESSED_ROLLS_RAD = tuple(math.radians(turn) for turn in (0, -22.5, 22.5, -45, 45))
"""Where no width tells the roll, these are tried: seen along a wrong direction the loops of a row hide each other."""

FAR_MORE = 1.5
"""A guess other than upright must find this many times the loops: most fingers are upright, and any direction finds a
few. Of 1.3, 1.5 and 1.8 this one agrees best with rendered nailfolds whose key points are all missing."""

ROUNDS = 4

AHEAD_LOOP_WIDTHS = 3.0
"""An apex this many loop widths ahead of the row is a false detection: it would cover half a row behind itself. In 200
rendered nailfolds no apex of the row was more than 1.6 ahead of its curve."""

LOOPS_FOR_AHEAD = 4
"""With fewer loops there is no row yet that one could be ahead of."""


@dataclass(frozen=True)
class DistalRow:
    """The distal row of one image.

    Attributes:
        is_distal: one entry a loop, in the given order: it lies in the distal row and counts by the edge rule.
        curve: the row itself; None where no loop lies in it.
    """

    is_distal: tuple[bool, ...]
    curve: RowCurve | None


def find_distal_row(loops: Sequence[MeasuredLoop], width_px: int, height_px: int, turn_rad: float = 0.0) -> DistalRow:
    """The loops of the distal row and the curve through their apices, whichever way the finger lies.

    The roll is first read off the apical widths, which point from the inner to the outer edge of each bend; without
    enough of them it is guessed about `turn_rad`, the finger's clockwise turn as far as it is known. What lies ahead of
    the best supported row without forming one is left out (row_support.py). Hofstee's rule then leaves the front row,
    and the curve through it corrects the roll and shows what is still far ahead of it. Both are repeated until nothing
    changes.
    """
    if not loops:
        return DistalRow((), None)
    size = (width_px, height_px)
    known = _roll_of_heads(loops)
    if known is not None:
        members, curve, roll = _settle(loops, size, known, KNOWN_ROLL_SPREAD)
    else:
        tries = [_settle(loops, size, turn_rad + start, UNKNOWN_ROLL_SPREAD) for start in GUESSED_ROLLS_RAD]
        members, curve, roll = _most_loops(tries)
    counted = has_half_its_head_inside(loops, np.array([apex_of(loop, roll) for loop in loops]), roll, size)
    is_distal = tuple(index in members and counted[index] for index in range(len(loops)))
    return DistalRow(is_distal, curve if any(is_distal) else None)


def row_apices(loops: Sequence[MeasuredLoop], curve: RowCurve) -> tuple[Point, ...]:
    """The apices of those that lie in the distal row, whose curve it is."""
    return tuple(apex_of(loop, curve.roll_rad) for loop in loops if loop.row is Row.DISTAL)


def row_through(loops: Sequence[MeasuredLoop], width_px: int, height_px: int) -> RowCurve | None:
    """The row through loops that are known to form it, because a person marked them; None without any."""
    if not loops:
        return None
    size = (width_px, height_px)
    known = _roll_of_heads(loops)
    roll, spread = (0.0, UNKNOWN_ROLL_SPREAD) if known is None else (known, KNOWN_ROLL_SPREAD)
    apices = np.array([apex_of(loop, roll) for loop in loops])
    loop_width = median(min(loop.bbox.w, loop.bbox.h) for loop in loops)
    return fit_row(to_row_axes(apices, roll, size), roll, spread, loop_width, size)


def _most_loops(
    tries: Sequence[tuple[frozenset[int], RowCurve, float]],
) -> tuple[frozenset[int], RowCurve, float]:
    """The first try, unless another finds far more loops side by side."""
    best = max(tries, key=lambda found: len(found[0]))
    return best if len(best[0]) >= FAR_MORE * len(tries[0][0]) else tries[0]


def _settle(
    loops: Sequence[MeasuredLoop], size: tuple[int, int], start_rad: float, slope_spread: float
) -> tuple[frozenset[int], RowCurve, float]:
    """Members, curve and roll of the row that a first idea of the roll leads to."""
    apices = np.array([apex_of(loop, start_rad) for loop in loops])
    loop_width = median(min(loop.bbox.w, loop.bbox.h) for loop in loops)
    roll = start_rad
    start_uv = to_row_axes(apices, start_rad, size)
    candidates = not_astray(loops, start_uv, start_rad, loop_width)
    members: frozenset[int] | None = None
    for _ in range(ROUNDS):
        chosen = apply_hofstee(start_uv if roll == start_rad else to_row_axes(apices, roll, size), candidates)
        if chosen == members:
            break
        members = chosen
        row_uv = start_uv[sorted(members)]
        curve = fit_row(row_uv, start_rad, slope_spread, loop_width, size)
        candidates -= _far_ahead(sorted(members), row_uv, curve, AHEAD_LOOP_WIDTHS * loop_width)
        roll = start_rad + min(max(curve.direction_rad - start_rad, -MAX_ROLL_RAD), MAX_ROLL_RAD)
    return (members or frozenset()) & candidates, curve, roll


def apply_hofstee(apices_uv: FloatArray, candidates: frozenset[int]) -> frozenset[int]:
    """Those of the candidates that form the distal row; apices (N, 2) in row axes, u along the nailfold, v distal.

    No other candidate may lie in the right angle that opens from an apex straight towards the finger's tip. Whatever
    its two neighbours are, they then stand more than 45 degrees to either side, and their angle exceeds Hofstee's 90
    degrees. Why not the looser reading, in which the angle may open to one side: docs/decisions, 2026-11-22.
    """
    index = sorted(candidates)
    if not index:
        return candidates
    is_covered = np.asarray(_covers(apices_uv[index]).any(axis=0)).tolist()
    return frozenset(one for one, covered in zip(index, is_covered, strict=True) if not covered)


def _covers(apices_uv: FloatArray) -> NDArray[np.bool_]:
    """Whether apex i lies in the right angle ahead of apex j; (N, N)."""
    u, v = apices_uv.T
    ahead = v[:, None] - v[None, :]
    return np.asarray((ahead > 0) & (np.abs(u[:, None] - u[None, :]) <= ahead))


def _far_ahead(members: list[int], row_uv: FloatArray, curve: RowCurve, limit_px: float) -> frozenset[int]:
    if len(members) < LOOPS_FOR_AHEAD:
        return frozenset()
    lead = row_uv[:, 1] - curve.height(row_uv[:, 0])
    return frozenset(index for index, ahead in zip(members, lead.tolist(), strict=True) if ahead > limit_px)


def apex_of(loop: MeasuredLoop, roll_rad: float) -> Point:
    """The measured apex, else where the box's middle line leaves the box on its distal side."""
    return loop.apex_px if loop.apex_px is not None else _distal_exit(loop.bbox, roll_rad)


def _distal_exit(box: BoundingBox, roll_rad: float) -> Point:
    x, y = box.centre
    right, up = math.sin(roll_rad), math.cos(roll_rad)
    reach = min(box.w / 2 / max(abs(right), 1e-9), box.h / 2 / max(abs(up), 1e-9))
    return x + right * reach, y - up * reach


def _roll_of_heads(loops: Sequence[MeasuredLoop]) -> float | None:
    """Median turn of the bends against the image's top, clockwise, -pi to pi; None where too few are measured."""
    turns = []
    for loop in loops:
        if loop.apical is not None:
            (x0, y0), (x1, y1) = loop.apical.segment.start_px, loop.apical.segment.end_px
            turns.append(math.atan2(x0 - x1, y1 - y0))
    if len(turns) < LOOPS_FOR_ROLL:
        return None
    # Medians need a circle cut open where no turn is: opposite their mean direction.
    mean = math.atan2(sum(map(math.sin, turns)), sum(map(math.cos, turns)))
    return mean + median(math.remainder(turn - mean, 2 * math.pi) for turn in turns)
