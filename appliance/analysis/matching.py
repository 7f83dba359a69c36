"""Which box of this frame is which box of the last one, when the whole nailfold may have moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.assignment import cheapest_pairs
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
    pairing = BoxPairing(_as_array(old), _as_array(new))
    hints = tuple(dict.fromkeys(shift_hints_px))
    if len(hints) > 1:
        hint = hints[int(pairing.overlaps(hints).argmax())]
    pairs = pairing.assign(hint)
    if not pairs:
        return Matching((), hint)
    shift = pairing.median_shift(pairs)
    return Matching(pairing.assign(shift), shift)


def _as_array(boxes: Sequence[BoundingBox]) -> FloatArray:
    """Centre x, centre y, width, height; (N, 4)."""
    return np.array([(box.x + box.w / 2, box.y + box.h / 2, box.w, box.h) for box in boxes])


class BoxPairing:
    """Every old box (N, 4) beside every new one (M, 4): what does not depend on the shift is computed once."""

    def __init__(self, before: FloatArray, after: FloatArray) -> None:
        # x and y in planes of their own, (2, N, M): numpy is slow along an axis of two.
        one, two = before.T[2:, :, None], after.T[2:, None, :]
        self._apart = after.T[:2, None, :] - before.T[:2, :, None]
        self._mean_sides = (one + two) / 2
        self._least_sides = np.minimum(one, two)
        self._areas = one[0] * one[1] + two[0] * two[1]

    def iou(self, shift: Shift) -> FloatArray:
        """Intersection over union of each old box, moved by the shift, and each new one; (N, M)."""
        return self._iou(self._apart_after(shift))

    def overlaps(self, shifts: Sequence[Shift]) -> FloatArray:
        """How much of the old boxes, moved by each of the shifts, lies on new ones; as many."""
        return np.asarray(self._iou(self._apart_after(np.transpose(shifts))).max(axis=2).sum(axis=1))

    def assign(self, shift: Shift) -> tuple[tuple[int, int], ...]:
        """The best pairs (index in the old boxes, index in the new boxes)."""
        apart = self._apart_after(shift)
        across, along = apart / self._mean_sides
        is_possible = np.asarray((across <= MAX_OFFSET) & (along <= MAX_OFFSET))
        cost = np.where(is_possible, 1 - self._iou(apart) + np.hypot(across, along), IMPOSSIBLE)
        rows, columns = is_possible.any(axis=1).nonzero()[0], is_possible.any(axis=0).nonzero()[0]
        # Where each has the nearest there is, no other assignment is better.
        if len(rows) <= len(columns) and _all_differ(of_rows := cost[rows].argmin(axis=1)):
            return tuple(zip(rows.tolist(), of_rows.tolist(), strict=True))
        if len(columns) <= len(rows) and _all_differ(of_columns := cost[:, columns].argmin(axis=0)):
            return tuple(sorted(zip(of_columns.tolist(), columns.tolist(), strict=True)))
        return _each_group_by_itself(cost, is_possible)

    def median_shift(self, pairs: Sequence[tuple[int, int]]) -> Shift:
        """Of the centres of pairs, each direction by itself."""
        olds, news = zip(*pairs, strict=True)
        across, along = self._apart[:, olds, news].tolist()
        return median(across), median(along)

    def _apart_after(self, shift: Shift | FloatArray) -> FloatArray:
        """Of the centres, not negative: (2, N, M) for one shift, (2, H, N, M) for shifts (2, H)."""
        moved = np.asarray(shift)[..., None, None]
        apart = self._apart if moved.ndim == self._apart.ndim else self._apart[:, None]
        return np.asarray(np.abs(apart - moved))

    def _iou(self, apart: FloatArray) -> FloatArray:
        mean, least = self._mean_sides, self._least_sides
        if apart.ndim > mean.ndim:
            mean, least = mean[:, None], least[:, None]
        wide, high = np.maximum(np.minimum(mean - apart, least), 0.0)
        shared = wide * high
        return np.asarray(shared / (self._areas - shared))


def _each_group_by_itself(cost: FloatArray, is_possible: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """The best pairs where boxes contend: of those that could be each other's, directly or through others, no more.

    What is impossible costs far more than all that is possible, so the best of each group together are the best of all.
    """
    pairs = []
    for rows, columns in _groups(is_possible):
        if len(rows) == len(columns) == 1:
            pairs.append((rows[0], columns[0]))
            continue
        chosen = cheapest_pairs(cost[np.ix_(rows, columns)].tolist())
        pairs += [(rows[i], columns[j]) for i, j in chosen if is_possible[rows[i], columns[j]]]
    return tuple(sorted(pairs))


def _groups(is_possible: NDArray[np.bool_]) -> list[tuple[list[int], list[int]]]:
    """Rows and columns that hang together, each in rising order."""
    groups: list[tuple[set[int], set[int]]] = []
    for row, column in zip(*(at.tolist() for at in is_possible.nonzero()), strict=True):
        joined = [group for group in groups if row in group[0] or column in group[1]]
        groups = [group for group in groups if group not in joined]
        groups.append(({row}.union(*(one[0] for one in joined)), {column}.union(*(one[1] for one in joined))))
    return [(sorted(rows), sorted(columns)) for rows, columns in groups]


def _all_differ(indices: NDArray[np.intp]) -> bool:
    return len(set(indices.tolist())) == len(indices)
