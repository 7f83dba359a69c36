"""Which findings can belong to the distal row at all: not what strays ahead of it.

One grain of dirt ahead of a row covers half of it by Hofstee's rule. A row is many loops of about one size along a
smooth curve, so the best supported curve tells the grain from the row. What lies ahead of that curve stays only if it
is a row of its own: sparse, perhaps, but as wide.
"""

import math
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.measure import MeasuredLoop
from appliance.analysis.weighted import weighted_quantile

FloatArray = NDArray[np.float64]

NEAR_LOOP_WIDTHS = 0.9
"""A loop this far from a curve supports it by e^-1/2; apices stray by 0.6 (row_fit.ROW_SCATTER)."""
AHEAD_LOOP_WIDTHS = 1.8
"""In 200 rendered nailfolds no apex of the row was more than 1.6 loop widths ahead of its curve."""
FAR_AHEAD_LOOP_WIDTHS = 7.0
"""The same for a finding as sound as those of the row: a lone loop may stand well ahead of a row with gaps."""
DOUBTFUL = 0.4
"""A finding of less than this share of the row's median weight is doubtful."""
OWN_ROW_SHARE, OWN_ROW_SPAN, OWN_ROW_LOOPS = 0.4, 0.5, 3
"""What lies ahead is the row where it has this share of the support, along this share of the other's length, and so
many loops."""
BENDS = np.array([-0.3, -0.15, 0.0, 0.15, 0.3])
"""Rise of the curves that are tried, at the ends of the half of the findings' length, in shares of it."""
STEEPEST = math.tan(math.radians(50))
SMALL = 0.4
"""A box of this share of the typical one's side (the root of its area) counts a quarter: grains are small."""
UNMEASURED = 0.6
"""What shows no apical width counts so much: grains show none, and neither do loops seen edge-on."""
TOO_FEW = 5
"""Fewer findings form no row that one could be ahead of."""
ROUNDS = 3


def not_astray(
    loops: Sequence[MeasuredLoop], apices_uv: FloatArray, roll_rad: float, loop_width_px: float
) -> frozenset[int]:
    """Indices of the findings that do not stray ahead of the row.

    Args:
        apices_uv: [N, 2] in row axes, v distal.
        roll_rad: clockwise turn of those axes.
        loop_width_px: typical width of a loop's box.
    """
    everything = frozenset(range(len(loops)))
    if len(loops) < TOO_FEW:
        return everything
    weights = _weights(loops, roll_rad)
    height, support, span = _best_curve(apices_uv, weights, loop_width_px)
    for _ in range(ROUNDS):
        front = (apices_uv[:, 1] - height > AHEAD_LOOP_WIDTHS * loop_width_px).nonzero()[0]
        if len(front) < OWN_ROW_LOOPS:
            break
        at, ahead_support, ahead_span = _best_curve(apices_uv[front], weights[front], loop_width_px, apices_uv)
        if ahead_support < OWN_ROW_SHARE * support or ahead_span < OWN_ROW_SPAN * span:
            break
        height = at
    lead = (apices_uv[:, 1] - height) / loop_width_px
    on_row = weights[np.abs(lead) <= AHEAD_LOOP_WIDTHS]
    is_doubtful = weights < DOUBTFUL * (median(on_row.tolist()) if len(on_row) else 1.0)
    is_astray = lead > np.where(is_doubtful, AHEAD_LOOP_WIDTHS, FAR_AHEAD_LOOP_WIDTHS)
    return everything.difference(is_astray.nonzero()[0].tolist()) if is_astray.any() else everything


def _weights(loops: Sequence[MeasuredLoop], roll_rad: float) -> FloatArray:
    """How much each finding says of where the row is: its score, size, bend, and whether that looks the row's way."""
    sides = np.array([math.sqrt(loop.bbox.w * loop.bbox.h) for loop in loops])
    scores = np.array([loop.detection.score for loop in loops])
    typical = weighted_quantile(sides, scores * sides, 0.5)
    size = (sides / typical / SMALL) ** 2 * 0.25
    return np.asarray(scores * np.minimum(size, 1.0) * [_facing(loop, roll_rad) for loop in loops])


def _facing(loop: MeasuredLoop, roll_rad: float) -> float:
    """1 for a bend that looks along the roll, down to 0 for one that looks the other way."""
    if loop.apical is None:
        return UNMEASURED
    (x0, y0), (x1, y1) = loop.apical.segment.start_px, loop.apical.segment.end_px
    return max(0.0, math.cos(math.atan2(x0 - x1, y1 - y0) - roll_rad))


def _best_curve(
    points_uv: FloatArray, weights: FloatArray, loop_width_px: float, at_uv: FloatArray | None = None
) -> tuple[FloatArray, float, float]:
    """The curve through two of the points, bent a little or not, that has most of the others near it.

    Returns:
        Its height at `at_uv` (else at the points), its support, and the length along u of what supports it.
    """
    u, v = points_uv.T
    middle, half = (u.max() + u.min()) / 2, max((u.max() - u.min()) / 2, 1.0)
    x = (u - middle) / half
    apart = x[:, None] - x
    second, first = ((apart > 0) & (np.abs(v[:, None] - v) <= STEEPEST * apart * half)).nonzero()
    target = u if at_uv is None else at_uv[:, 0]
    if not len(first):
        return np.full(len(target), v.max()), -1.0, 0.0
    flat = v - BENDS[:, None] * half * x**2
    slope = (flat[:, second] - flat[:, first]) / (x[second] - x[first])
    level = flat[:, first] - slope * x[first]
    # Each curve against each point, divided by sqrt(2) deviations: one product of matrices in place of three passes.
    unit = math.sqrt(2) * NEAR_LOOP_WIDTHS * loop_width_px
    curves = np.empty((*slope.shape, 3))
    curves[..., 0], curves[..., 1], curves[..., 2] = slope / unit, level / unit, -1.0
    places = np.empty((len(BENDS), 3, len(x)))
    places[:, 0], places[:, 1], places[:, 2] = x, 1.0, flat / unit
    near = curves @ places
    np.square(near, out=near)
    np.negative(near, out=near)
    np.exp(near, out=near)
    support = near @ weights
    bend, pair = divmod(int(support.argmax()), len(first))
    at = (target - middle) / half
    height = level[bend, pair] + slope[bend, pair] * at + BENDS[bend] * half * np.minimum(at**2, 1.0)
    supporters = u[near[bend, pair] > math.exp(-0.5)]
    return height, float(support[bend, pair]), float(supporters.max() - supporters.min()) if len(supporters) else 0.0
