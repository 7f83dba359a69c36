"""Scores that mean something: the chance that a capillary (or haemorrhage) is where the box says.

Task-aligned training teaches a score near the expected overlap, not the chance of being right. Platt scaling (Platt
1999: a logistic fit over the logit) on rendered images that neither training nor evaluation uses turns one into the
other, and is written into the exported graph.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.counted_once import suppress
from engines.accuracy.matching import match
from engines.synthetic.render import render
from engines.synthetic.truth import RenderedImage

FIRST_SEED = 400_000
MIN_SCORE = 0.05
RIGHT_IOU = 0.4
"""A box that overlaps one by this is right. At 0.5 a box on a loop that anybody sees would score low for nothing but
its lower edge, where limbs fade and two experts differ; at 0.3 so many doubtful ones pass that the density reads 0.33
per mm too high (docs/decisions, 2026-11-28)."""
MAX_CANDIDATES = 300

FloatArray = NDArray[np.float64]
Detect = Callable[[NDArray[np.uint8]], tuple[FloatArray, FloatArray]]
"""An image uint8 RGB [H, W, 3] to boxes [N, 4] (pixel edges) and uncalibrated scores [N, 2]."""


@dataclass(frozen=True)
class ScoreCalibration:
    """score = sigmoid(slope * logit + offset), for capillaries and haemorrhages."""

    slopes: tuple[float, float] = (1.0, 1.0)
    offsets: tuple[float, float] = (0.0, 0.0)


def calibrate_scores(detect: Detect, images: int) -> ScoreCalibration:
    """The fit over `images` rendered images; a kind that occurs too rarely there stays as it is."""
    logits: tuple[list[FloatArray], list[FloatArray]] = ([], [])
    rights: tuple[list[FloatArray], list[FloatArray]] = ([], [])
    for seed in range(FIRST_SEED, FIRST_SEED + images):
        rendered = render(seed)
        boxes, scores = detect(rendered.image_rgb)
        for kind in range(2):
            logit, right = _judged(boxes, scores[:, kind], *_targets(rendered, kind))
            logits[kind].append(logit)
            rights[kind].append(right)
    fits = [fit_logistic(np.concatenate(x), np.concatenate(y)) for x, y in zip(logits, rights, strict=True)]
    return ScoreCalibration((fits[0][0], fits[1][0]), (fits[0][1], fits[1][1]))


def fit_logistic(logit: FloatArray, is_right: FloatArray, ridge: float = 1.0) -> tuple[float, float]:
    """Slope and offset of the likeliest sigmoid(slope * logit + offset), drawn towards (1, 0) by `ridge`."""
    weights = np.array([1.0, 0.0])
    if len(logit) < 20:
        return 1.0, 0.0
    design = np.stack([logit, np.ones_like(logit)], axis=1)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (is_right - chance) - ridge * (weights - (1.0, 0.0))
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + ridge * np.eye(2)
        weights = weights + np.linalg.solve(curvature, gradient)
    # A falling curve would turn the order of the scores around.
    return (float(weights[0]), float(weights[1])) if weights[0] > 0.1 else (1.0, 0.0)


def _targets(rendered: RenderedImage, kind: int) -> tuple[FloatArray, FloatArray]:
    """Boxes [M, 4] (x, y, w, h, pixel edges) that count and that are ignored."""
    things = (rendered.loops, rendered.haemorrhages)[kind]
    boxes = np.array([thing.bbox_px for thing in things], dtype=np.float64).reshape(-1, 4)
    boxes[:, :2] += 0.5
    is_ignored = np.array([thing.is_ignored for thing in things], dtype=bool)
    return boxes[~is_ignored], boxes[is_ignored]


def _judged(
    boxes: FloatArray, scores: FloatArray, targets: FloatArray, ignored: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Logits of the boxes that stay without a doubt, and 1 or 0 for right or wrong; ignored ones left out."""
    order = np.argsort(-scores, kind="stable")[:MAX_CANDIDATES]
    order = order[scores[order] >= MIN_SCORE]
    xywh = np.concatenate([boxes[order, :2], boxes[order, 2:] - boxes[order, :2]], axis=1)
    stays, left = suppress(xywh, scores[order])
    # A doubtful box has a score that is no longer the network's.
    kept = stays[left == scores[order][stays]]
    result = match(xywh[kept], scores[order][kept], targets, ignored, RIGHT_IOU)
    score = np.clip(result.scores[~result.is_ignored], 1e-6, 1 - 1e-6)
    return np.log(score / (1 - score)), (result.truth_index[~result.is_ignored] >= 0).astype(np.float64)
