"""Whether found loops get the labelled calibre class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import SizeBasis, SizeClass
from engines.evaluation.coco.bootstrap import Bootstrap, Estimate, FloatArray, share
from engines.evaluation.coco.pairing import Pair

NAMES = tuple(size.value for size in SizeClass)


@dataclass(frozen=True)
class SizeFigures:
    """Of found loops whose label carries a size.

    Attributes:
        loops: how many.
        agreement: share with the labelled class; `measured` and `by_appearance` of those decided so.
        kappa: Cohen's, linear weights, so that normal for giant counts twice as much as normal for enlarged.
        counts: [3, 3], rows as labelled, columns as reported; order of NAMES.
    """

    loops: int
    agreement: Estimate
    measured: Estimate
    by_appearance: Estimate
    kappa: Estimate
    counts: NDArray[np.intp]


def size_figures(pairs: Sequence[Pair], bootstrap: Bootstrap) -> SizeFigures | None:
    """None where no found loop has a labelled size."""
    sized = [(pair, pair.target.label.size) for pair in pairs if pair.target.label.size is not None]
    if not sized:
        return None
    per_image = np.zeros((bootstrap.images, len(NAMES), len(NAMES)))
    measured = np.zeros_like(per_image)
    for pair, size in sized:
        at = (pair.image, NAMES.index(size.value), NAMES.index(pair.found.size.value))
        per_image[at] += 1
        measured[at] += pair.found.size_basis is SizeBasis.MEASURED
    return SizeFigures(
        loops=len(sized),
        agreement=_agreement(per_image, bootstrap),
        measured=_agreement(measured, bootstrap),
        by_appearance=_agreement(per_image - measured, bootstrap),
        kappa=bootstrap.estimates(lambda weights: np.array([_kappa(np.tensordot(weights, per_image, 1))]))[0],
        counts=per_image.sum(axis=0).astype(np.intp),
    )


def _agreement(per_image: FloatArray, bootstrap: Bootstrap) -> Estimate:
    return bootstrap.ratio(np.trace(per_image, axis1=1, axis2=2), per_image.sum(axis=(1, 2)))


def _kappa(counts: FloatArray) -> float:
    """1 is agreement, 0 what chance gives; NaN where every loop is of one class."""
    total = counts.sum()
    if not total:
        return float("nan")
    steps = np.abs(np.subtract.outer(np.arange(len(counts)), np.arange(len(counts))))
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    return 1 - share(float((steps * counts).sum()), float((steps * expected).sum()))
