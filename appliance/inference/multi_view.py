"""Test-time augmentation of a still: four views, as it is and mirrored, in its own size and smaller, are averaged.

A network that is unsure says one thing of a loop and another of its mirror image, and something else again of a smaller
one. What several views agree on stays, and its sides are their mean. On judged real pictures four views instead of one
find as many loops with a third fewer false boxes (docs/decisions, 2026-11-30, fourth round).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.counted_once import suppress
from appliance.domain.detection import BoundingBox, CapillaryDetection, Detections, HaemorrhageDetection
from appliance.inference.settings import InferenceSettings
from appliance.ports import Detector

Found = TypeVar("Found", CapillaryDetection, HaemorrhageDetection)
VIEW_SCORE = 0.05
"""A finding of a single view counts from this score on: what another one is sure of, this one may half see."""
MEAN_SLOPE, MEAN_OFFSET = 1.18, 0.7
"""score = sigmoid(slope * logit(mean) + offset): a loop that half of the views miss is likelier than their mean says.
Rendered stills alone give 1.18 and 1.12 (`python -m engines.training.still_scores`); real ones show more that is
doubtful, and there 0.7 makes 0.40 the score at which one more box is as often right as at a live frame."""
LEAST_MEAN, MOST_MEAN = 0.001, 0.999
"""Keeps a logit finite."""
SAME_IOU = 0.5
"""Findings of two views that overlap by more are one thing."""
INSIDE_SHARE = 0.6
"""Of a finding at the border, so much must lie in the picture; the rest was seen in what was added around it."""


@dataclass(frozen=True)
class AugmentedView:
    """One view: the picture in its size times `scale` (at most 1), mirrored or not."""

    scale: float
    is_mirrored: bool

    def shown(self, image_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture so seen; what is missing around a smaller one is mirrored at its border."""
        across, down = self._added(image_rgb.shape[1], image_rgb.shape[0])
        if across or down:
            border = cv2.BORDER_REFLECT_101
            image_rgb = np.asarray(cv2.copyMakeBorder(image_rgb, down, down, across, across, border), dtype=np.uint8)
        return np.ascontiguousarray(image_rgb[:, ::-1]) if self.is_mirrored else image_rgb

    def box_back(self, box: BoundingBox, width: int, height: int) -> BoundingBox | None:
        """A box so found, in pixels of the picture of that size; None where it lies outside."""
        across, down = self._added(width, height)
        left = width + 2 * across - 1 - box.x - box.w if self.is_mirrored else box.x
        x0, y0 = max(left - across, -0.5), max(box.y - down, -0.5)
        x1, y1 = min(left - across + box.w, width - 0.5), min(box.y - down + box.h, height - 0.5)
        if min(x1 - x0, y1 - y0) <= 0 or (x1 - x0) * (y1 - y0) < INSIDE_SHARE * box.w * box.h:
            return None
        return BoundingBox(x0, y0, x1 - x0, y1 - y0)

    def _added(self, width: int, height: int) -> tuple[int, int]:
        """Pixels added on each side, across and down; never more than the picture has to mirror."""
        share = (1 / self.scale - 1) / 2
        return min(int(width * share), width - 1), min(int(height * share), height - 1)


VIEWS = (
    AugmentedView(1.0, is_mirrored=False),
    AugmentedView(1.0, is_mirrored=True),
    AugmentedView(0.85, is_mirrored=False),
    AugmentedView(0.7, is_mirrored=True),
)


def for_one_view(settings: InferenceSettings) -> InferenceSettings:
    """The settings of the detector that MultiViewDetector asks: a mean must not hang on the still's own threshold."""
    return replace(settings, min_score_capillary=VIEW_SCORE, min_score_haemorrhage=VIEW_SCORE)


class MultiViewDetector:
    """A Detector that asks another one several times.

    Args:
        detector: for one view, down to VIEW_SCORE.
        settings: thresholds of the mean scores, and how overlapping boxes are told apart.
        views: what it is shown.
    """

    def __init__(
        self, detector: Detector, settings: InferenceSettings, views: tuple[AugmentedView, ...] = VIEWS
    ) -> None:
        self._detector = detector
        self._settings = settings
        self._views = views

    def behind(self, front: Callable[[Detector], Detector]) -> "MultiViewDetector":
        """The same, asking the detector through `front`."""
        return MultiViewDetector(front(self._detector), self._settings, self._views)

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        """Everything above its threshold, best score first, in pixels of `image_rgb` (uint8 [height, width, 3])."""
        height, width = image_rgb.shape[:2]
        found = [self._detector.detect(view.shown(image_rgb)) for view in self._views]

        def back(of_view: Sequence[Sequence[Found]]) -> list[list[Found]]:
            moved = [
                [(one, view.box_back(one.bbox, width, height)) for one in findings]
                for view, findings in zip(self._views, of_view, strict=True)
            ]
            return [[replace(one, bbox=box) for one, box in findings if box is not None] for findings in moved]

        settings = self._settings
        return Detections(
            tuple(self._agreed(back([one.capillaries for one in found]), settings.min_score_capillary)),
            tuple(self._agreed(back([one.haemorrhages for one in found]), settings.min_score_haemorrhage)),
        )

    def _agreed(self, views: Sequence[Sequence[Found]], min_score: float) -> list[Found]:
        """The mean of what is one thing, best first, each once; a view in which it was not found gave it 0."""
        means = [_mean(members, len(views)) for members in _things(views)]
        kept = sorted((one for one in means if one.score >= min_score), key=lambda one: one.score, reverse=True)
        boxes = np.array([_xywh(one.bbox) for one in kept]).reshape(-1, 4)
        scores = np.array([one.score for one in kept])
        stays, left = suppress(boxes, scores, self._settings.nms_iou, self._settings.nms_containment)
        return [
            replace(kept[at], score=score) for at, score in zip(stays, left.tolist(), strict=True) if score >= min_score
        ]


def _things(views: Sequence[Sequence[Found]]) -> list[list[Found]]:
    """Findings by the thing they show, best first, at most one of each view."""
    in_order = sorted(((one, at) for at, found in enumerate(views) for one in found), key=lambda pair: -pair[0].score)
    members: list[list[Found]] = []
    seen_by: list[set[int]] = []
    boxes = np.zeros((len(in_order), 4))
    for one, view in in_order:
        overlaps = _overlaps(np.array(_xywh(one.bbox)), boxes[: len(members)])
        free = [at for at in np.argsort(-overlaps) if overlaps[at] >= SAME_IOU and view not in seen_by[at]]
        at = int(free[0]) if free else len(members)
        if not free:
            members.append([])
            seen_by.append(set())
        members[at].append(one)
        seen_by[at].add(view)
        boxes[at] = _mean_box(members[at])
    return members


def _mean(members: Sequence[Found], views: int) -> Found:
    """One finding of several, the best first: shape and size are the best one's."""
    box = BoundingBox(*_mean_box(members).tolist())
    mean = sum(one.score for one in members) / views
    score = chance_of(mean) if isinstance(members[0], CapillaryDetection) else mean
    return replace(members[0], bbox=box, score=score)


def chance_of(mean: float) -> float:
    """The chance that a loop is where views with that mean score found one, 0 to 1."""
    held = min(max(mean, LEAST_MEAN), MOST_MEAN)
    return 1 / (1 + math.exp(-MEAN_SLOPE * math.log(held / (1 - held)) - MEAN_OFFSET))


def _mean_box(members: Sequence[Found]) -> NDArray[np.float64]:
    """x, y, w, h, each weighed by its score."""
    boxes = np.array([_xywh(one.bbox) for one in members])
    return np.asarray(np.average(boxes, axis=0, weights=[one.score for one in members]))


def _xywh(box: BoundingBox) -> tuple[float, float, float, float]:
    return box.x, box.y, box.w, box.h


def _overlaps(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of one box with each of [N, 4]; x, y, w, h."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    return np.asarray(common / (box[2:].prod() + others[:, 2:].prod(axis=1) - common))
