"""COCO's average precision and recall, by pycocotools, with bootstrap intervals.

It judges the detector's own classes, before widths have spoken. Maximal detections a picture: 100.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.evaluation.coco.bootstrap import Bootstrap, Estimate, FloatArray
from engines.evaluation.coco.coco_run import CLASSES, SHAPES, run_pycocotools
from engines.evaluation.coco.outcome import Outcome

MEASURES = ("ap", "ap50", "ap75", "ar")
RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class AveragePrecision:
    """Figures by class.

    Attributes:
        by_class: class name, or "shapes" for the mean of the five, to measure ("ap" over IoU 0.50 to 0.95, "ap50",
            "ap75", "ar": recall averaged over those IoUs); "ar" alone where labels are not exhaustive.
        labels: class name to the labels that count.
        curves: class name to precision at RECALLS, IoU 0.50; only where there are exhaustive labels.
    """

    by_class: dict[str, dict[str, Estimate]]
    labels: dict[str, int]
    curves: dict[str, FloatArray]


def coco_average_precision(outcomes: Sequence[Outcome], bootstrap: Bootstrap, is_exhaustive: bool) -> AveragePrecision:
    """COCO's figures over all pictures."""
    run = run_pycocotools(outcomes)
    ranked = [_Ranked.of(run, at, len(outcomes)) for at in range(len(CLASSES))]
    estimates = bootstrap.estimates(lambda weights: _figures([one.measures(weights) for one in ranked]))
    names = ["shapes", *(meaning.value for meaning in CLASSES)]
    width = len(MEASURES)
    table = {name: dict(zip(MEASURES, estimates[at * width :], strict=False)) for at, name in enumerate(names)}
    precision = run.eval["precision"][0, :, :, 0, 0]
    labels = {meaning.value: int(one.targets.sum()) for meaning, one in zip(CLASSES, ranked, strict=True)}
    curves = {meaning.value: precision[:, at] for at, meaning in enumerate(CLASSES) if labels[meaning.value]}
    if not is_exhaustive:
        return AveragePrecision({name: {"ar": row["ar"]} for name, row in table.items()}, labels, {})
    return AveragePrecision(table, labels, curves)


def _figures(by_class: list[FloatArray]) -> FloatArray:
    """Mean over the shapes that have labels, then each class; [(1 + classes) * measures]."""
    shapes = np.array(by_class[: len(SHAPES)])
    is_defined = np.isfinite(shapes[:, 0])
    mean = shapes[is_defined].mean(axis=0) if is_defined.any() else np.full(len(MEASURES), np.nan)
    return np.concatenate([mean, *by_class])


@dataclass(frozen=True)
class _Ranked:
    """All detections of one class, best first, with what pycocotools said of them at each IoU.

    Attributes:
        image: [D] index of the picture.
        right, wrong: [T, D] at the ten IoUs; neither where ignored.
        targets: [N] labels that count, by picture.
    """

    image: NDArray[np.intp]
    right: FloatArray
    wrong: FloatArray
    targets: FloatArray

    @classmethod
    def of(cls, run: Any, class_index: int, images: int) -> "_Ranked":
        results = run.evalImgs[class_index * images : (class_index + 1) * images]
        found = [(at, result) for at, result in enumerate(results) if result is not None]
        targets = np.zeros(images)
        for at, result in found:
            targets[at] = np.count_nonzero(result["gtIgnore"] == 0)
        scores = np.concatenate([np.empty(0), *(result["dtScores"] for _, result in found)])
        order = np.argsort(-scores, kind="mergesort")
        nothing = np.empty((len(run.params.iouThrs), 0))
        hit = np.concatenate([nothing, *(result["dtMatches"] > 0 for _, result in found)], axis=1)[:, order]
        ignored = np.concatenate([nothing, *(result["dtIgnore"] for _, result in found)], axis=1)[:, order] > 0
        image = np.repeat([at for at, _ in found], [len(result["dtScores"]) for _, result in found]).astype(np.intp)
        right, wrong = (hit > 0) & ~ignored, (hit == 0) & ~ignored
        return cls(image[order], right.astype(np.float64), wrong.astype(np.float64), targets)

    def measures(self, weights: FloatArray) -> FloatArray:
        """AP, AP50, AP75 and AR where picture n counts weights[n] times; NaN without labels."""
        labels = float(weights @ self.targets)
        if not labels:
            return np.full(len(MEASURES), np.nan)
        counts = weights[self.image]
        right, wrong = np.cumsum(self.right * counts, axis=1), np.cumsum(self.wrong * counts, axis=1)
        recall, precision = right / labels, right / np.maximum(right + wrong, 1e-9)
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        areas = np.array([_area(one, curve) for one, curve in zip(recall, envelope, strict=True)])
        last = recall[:, -1].mean() if recall.shape[1] else 0.0
        return np.array([areas.mean(), areas[0], areas[5], last])


def _area(recall: FloatArray, envelope: FloatArray) -> float:
    """Mean precision at COCO's 101 recalls."""
    # Counts by weights are whole, but labels divide them: 1e-12 keeps a recall of 0.29 at 0.29.
    at = np.searchsorted(recall + 1e-12, RECALLS, side="left")
    return float(np.append(envelope, 0.0)[at].mean())
