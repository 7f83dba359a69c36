"""One loop is counted once: the one rule by which two boxes are one thing, in a frame, a still, tiles and panoramas."""

from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import BoundingBox, CapillaryDetection, HaemorrhageDetection

Found = TypeVar("Found", CapillaryDetection, HaemorrhageDetection)
Boxes = NDArray[np.float64]
Scores = NDArray[np.floating]

SAME_IOU = 0.5
"""Boxes that overlap by more (intersection over union) are one thing."""

SAME_SHARE = 0.6
"""A box of which a surer one holds more than this is doubtful: a piece of that loop, or one of the row behind it."""

SURER_PIECE_SHARE = 0.85
"""So is a box that holds more than this of a surer, smaller one. With less, a surer loop of the row behind, whose head
lies in the box before it, would make a whole loop doubtful (docs/decisions, 2026-11-30, counted once)."""

DOUBT = 2.0
"""Taken from the logit of a doubtful box's score: 0.95 becomes 0.72, 0.8 becomes 0.35. Rendered boxes alone say 0.7 for
a box that is held and 1.2 for one that holds; real pictures show more pieces of loops (docs/decisions, 2026-12-01,
doubtful boxes)."""

LEAST_SCORE, MOST_SCORE = 1e-4, 1 - 1e-4
"""Keep a logit finite."""

ALIKE_IOU = 0.6
"""Boxes that overlap the one that stays by this or more say nearly the same: their mean is nearer the truth."""


def suppress(
    boxes_xywh: Boxes, scores: Scores, iou: float = SAME_IOU, share: float = SAME_SHARE
) -> tuple[NDArray[np.intp], Scores]:
    """Indices of the boxes that stay, and the scores that they have then, best first.

    Of boxes that overlap the first stays. Of what then lies in a surer one nobody knows by the boxes alone whether it
    is a piece of that loop or a loop of the row behind; it stays with less of its score.

    Args:
        boxes_xywh: [N, 4], left, top, width, height, all larger than nothing; best first.
        scores: [N], 0 to 1, falling.
        iou: intersection over union above which two boxes are one thing.
        share: of a box that lies in a surer one, above which it is doubtful.
    """
    stays = _apart(boxes_xywh, iou)
    is_doubtful = _is_doubtful(boxes_xywh[stays], share)
    left = scores[stays].astype(np.float64)
    left[is_doubtful] = _doubted(scores[stays[is_doubtful]])
    order = np.argsort(-left, kind="stable")
    return stays[order], left[order]


def mean_of_alike(boxes_xywh: Boxes, scores: Scores, stays: NDArray[np.intp]) -> Boxes:
    """The boxes that stay, [K, 4], each as the mean of those alike, weighed by score and by overlap.

    Args:
        boxes_xywh, scores: as of `suppress`; the boxes that did not stay are those that are asked.
        stays: [K], indices from there.
    """
    common, own, area = _common(boxes_xywh[stays], boxes_xywh)
    overlap = common / (own + area - common)
    weights = np.where(overlap >= ALIKE_IOU, overlap * np.maximum(scores, LEAST_SCORE), 0.0)
    return np.asarray(weights @ boxes_xywh / weights.sum(axis=1, keepdims=True))


def each_once(looks: Sequence[Sequence[Found]], iou: float = SAME_IOU, share: float = SAME_SHARE) -> tuple[Found, ...]:
    """Findings of several looks at parts of one picture, each thing once, the best score first.

    What was doubtful in its own look has paid for it there. What a surer box of another look alone holds is a piece of
    a loop that its own look did not see whole.
    """
    told = [is_doubtful for look in looks for is_doubtful in _is_doubtful(_boxes_of(look), share)]
    found = [one for look in looks for one in look]
    order = sorted(range(len(found)), key=lambda at: -found[at].score)
    boxes = _boxes_of([found[at] for at in order])
    stays = _apart(boxes, iou)
    is_piece = _is_doubtful(boxes[stays], share) & ~np.array([told[order[at]] for at in stays], dtype=bool)
    return tuple(found[order[at]] for at in stays[~is_piece])


def is_drawn_twice(box: BoundingBox, others: Sequence[BoundingBox]) -> bool:
    """Whether a person has drawn a box where one is already.

    Of `SAME_IOU` alone: a loop inside another one's box, as where two cross, is a person's word, not a slip.
    """
    return any(box.iou(other) > SAME_IOU for other in others)


def _boxes_of(found: Sequence[Found]) -> Boxes:
    return np.array([(one.bbox.x, one.bbox.y, one.bbox.w, one.bbox.h) for one in found]).reshape(-1, 4)


def _apart(boxes_xywh: Boxes, iou: float) -> NDArray[np.intp]:
    """Indices of the boxes that overlap no earlier one that stays, by more than `iou`.

    OpenCV's suppression in C++ takes a third of the time of numpy's in blocks. It is told the order and no scores.
    """
    if not len(boxes_xywh):
        return np.empty(0, dtype=np.intp)
    falling = range(len(boxes_xywh), 0, -1)
    return np.array(cv2.dnn.NMSBoxes(boxes_xywh.tolist(), list(falling), 0.0, iou), dtype=np.intp)


def _is_doubtful(boxes: Boxes, share: float) -> NDArray[np.bool_]:
    """Whether a surer box holds each, or lies in it; bool [N], of boxes best first."""
    common, own, area = _common(boxes, boxes)
    holds = common > np.minimum(share * area, max(share, SURER_PIECE_SHARE) * own)
    return np.asarray(np.triu(holds, 1).any(axis=0))


def _common(surer: Boxes, boxes: Boxes) -> tuple[Boxes, Boxes, Boxes]:
    """What surer boxes [M, 4] and boxes [N, 4] have in common, [M, N], and the areas of both, [M, 1] and [N]."""
    # Numbers that lie side by side: along columns of boxes as they come every step takes twice as long.
    x0, y0, w, h = np.ascontiguousarray(boxes.T)
    left, top, wide, high = np.ascontiguousarray(surer.T)[:, :, None]
    common, height = _shared_side(left, wide, x0, w), _shared_side(top, high, y0, h)
    common *= height
    return common, wide * high, w * h


def _shared_side(start: Boxes, side: Boxes, starts: Boxes, sides: Boxes) -> Boxes:
    shared = np.minimum(start + side, starts + sides)
    shared -= np.maximum(start, starts)
    return np.asarray(np.maximum(shared, 0.0))


def _doubted(scores: Scores) -> Scores:
    held = np.minimum(np.maximum(scores, LEAST_SCORE), MOST_SCORE)
    return np.asarray(1 / (1 + (1 - held) / held * np.exp(DOUBT)))
