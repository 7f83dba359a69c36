"""COCO's average precision and recall, by pycocotools, with bootstrap intervals.

It judges the detector's own classes, before widths have spoken. Maximal detections a picture: 100.
"""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from engines.datasets.labels import Box, Standing
from engines.evaluation.coco.bootstrap import Bootstrap, Estimate, FloatArray
from engines.evaluation.coco.categories import Meaning
from engines.evaluation.coco.outcome import Outcome, Target

MAX_DETECTIONS = 100
SHAPES = (Meaning.NORMAL, Meaning.TORTUOUS, Meaning.RAMIFIED, Meaning.GIANT, Meaning.HAEMORRHAGE)
CLASSES = (*SHAPES, Meaning.CAPILLARY)
"""CAPILLARY: every loop, whatever its shape."""
MEASURES = ("ap", "ap50", "ap75", "ar")
RECALLS = np.linspace(0, 1, 101)

Json = dict[str, Any]


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


class _CocoEval(COCOeval):  # type: ignore[misc]  # untyped
    def _prepare(self) -> None:
        """pycocotools overwrites `ignore` with `iscrowd`; here both count."""
        super()._prepare()
        for truths in self._gts.values():
            for truth in truths:
                truth["ignore"] = int(truth["iscrowd"] or truth["is_ignored"])


def average_precision(outcomes: Sequence[Outcome], bootstrap: Bootstrap, is_exhaustive: bool) -> AveragePrecision:
    """COCO's figures over all pictures."""
    run = _evaluate(outcomes)
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


def _evaluate(outcomes: Sequence[Outcome]) -> Any:
    """pycocotools' run, accumulated."""
    truth, found = COCO(), COCO()
    names = [{"id": at, "name": meaning.value} for at, meaning in enumerate(CLASSES, start=1)]
    images = [{"id": at} for at in range(1, len(outcomes) + 1)]
    truth.dataset = {"images": images, "categories": names, "annotations": _numbered(_truths(outcomes))}
    found.dataset = {"images": images, "categories": names, "annotations": _numbered(_found(outcomes))}
    with contextlib.redirect_stdout(io.StringIO()):  # it tells its progress there
        truth.createIndex()
        found.createIndex()
        run = _CocoEval(truth, found, "bbox")
        run.params.areaRng, run.params.areaRngLbl = [[0, 1e10]], ["all"]
        run.params.maxDets = [MAX_DETECTIONS]
        run.evaluate()
        run.accumulate()
    return run


def _truths(outcomes: Sequence[Outcome]) -> list[Json]:
    return [
        _entry(image_id, meaning, target.box)
        | {"iscrowd": int(target.label.standing is Standing.CROWD), "is_ignored": is_ignored}
        for image_id, outcome in enumerate(outcomes, start=1)
        for target in outcome.targets
        for meaning, is_ignored in _rows(target)
    ]


def _rows(target: Target) -> list[tuple[Meaning, bool]]:
    """The classes a label is a target of; one of unknown shape must not make any shape wrong."""
    is_ignored = not target.counts
    if not target.is_capillary:
        return [(Meaning.HAEMORRHAGE, is_ignored)]
    anyhow = (Meaning.CAPILLARY, is_ignored)
    if target.meaning is Meaning.CAPILLARY or is_ignored:
        return [anyhow, *((shape, True) for shape in SHAPES if shape is not Meaning.HAEMORRHAGE)]
    return [anyhow, (target.meaning, False)]


def _found(outcomes: Sequence[Outcome]) -> list[Json]:
    entries: list[Json] = []
    for image_id, outcome in enumerate(outcomes, start=1):
        for loop in outcome.detections.capillaries:
            box = (loop.bbox.x, loop.bbox.y, loop.bbox.w, loop.bbox.h)
            for meaning in (Meaning(loop.morphology.value), Meaning.CAPILLARY):
                entries.append(_entry(image_id, meaning, box) | {"score": loop.score})
        for patch in outcome.detections.haemorrhages:
            box = (patch.bbox.x, patch.bbox.y, patch.bbox.w, patch.bbox.h)
            entries.append(_entry(image_id, Meaning.HAEMORRHAGE, box) | {"score": patch.score})
    return entries


def _entry(image_id: int, meaning: Meaning, box: Box) -> Json:
    return {"image_id": image_id, "category_id": CLASSES.index(meaning) + 1, "bbox": list(box), "area": box[2] * box[3]}


def _numbered(entries: list[Json]) -> list[Json]:
    """Ids from 1: pycocotools takes a match with id 0 for none."""
    return [entry | {"id": at} for at, entry in enumerate(entries, start=1)]
