"""How well each classifier does on patients it has not seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.pattern.classifiers import SEED, Candidate, Preparation
from engines.pattern.table import FeatureTable

FOLDS = 5
RESAMPLES = 1000
Interval = tuple[float, float, float]
"""The figure and the ends of its 95 % interval."""


@dataclass(frozen=True)
class PatternScores:
    """Of predictions for held-out patients; each with its 95 % interval over resampled patients.

    Attributes:
        accuracy: share of rows whose likeliest pattern is the physician's.
        macro_f1: mean over the patterns of the F1 score.
        macro_auc: mean over the patterns of the area under the curve of one against the rest.
        confusion: int [named, predicted].
    """

    accuracy: Interval
    macro_f1: Interval
    macro_auc: Interval
    confusion: NDArray[np.int64]


def held_out_probabilities(table: FeatureTable, candidate: Candidate) -> NDArray[np.float64]:
    """What the classifier says of every row when it has not seen that row's patient, [rows, patterns].

    Folds keep a patient together and the patterns' shares alike; everything that is learnt, filling and scaling
    included, is learnt within the fold.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 (the `pattern` extra)

    table.require_trainable()
    splitter = StratifiedGroupKFold(n_splits=FOLDS, shuffle=True, random_state=SEED)
    probabilities = np.zeros((len(table.labels), len(table.patterns)))
    for train, test in splitter.split(table.features, table.labels, groups=table.subjects):
        preparation = Preparation.of(table.features[train])
        # A fold may lack a pattern altogether; XGBoost then wants the classes without a gap.
        classes, labels = np.unique(table.labels[train], return_inverse=True)
        classifier = candidate.make().fit(preparation.apply(table.features[train]), labels)
        columns = np.ix_(test, classes)
        probabilities[columns] = classifier.predict_proba(preparation.apply(table.features[test]))
    return probabilities


def exam_probabilities(
    images: FeatureTable, probabilities: NDArray[np.float64], exams: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Mean over each exam's images, in the order of `exams`."""
    return np.stack([probabilities[images.exams == exam].mean(axis=0) for exam in exams])


def score(labels: NDArray[np.int64], probabilities: NDArray[np.float64], subjects: NDArray[np.str_]) -> PatternScores:
    """Figures with intervals from 1,000 resamples of the subjects (seed 1).

    Args:
        labels: [rows], columns of `probabilities`.
        subjects: whose each row is.
    """
    predicted = probabilities.argmax(axis=1)
    whole = _figures(labels, predicted, probabilities)
    rng = np.random.default_rng(SEED)
    names = np.unique(subjects)
    rows_of = {name: np.flatnonzero(subjects == name) for name in names}
    resampled = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([rows_of[name] for name in rng.choice(names, len(names))])
        resampled.append(_figures(labels[rows], predicted[rows], probabilities[rows]))
    low, high = np.nanpercentile(np.array(resampled), (2.5, 97.5), axis=0)
    accuracy, f1, auc = ((float(w), float(a), float(b)) for w, a, b in zip(whole, low, high, strict=True))
    confusion = np.zeros((probabilities.shape[1],) * 2, dtype=np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    return PatternScores(accuracy, f1, auc, confusion)


def _figures(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> tuple[float, float, float]:
    # Only patterns that occur: a resample may hold none of a rare one.
    present = np.unique(labels)
    f1 = [_f1(labels == index, predicted == index) for index in present]
    auc = [_auc(labels == index, probabilities[:, index]) for index in present]
    known = [value for value in auc if not np.isnan(value)]
    return float((labels == predicted).mean()), float(np.mean(f1)), float(np.mean(known)) if known else float("nan")


def _f1(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    right = int((truth & said).sum())
    return 2 * right / (int(truth.sum()) + int(said.sum())) if right else 0.0


def _auc(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    from scipy.stats import rankdata  # noqa: PLC0415 (slow to import)

    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))
