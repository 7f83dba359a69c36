"""Whether the figures of a box's networks are still those of its reference period."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
"""Exams x bins: how often each exam had a figure in each bin."""
Numbers = npt.NDArray[np.float64]

REFERENCE_EXAMS = 100
CURRENT_EXAMS = 50
LEAST_COUNTED = 200
"""So many loops (of a share: a tenth, images or loops) must be in either period, else nothing is said."""
LARGEST_CHANCE = 0.001
_BINS = 10
_SHUFFLES = 1999
_SEED = 20_261_130


@dataclass(frozen=True)
class ModelFigure:
    """One figure whose distribution is watched.

    Attributes:
        key: as in `counts` of the table `model_figures`.
        step, bins: a value falls into bin `int(value / step)`, at most the last; of a share 1 and 2: no, yes.
        raise_at, clear_at: population stability index at or beyond which drift is raised, and below which it ends.
    """

    key: str
    step: float
    bins: int
    raise_at: float
    clear_at: float

    @property
    def is_share(self) -> bool:
        """Whether it is a share of images or loops rather than a distribution."""
        return self.bins == 2

    def bin_of(self, value: float) -> int:
        return min(self.bins - 1, max(0, int(value / self.step)))


# The index is that of credit scoring: below 0.1 nothing has changed, from 0.25 on much has (Siddiqi, Credit Risk
# Scorecards, 2006, chapter 8; its distribution: Yurdakul, Statistical properties of population stability index, 2018).
# Raised a little earlier, because chance is ruled out apart; a share has two bins, in which the same index is more.
FIGURES = (
    ModelFigure("score", 0.02, 50, 0.2, 0.1),
    ModelFigure("apical_um", 2.0, 51, 0.2, 0.1),
    ModelFigure("abstention", 1.0, 2, 0.1, 0.05),
    ModelFigure("no_width", 1.0, 2, 0.1, 0.05),
    ModelFigure("correction", 1.0, 2, 0.1, 0.05),
)
"""Scores of loops; apical widths; images not evaluable; loops without an apical width; images that a physician
changed or left out."""


@dataclass(frozen=True)
class Drift:
    """How far two periods are from one another.

    Attributes:
        index: population stability index, from 0.
        chance: share of random divisions of the same exams that are as far apart.
    """

    index: float
    chance: float


def compare(figure: ModelFigure, reference: Counts, current: Counts) -> Drift | None:
    """None where either period has too little to say anything.

    An exam's loops resemble one another, and a few patients with wide loops are no drift. So chance is judged by exams:
    the same exams are divided anew 1999 times, and the index of each division is compared with the real one.
    """
    least = LEAST_COUNTED // 10 if figure.is_share else LEAST_COUNTED
    if min(reference.sum(), current.sum()) < least:
        return None
    exams = _merged(np.concatenate([reference, current])).astype(np.float64)
    divisions = np.zeros((1 + _SHUFFLES, len(exams)))
    divisions[:, len(reference) :] = 1  # which exams are of the current period; the first row is how it was
    divisions[1:] = np.random.default_rng(_SEED).permuted(divisions[1:], axis=1)
    index = stability_index((1 - divisions) @ exams, divisions @ exams)
    return Drift(float(index[0]), float(np.mean(index >= index[0] - 1e-12)))


def is_drifting(figure: ModelFigure, drift: Drift, was_drifting: bool) -> bool:
    """Raised beyond `raise_at` where chance is ruled out; from then on until it is below `clear_at`."""
    if was_drifting:
        return drift.index >= figure.clear_at
    return drift.index >= figure.raise_at and drift.chance <= LARGEST_CHANCE


def stability_index(reference: Numbers, current: Numbers) -> npt.NDArray[np.float64]:
    """The population stability index of counts along the last axis: the sum of (p - q) ln(p / q).

    Half a count is added to every bin, so that an empty one stays finite.
    """
    p, q = _shares(reference), _shares(current)
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=-1), dtype=np.float64)


def _shares(counts: Numbers) -> npt.NDArray[np.float64]:
    raised = counts + 0.5
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float64)


def _merged(exams: Counts) -> Counts:
    """Neighbouring bins joined to at most ten of about the same size in both periods together."""
    if exams.shape[1] <= _BINS:
        return exams
    sizes = exams.sum(axis=0)
    middles = sizes.cumsum() - sizes / 2
    into = np.minimum(_BINS - 1, middles * _BINS // max(1, sizes.sum())).astype(np.int64)
    joined = [exams[:, into == number].sum(axis=1) for number in sorted(set(into.tolist()))]
    return np.stack(joined, axis=1)
