"""Detections against truth: greedy matching, average precision, recall. Plain numpy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ImageMatch:
    """One image's detections, best first.

    Attributes:
        scores: [K].
        truth_index: [K], the target each one hit, -1 where none.
        is_ignored: [K], it hit only something ignored: neither right nor wrong.
        targets: number of targets.
    """

    scores: FloatArray
    truth_index: NDArray[np.intp]
    is_ignored: NDArray[np.bool_]
    targets: int


def iou_matrix(first: ArrayLike, second: ArrayLike) -> FloatArray:
    """IoU of boxes (x, y, w, h): [N, 4] against [M, 4] gives [N, M]."""
    a, b = (np.asarray(boxes, dtype=np.float64).reshape(-1, 4) for boxes in (first, second))
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None])
    intersection = np.clip(high - low, 0, None).prod(axis=2)
    union = a[:, 2:].prod(axis=1)[:, None] + b[:, 2:].prod(axis=1)[None] - intersection
    return np.asarray(intersection / np.maximum(union, 1e-9))


def match(boxes: ArrayLike, scores: ArrayLike, targets: ArrayLike, ignored: ArrayLike, min_iou: float) -> ImageMatch:
    """Give each detection, best first, the free target it overlaps most, at `min_iou` or more.

    Args:
        boxes, targets, ignored: [N, 4] x, y, w, h.
        ignored: a detection that hits no target but lies over one of these by `min_iou` does not count.
    """
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    found = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)[order]
    overlaps = iou_matrix(found, targets)
    hits = np.full(len(found), -1, dtype=np.intp)
    for row in range(len(found)):
        if overlaps.shape[1] and overlaps[row].max() >= min_iou:
            hits[row] = overlaps[row].argmax()
            overlaps[:, hits[row]] = -1.0
    over_ignored = (iou_matrix(found, ignored) >= min_iou).any(axis=1)
    scores_in_order = np.asarray(scores, dtype=np.float64)[order]
    return ImageMatch(scores_in_order, hits, over_ignored & (hits < 0), overlaps.shape[1])


def average_precision(matches: list[ImageMatch]) -> float | None:
    """Area under the precision envelope over recall, all points; None where there is no target."""
    targets = sum(m.targets for m in matches)
    if not targets:
        return None
    scores = np.concatenate([m.scores[~m.is_ignored] for m in matches])
    hits = np.concatenate([m.truth_index[~m.is_ignored] >= 0 for m in matches])
    hits = hits[np.argsort(-scores, kind="stable")]
    right = np.cumsum(hits)
    recall = right / targets
    precision = right / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0.0], recall])) * envelope))


def precision_recall(matches: list[ImageMatch], min_score: float) -> tuple[float | None, float | None]:
    """Precision and recall of the detections at `min_score` or above; None where nothing divides."""
    hits = sum(int((m.truth_index[m.scores >= min_score] >= 0).sum()) for m in matches)
    counted = sum(int((~m.is_ignored[m.scores >= min_score]).sum()) for m in matches)
    targets = sum(m.targets for m in matches)
    return (hits / counted if counted else None), (hits / targets if targets else None)
