"""Precision and recall at the device's confidence (the reference paper's Table IV), and which shape is taken for which.

Precision needs exhaustive labels; without them it is left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.evaluation.coco.bootstrap import Bootstrap, Estimate
from engines.evaluation.coco.categories import Meaning
from engines.evaluation.coco.coco_run import SHAPES
from engines.evaluation.coco.outcome import Outcome, Target
from engines.evaluation.coco.pairing import Pairing, pair_haemorrhages, pair_loops, pair_shape

Pair = Callable[[Outcome], tuple[Pairing, list[Target]]]


@dataclass(frozen=True)
class CountingRow:
    """One row of the table.

    Attributes:
        hits, without_label, labels: over all pictures.
        precision: None without exhaustive labels.
        found_per_label: findings that count over labels; where labels are not exhaustive it says whether recall was
            bought with noise.
    """

    hits: int
    without_label: int
    labels: int
    precision: Estimate | None
    recall: Estimate
    found_per_label: Estimate


@dataclass(frozen=True)
class Confusion:
    """Loops by shape: rows are labels, columns what the device says.

    Attributes:
        names: of the shapes, for rows and columns alike.
        counts: [S + 1, S + 1]; the last column are labels that were missed, the last row findings without a label.
    """

    names: tuple[str, ...]
    counts: NDArray[np.intp]


def count_table(outcomes: Sequence[Outcome], bootstrap: Bootstrap, is_exhaustive: bool) -> dict[str, CountingRow]:
    """By "capillary" (any shape), each shape and "haemorrhage"."""
    pairs: dict[str, Pair] = {"capillary": pair_loops}
    pairs |= {shape.value: _pair_of(shape) for shape in SHAPES if shape is not Meaning.HAEMORRHAGE}
    pairs["haemorrhage"] = pair_haemorrhages
    return {name: _count(outcomes, pair, bootstrap, is_exhaustive) for name, pair in pairs.items()}


def _pair_of(shape: Meaning) -> Pair:
    return lambda outcome: pair_shape(outcome, shape)


def _count(outcomes: Sequence[Outcome], pair: Pair, bootstrap: Bootstrap, is_exhaustive: bool) -> CountingRow:
    rows = [(len(p.hits), len(p.wrong), len(targets)) for p, targets in map(pair, outcomes)]
    hits, wrong, labels = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return CountingRow(
        hits=int(hits.sum()),
        without_label=int(wrong.sum()),
        labels=int(labels.sum()),
        precision=bootstrap.ratio(hits, hits + wrong) if is_exhaustive else None,
        recall=bootstrap.ratio(hits, labels),
        found_per_label=bootstrap.ratio(hits + wrong, labels),
    )


def confuse(outcomes: Sequence[Outcome]) -> Confusion:
    """Shapes as labelled against shapes as the device reports them; labels of unknown shape are left out."""
    shapes = [shape for shape in SHAPES if shape is not Meaning.HAEMORRHAGE]
    column = {shape.value: at for at, shape in enumerate(shapes)}
    counts = np.zeros((len(shapes) + 1, len(shapes) + 1), dtype=np.intp)
    for outcome in outcomes:
        pairing, targets = pair_loops(outcome)
        found = outcome.analysis.capillaries
        for at, target in pairing.hits:
            if targets[target].meaning in shapes:
                counts[column[targets[target].meaning.value], column[found[at].morphology.value]] += 1
        for target in pairing.missed:
            if targets[target].meaning in shapes:
                counts[column[targets[target].meaning.value], -1] += 1
        for at in pairing.wrong:
            counts[-1, column[found[at].morphology.value]] += 1
    return Confusion(tuple(column), counts)
