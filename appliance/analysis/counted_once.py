"""One loop is counted once: the one rule by which two boxes are one thing, in a frame, a still, tiles and panoramas.

In numpy, a block of boxes at a time: 0.2 ms for the 200 candidates of a usual frame. All against all take twice that.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import BoundingBox, CapillaryDetection, HaemorrhageDetection

Found = TypeVar("Found", CapillaryDetection, HaemorrhageDetection)
Boxes = NDArray[np.float64]

SAME_IOU = 0.5
"""Boxes that overlap by more (intersection over union) are one thing."""

SAME_SHARE = 0.6
"""So are a box and a surer one that holds more than this of it: a piece of a loop and the whole loop."""

SURER_PIECE_SHARE = 0.85
"""So are a box and a surer, smaller one of which it holds more than this. With less, a surer loop of the row behind,
whose head lies in the box before it, would take a whole loop away (docs/decisions, 2026-11-30, counted once)."""


BLOCK = 24
"""So many of the surest boxes are compared with all others at once; what they leave is the next block's."""


def suppress(boxes_xywh: Boxes, iou: float = SAME_IOU, share: float = SAME_SHARE) -> NDArray[np.intp]:
    """Indices of the boxes that stay, in their order: of those that are one thing, the first.

    Args:
        boxes_xywh: [N, 4], left, top, width, height, all larger than nothing; best first.
        iou: intersection over union above which two boxes are one thing.
        share: of a box that lies in a surer one, above which they are one thing too.
    """
    stays, left = [], np.arange(len(boxes_xywh))
    while len(left):
        block = left[:BLOCK]
        is_gone = np.zeros(len(left), dtype=bool)
        for at, is_same in enumerate(_same(boxes_xywh[block], boxes_xywh[left], iou, share)):
            if not is_gone[at]:
                stays.append(block[at])
                is_gone |= is_same
        is_gone[: len(block)] = True
        left = left[~is_gone]
    return np.array(stays, dtype=np.intp)


def each_once(found: Sequence[Found], iou: float = SAME_IOU, share: float = SAME_SHARE) -> tuple[Found, ...]:
    """Findings of one or several looks, each thing once, the best score first."""
    best_first = sorted(found, key=lambda one: -one.score)
    boxes = np.array([(one.bbox.x, one.bbox.y, one.bbox.w, one.bbox.h) for one in best_first]).reshape(-1, 4)
    return tuple(best_first[index] for index in suppress(boxes, iou, share))


def is_drawn_twice(box: BoundingBox, others: Sequence[BoundingBox]) -> bool:
    """Whether a person has drawn a box where one is already.

    Of `SAME_IOU` alone: a loop inside another one's box, as where two cross, is a person's word, not a slip.
    """
    return any(box.iou(other) > SAME_IOU for other in others)


def _same(surer: Boxes, boxes: Boxes, iou: float, share: float) -> NDArray[np.bool_]:
    """Whether the surer box [row] and box [column] are one thing; bool [M, N]."""
    x0, y0, w, h = boxes.T
    left, top, wide, high = (column[:, None] for column in surer.T)
    width = np.minimum(left + wide, x0 + w) - np.maximum(left, x0)
    height = np.minimum(top + high, y0 + h) - np.maximum(top, y0)
    common = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    area, own = w * h, wide * high
    # More than any of three limits is more than the lowest of them.
    limit = np.minimum(iou * (own + area - common), share * area)
    return np.asarray(common > np.minimum(limit, max(share, SURER_PIECE_SHARE) * own))
