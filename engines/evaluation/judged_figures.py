"""Figures of the judged pictures: precision, recall, AP, the sides of the boxes and the kinds of false ones."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Detections
from engines.accuracy.matching import ImageMatch, average_precision, precision_recall
from engines.evaluation.judged import JudgedPicture, judge, kind_of_false

FloatArray = NDArray[np.float64]
FindLoops = Callable[[NDArray[np.uint8]], Detections]
IOUS = (0.3, 0.5)
CONFIDENCE = 0.40
RESAMPLES, SEED = 1000, 1
SIDES = ("left", "top", "right", "bottom")


@dataclass(frozen=True)
class PictureFindings:
    """Findings of one picture: boxes [K, 4] (x, y, w, h) and scores [K]."""

    boxes: FloatArray
    scores: FloatArray


def find_in(find: FindLoops, image_rgb: NDArray[np.uint8]) -> PictureFindings:
    """What is found of capillaries, whatever their shape."""
    found = find(image_rgb).capillaries
    boxes = np.array([(one.bbox.x, one.bbox.y, one.bbox.w, one.bbox.h) for one in found], dtype=np.float64)
    return PictureFindings(boxes.reshape(-1, 4), np.array([one.score for one in found], dtype=np.float64))


def headline(pictures: Sequence[JudgedPicture], findings: Sequence[PictureFindings]) -> dict[str, float | None]:
    """Precision and recall at the device's confidence and AP, at IoU 0.30 and 0.50."""
    figures: dict[str, float | None] = {}
    for min_iou in IOUS:
        matches = _matches(pictures, findings, min_iou)
        precision, recall = precision_recall(matches, CONFIDENCE)
        percent = round(100 * min_iou)
        figures |= {f"precision_{percent}": precision, f"recall_{percent}": recall}
        figures[f"ap_{percent}"] = average_precision(matches)
    return figures


def intervals(pictures: Sequence[JudgedPicture], findings: Sequence[PictureFindings]) -> dict[str, tuple[float, float]]:
    """95 % interval of each headline over resampled pictures: boxes of one picture stand and fall together."""
    rng = np.random.default_rng(SEED)
    by_iou = {min_iou: _matches(pictures, findings, min_iou) for min_iou in IOUS}
    drawn: dict[str, list[float]] = {}
    for _ in range(RESAMPLES):
        picks = rng.integers(0, len(pictures), len(pictures))
        for min_iou, matches in by_iou.items():
            sample = [matches[at] for at in picks]
            values = (*precision_recall(sample, CONFIDENCE), average_precision(sample))
            for name, value in zip(("precision", "recall", "ap"), values, strict=True):
                if value is not None:
                    drawn.setdefault(f"{name}_{round(100 * min_iou)}", []).append(value)
    quantiles = {name: np.percentile(values, [2.5, 97.5]) for name, values in drawn.items()}
    return {name: (float(low), float(high)) for name, (low, high) in quantiles.items()}


def side_errors(pictures: Sequence[JudgedPicture], findings: Sequence[PictureFindings]) -> dict[str, dict[str, float]]:
    """Median of how far each side lies outside of the judged one, in widths (left, right) and heights of that box.

    For boxes drawn at the column's edges and for the looser labels apart; pairs of IoU 0.30 and more.
    """
    errors: dict[str, list[FloatArray]] = {"tight": [], "labels": []}
    for picture, finding in zip(pictures, findings, strict=True):
        kept = _confident(finding)
        order = np.argsort(-kept.scores, kind="stable")
        for at, target in enumerate(judge(kept.boxes, kept.scores, picture, IOUS[0]).truth_index):
            if target >= 0:
                box, wanted = kept.boxes[order[at]], picture.loops[target]
                ends = box[:2] + box[2:] - wanted[:2] - wanted[2:]
                outside = np.concatenate([wanted[:2] - box[:2], ends]) / np.tile(wanted[2:], 2)
                errors["tight" if picture.is_tight[target] else "labels"].append(outside)
    medians = {kind: np.median(values, axis=0) for kind, values in errors.items() if values}
    return {kind: dict(zip(SIDES, value.round(3).tolist(), strict=True)) for kind, value in medians.items()}


def recalls(pictures: Sequence[JudgedPicture], findings: Sequence[PictureFindings], min_iou: float) -> dict[str, float]:
    """Recall of the loops that were drawn from proposals, which flatters whatever proposed them, and of the labels."""
    hits: dict[str, list[bool]] = {"tight": [], "labels": []}
    for picture, finding in zip(pictures, findings, strict=True):
        kept = _confident(finding)
        hit = set(judge(kept.boxes, kept.scores, picture, min_iou).truth_index.tolist())
        for at, is_tight in enumerate(picture.is_tight.tolist()):
            hits["tight" if is_tight else "labels"].append(at in hit)
    return {kind: float(np.mean(found)) for kind, found in hits.items() if found}


def false_kinds(pictures: Sequence[JudgedPicture], findings: Sequence[PictureFindings]) -> dict[str, int]:
    """How many false boxes of each kind there are, at IoU 0.30 and the device's confidence."""
    kinds: Counter[str] = Counter()
    for picture, finding in zip(pictures, findings, strict=True):
        kinds.update(kind_of_false(box, picture) for box in false_boxes(picture, finding))
    return dict(kinds.most_common())


def false_boxes(picture: JudgedPicture, finding: PictureFindings) -> FloatArray:
    """Boxes [K, 4] that hit nothing."""
    kept = _confident(finding)
    result = judge(kept.boxes, kept.scores, picture, IOUS[0])
    order = np.argsort(-kept.scores, kind="stable")
    return np.asarray(kept.boxes[order][(result.truth_index < 0) & ~result.is_ignored])


def missed_loops(picture: JudgedPicture, finding: PictureFindings) -> FloatArray:
    """Loops [K, 4] that nothing hit."""
    kept = _confident(finding)
    hit = judge(kept.boxes, kept.scores, picture, IOUS[0]).truth_index
    return np.asarray(np.delete(picture.loops, hit[hit >= 0], axis=0))


def count_errors(pictures: Sequence[JudgedPicture], findings: Sequence[PictureFindings]) -> tuple[float, float]:
    """Loops found minus loops there: mean a loop, and mean square a loop. Misses and false boxes of a picture cancel.

    The second is what counting by the detector adds to the variance of a count, in units of the count.
    """
    pairs = list(zip(pictures, findings, strict=True))
    errors = np.array([len(false_boxes(*pair)) - len(missed_loops(*pair)) for pair in pairs], dtype=np.float64)
    loops = sum(len(picture.loops) for picture in pictures)
    return float(errors.sum() / loops), float((errors**2).sum() / loops)


def _confident(finding: PictureFindings) -> PictureFindings:
    sure = finding.scores >= CONFIDENCE
    return PictureFindings(finding.boxes[sure], finding.scores[sure])


def _matches(
    pictures: Sequence[JudgedPicture], findings: Sequence[PictureFindings], min_iou: float
) -> list[ImageMatch]:
    return [judge(one.boxes, one.scores, picture, min_iou) for picture, one in zip(pictures, findings, strict=True)]
