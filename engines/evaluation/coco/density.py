"""Density against a person's count: error and Bland-Altman agreement."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.evaluation.coco.bootstrap import Bootstrap, Estimate, FloatArray
from engines.evaluation.coco.outcome import Outcome

LIMITS_SD = 1.96
"""Bland and Altman 1986: 95 % of the differences lie within bias +- 1.96 standard deviations."""


@dataclass(frozen=True)
class DensityFigures:
    """Loops per millimetre.

    Attributes:
        labelled: pictures whose labels give a density.
        images: of these, index, found and labelled density of each that the device measured.
        refused: why the others have none, with their number.
        mean_error: of the absolute difference.
        bias: mean of found - labelled.
        lower_limit, upper_limit: limits of agreement.
    """

    labelled: int
    images: tuple[tuple[int, float, float], ...]
    refused: dict[str, int]
    mean_error: Estimate
    bias: Estimate
    lower_limit: Estimate
    upper_limit: Estimate


def density_figures(outcomes: Sequence[Outcome], bootstrap: Bootstrap) -> DensityFigures | None:
    """None where no picture's labels give a density."""
    labelled = [(at, one.analysis.metrics, one.image.density_per_mm) for at, one in enumerate(outcomes)]
    known = [(at, metrics, true) for at, metrics, true in labelled if true is not None]
    if not known:
        return None
    pairs = [(at, metrics.density_per_mm, true) for at, metrics, true in known if metrics.density_per_mm is not None]
    refused = Counter(str(m.density_unmeasurable_because) for _, m, _ in known if m.density_per_mm is None)
    mean_error, bias, lower, upper = _agreement(pairs, bootstrap)
    return DensityFigures(len(known), tuple(pairs), dict(refused), mean_error, bias, lower, upper)


def _agreement(pairs: Sequence[tuple[int, float, float]], bootstrap: Bootstrap) -> list[Estimate]:
    table = np.array(pairs, dtype=np.float64).reshape(-1, 3)
    image, difference = table[:, 0].astype(np.intp), table[:, 1] - table[:, 2]

    def measures(weights: FloatArray) -> FloatArray:
        sample = np.repeat(difference, weights[image].astype(np.intp))
        if not len(sample):
            return np.full(4, np.nan)
        bias = sample.mean()
        spread = LIMITS_SD * sample.std(ddof=1) if len(sample) > 1 else np.nan
        return np.array([np.abs(sample).mean(), bias, bias - spread, bias + spread])

    return bootstrap.estimates(measures)
