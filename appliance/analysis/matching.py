"""Which box of this frame is which box of the last one, when the whole nailfold may have moved."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from appliance.domain.detection import BoundingBox

FloatArray = NDArray[np.float64]
Shift = tuple[float, float]

MAX_OFFSET = 0.6
"""Farthest apart, in mean box sides and after the common shift is taken out, that two boxes of one loop may lie: beyond
half a loop its neighbour is as near."""

IMPOSSIBLE = 1e6


@dataclass(frozen=True)
class Matching:
    """Pairs (index in the old boxes, index in the new boxes) and the shift (dx, dy) in pixels common to all of them."""

    pairs: tuple[tuple[int, int], ...]
    shift_px: Shift


def match_boxes(old: Sequence[BoundingBox], new: Sequence[BoundingBox], shift_hints_px: Sequence[Shift]) -> Matching:
    """The best one-to-one assignment after the best common shift.

    The nailfold moves as one, so every loop obeys one translation. Each hint is tried, the one that lays most boxes on
    each other is refined by the median of its matches, and only then single loops are assigned.

    Args:
        shift_hints_px: at least one guess of the common shift; of equally good ones the first is taken.
    """
    hint = shift_hints_px[0]
    if not old or not new:
        return Matching((), hint)
    before, after = _as_array(old), _as_array(new)
    if len(shift_hints_px) > 1:
        hint = max(shift_hints_px, key=lambda shift: _overlap(before, after, shift))
    pairs = _assign(before, after, hint)
    if not pairs:
        return Matching((), hint)
    shift = _median_shift(before, after, pairs)
    return Matching(_assign(before, after, shift), shift)


def _as_array(boxes: Sequence[BoundingBox]) -> FloatArray:
    """Centre x, centre y, width, height; (N, 4)."""
    return np.array([(box.x + box.w / 2, box.y + box.h / 2, box.w, box.h) for box in boxes])


def _overlap(before: FloatArray, after: FloatArray, shift: Shift) -> float:
    return float(_iou(_offsets(before, after, shift), before, after).max(axis=1).sum())


def _offsets(before: FloatArray, after: FloatArray, shift: Shift) -> FloatArray:
    """Centre of each new box from each shifted old one; (N, M, 2)."""
    return np.asarray(after[None, :, :2] - before[:, None, :2] - shift)


def _iou(offsets: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    one, two = before[:, None, 2:], after[None, :, 2:]
    sides = np.clip(np.minimum((one + two) / 2 - np.abs(offsets), np.minimum(one, two)), 0, None)
    shared = sides[..., 0] * sides[..., 1]
    return np.asarray(shared / (one[..., 0] * one[..., 1] + two[..., 0] * two[..., 1] - shared))


def _assign(before: FloatArray, after: FloatArray, shift: Shift) -> tuple[tuple[int, int], ...]:
    offsets = _offsets(before, after, shift)
    distance = np.abs(offsets) / ((before[:, None, 2:] + after[None, :, 2:]) / 2)
    is_possible = np.asarray((distance <= MAX_OFFSET).all(axis=2))
    cost = 1 - _iou(offsets, before, after) + np.hypot(distance[..., 0], distance[..., 1])
    rows, columns = linear_sum_assignment(np.where(is_possible, cost, IMPOSSIBLE))
    return tuple((int(i), int(j)) for i, j in zip(rows, columns, strict=True) if is_possible[i, j])


def _median_shift(before: FloatArray, after: FloatArray, pairs: Sequence[tuple[int, int]]) -> Shift:
    i, j = np.array(pairs).T
    dx, dy = np.median(after[j, :2] - before[i, :2], axis=0)
    return float(dx), float(dy)
