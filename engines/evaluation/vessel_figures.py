"""Figures of vessel masks: what they share with the truth, what dirt they light, what they say of boxes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
RESAMPLES, SEED = 1000, 1


@dataclass(frozen=True)
class Overlap:
    """Pixels of one picture where the truth is known: of both the mask and the truth, of the mask, of the truth."""

    common: int
    lit: int
    vessel: int


def overlap_of(lit: NDArray[np.bool_], vessel: NDArray[np.bool_], counts: NDArray[np.bool_]) -> Overlap:
    """Of masks of one shape; `counts` says where the truth is known."""
    lit, vessel = lit & counts, vessel & counts
    return Overlap(int((lit & vessel).sum()), int(lit.sum()), int(vessel.sum()))


def dice(overlaps: Sequence[Overlap]) -> float:
    """Twice what is common over both, over the pixels of all pictures."""
    return 2 * sum(one.common for one in overlaps) / max(1, sum(one.lit + one.vessel for one in overlaps))


def iou(overlaps: Sequence[Overlap]) -> float:
    """What is common over what either has, over the pixels of all pictures."""
    either = sum(one.lit + one.vessel - one.common for one in overlaps)
    return sum(one.common for one in overlaps) / max(1, either)


def area_under_curve(positives: FloatArray, negatives: FloatArray) -> float:
    """Chance that one of the first is larger than one of the second, half where they are equal."""
    larger = (positives[:, None] > negatives[None]).mean()
    return float(larger + (positives[:, None] == negatives[None]).mean() / 2)


def interval(pictures: int, figure: Callable[[NDArray[np.intp]], float]) -> tuple[float, float]:
    """95 % interval of a figure of resampled pictures.

    Args:
        figure: of the pictures at these places, some of them several times.
    """
    rng = np.random.default_rng(SEED)
    drawn = [figure(rng.integers(0, pictures, pictures)) for _ in range(RESAMPLES)]
    return float(np.percentile(drawn, 2.5)), float(np.percentile(drawn, 97.5))


def means_in_boxes(chance: NDArray[np.float32], boxes: FloatArray) -> FloatArray:
    """Mean chance in each box [N, 4] (x, y, w, h, origin at the centre of the first pixel): [N]."""
    means = []
    for x, y, w, h in boxes.tolist():
        rows = slice(max(0, round(y + 0.5)), max(0, round(y + h + 0.5)))
        columns = slice(max(0, round(x + 0.5)), max(0, round(x + w + 0.5)))
        part = chance[rows, columns]
        means.append(float(part.mean()) if part.size else 0.0)
    return np.array(means, dtype=np.float64)


def fit_logistic(rows: FloatArray, right: FloatArray, steps: int = 30, ridge: float = 1e-3) -> FloatArray:
    """Weights [K] of a logistic regression of `right` [N] (0 or 1) on rows [N, K], by Newton's steps."""
    weights = np.zeros(rows.shape[1])
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (right - chance) - ridge * weights
        bend = (rows * (chance * (1 - chance))[:, None]).T @ rows + ridge * np.eye(len(weights))
        weights = weights + np.linalg.solve(bend, slope)
    return np.asarray(weights)
