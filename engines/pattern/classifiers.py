"""The six classical classifiers of the SCLEROCAP study, and one on the detector's own features."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEED = 1


class Level(Enum):
    """What a classifier looks at: each image by itself, or an exam's images together."""

    IMAGE = "image"
    EXAM = "exam"


class Columns(Enum):
    """Which table it learns from."""

    MEASURED = "shape, texture and figures"
    TRUNK = "the detector's features"


@dataclass(frozen=True)
class Candidate:
    """One way to classify.

    Attributes:
        make: a fresh, untrained scikit-learn style classifier with `fit` and `predict_proba`.
    """

    name: str
    columns: Columns
    make: Callable[[], Any]


def candidates() -> tuple[Candidate, ...]:
    """All seven. Their settings are the libraries' own but for strength against few samples (our choice)."""
    return (
        Candidate("random forest", Columns.MEASURED, _random_forest),
        Candidate("support vector machine", Columns.MEASURED, _support_vector_machine),
        Candidate("logistic regression", Columns.MEASURED, _logistic_regression),
        Candidate("LightGBM", Columns.MEASURED, _lightgbm),
        Candidate("XGBoost", Columns.MEASURED, _xgboost),
        Candidate("k-nearest neighbours", Columns.MEASURED, _nearest_neighbours),
        Candidate("detector trunk with logistic regression", Columns.TRUNK, _logistic_regression),
    )


@dataclass(frozen=True)
class Preparation:
    """Fills what was not measurable with the median and brings every column to mean 0 and deviation 1.

    Kept outside the classifiers, as three plain rows, so that each of them becomes ONNX the same way.

    Attributes:
        medians, means, scales: float32 [columns], of the training rows alone.
    """

    medians: NDArray[np.float32]
    means: NDArray[np.float32]
    scales: NDArray[np.float32]

    @staticmethod
    def of(features: NDArray[np.float32]) -> "Preparation":
        """Learnt from training rows, float32 [rows, columns]."""
        known = ~np.isnan(features)
        columns = [column[mask] for column, mask in zip(features.T, known.T, strict=True)]
        medians = np.array([np.median(column) if len(column) else 0.0 for column in columns], dtype=np.float32)
        filled = np.where(known, features, medians)
        deviations = filled.std(axis=0)
        scales = np.where(deviations > 0, deviations, 1.0)
        return Preparation(medians, filled.mean(axis=0).astype(np.float32), scales.astype(np.float32))

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The rows as a classifier takes them, float32 [rows, columns]."""
        filled = np.where(np.isnan(features), self.medians, features)
        return np.asarray((filled - self.means) / self.scales, dtype=np.float32)


def _random_forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 (the `pattern` extra)

    return RandomForestClassifier(300, min_samples_leaf=2, class_weight="balanced", random_state=SEED)


def _support_vector_machine() -> Any:
    from sklearn.calibration import CalibratedClassifierCV  # noqa: PLC0415
    from sklearn.svm import SVC  # noqa: PLC0415

    return CalibratedClassifierCV(SVC(class_weight="balanced", random_state=SEED), ensemble=False, cv=3)


def _logistic_regression() -> Any:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    return LogisticRegression(C=0.1, max_iter=5000, class_weight="balanced")


def _lightgbm() -> Any:
    from lightgbm import LGBMClassifier  # noqa: PLC0415

    return LGBMClassifier(
        n_estimators=150, num_leaves=7, min_child_samples=5, class_weight="balanced",
        random_state=SEED, n_jobs=1, verbose=-1, deterministic=True,
    )  # fmt: skip


def _xgboost() -> Any:
    from xgboost import XGBClassifier  # noqa: PLC0415

    return XGBClassifier(n_estimators=150, max_depth=3, learning_rate=0.1, random_state=SEED, n_jobs=1)


def _nearest_neighbours() -> Any:
    from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415

    # Not weighted by distance: its ONNX form gives other probabilities than scikit-learn.
    return KNeighborsClassifier(n_neighbors=5)
