"""95 % intervals by resampling whole pictures, or all pictures of a subject (Efron's percentile bootstrap).

Loops of one picture, and pictures of one person, are not independent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Statistic = Callable[[FloatArray], FloatArray]
"""How often each image counts, [N], to figures, [F]; NaN where a figure is not defined."""

LEAST_DEFINED = 0.5
"""A figure that fewer of the resamples than this can tell has no interval."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def document(self) -> dict[str, float | None]:
        """As JSON, four significant decimals."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if number is None else round(number, 4) for name, number in numbers.items()}


class Bootstrap:
    """Resamples of the images, the same ones for every figure.

    Args:
        images: how many there are.
        replicates: how many resamples; 0, or fewer than two subjects, gives no intervals.
        seed: same seed, same intervals.
        subjects: of each image; an empty one stands for itself. None where nobody knows any.
    """

    def __init__(self, images: int, replicates: int, seed: int, subjects: Sequence[str] | None = None) -> None:
        self.images = images
        names = [name or at for at, name in enumerate(subjects or [""] * images)]
        place = {name: at for at, name in enumerate(dict.fromkeys(names))}
        self.clusters = len(place)
        drawn = replicates if self.clusters > 1 else 0
        shares = np.full(self.clusters, 1 / max(self.clusters, 1))
        counts = np.random.default_rng(seed).multinomial(self.clusters, shares, size=drawn)
        self._weights = counts[:, [place[name] for name in names]].astype(np.float64)

    @property
    def has_intervals(self) -> bool:
        """Whether there are any resamples."""
        return len(self._weights) > 0

    def estimates(self, statistic: Statistic) -> list[Estimate]:
        """Each figure of the images as they are, with its interval over the resamples."""
        values = statistic(np.ones(self.images))
        samples = np.array([statistic(weights) for weights in self._weights]).reshape(-1, len(values))
        return [_estimate(float(value), samples[:, at]) for at, value in enumerate(values)]

    def ratio(self, part: FloatArray, whole: FloatArray) -> Estimate:
        """Sum of `part` over sum of `whole`, both [N]."""
        return self.estimates(lambda weights: np.array([share(float(weights @ part), float(weights @ whole))]))[0]


def share(part: float, whole: float) -> float:
    """The quotient, NaN where nothing divides."""
    return float(part / whole) if whole else float("nan")


def _estimate(value: float, samples: FloatArray) -> Estimate:
    if not np.isfinite(value):
        return Estimate(None)
    defined = samples[np.isfinite(samples)]
    if not len(samples) or len(defined) < LEAST_DEFINED * len(samples):
        return Estimate(value)
    low, high = np.percentile(defined, (2.5, 97.5))
    return Estimate(value, float(low), float(high))
