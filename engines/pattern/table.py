"""Features of labelled images in one table, and of exams in another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.pattern_features import exam_row, pattern_features
from appliance.domain.analysis_result import ImageAnalysis
from appliance.domain.errors import InferenceError
from appliance.domain.pattern import NailfoldPattern
from appliance.inference.trunk_embedding import TrunkEmbedding

MIN_SUBJECTS_PER_PATTERN = 5
"""One for each fold: below that, some fold would be judged without a patient of that pattern (our choice)."""


@dataclass(frozen=True)
class PatternSample:
    """One image of an exam whose pattern a physician has named.

    Attributes:
        subject, exam: whose and which; only compared, never printed.
        pattern: of the whole exam.
        image_rgb: uint8 [height, width, 3].
        analysis: of this image, as reviewed and recorded.
    """

    subject: str
    exam: str
    pattern: NailfoldPattern
    image_rgb: NDArray[np.uint8]
    analysis: ImageAnalysis


@dataclass(frozen=True)
class FeatureTable:
    """Rows of images or of exams.

    Attributes:
        features: float32 [rows, columns]; NaN where something was not measurable.
        labels: int [rows], index into `patterns`.
        subjects, exams: str [rows].
        patterns: the classes, in the order of NailfoldPattern.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    subjects: NDArray[np.str_]
    exams: NDArray[np.str_]
    patterns: tuple[NailfoldPattern, ...]

    def require_trainable(self) -> None:
        """Raises InferenceError where there are too few patients or only one pattern."""
        counts = {
            pattern.value: len(set(self.subjects[self.labels == index])) for index, pattern in enumerate(self.patterns)
        }
        scarce = {name: count for name, count in counts.items() if count < MIN_SUBJECTS_PER_PATTERN}
        if len(counts) < 2 or scarce:
            raise InferenceError(
                f"there are too few patients to learn from: {counts or 'none'}",
                f"At least two patterns with {MIN_SUBJECTS_PER_PATTERN} patients each are needed; name the pattern of "
                "more exams and validate them.",
            )


def image_tables(samples: Iterable[PatternSample], trunk: TrunkEmbedding) -> tuple[FeatureTable, FeatureTable]:
    """Two tables of the same rows: shape, texture and figures; and the detector's own view of each image."""
    rows = list(_rows(samples, trunk))
    if not rows:
        raise InferenceError("there is no validated exam with a named pattern", "Name the pattern when validating.")
    found = {row[0].pattern for row in rows}
    patterns = tuple(pattern for pattern in NailfoldPattern if pattern in found)
    labels = np.array([patterns.index(row[0].pattern) for row in rows], dtype=np.int64)
    subjects = np.array([row[0].subject for row in rows])
    exams = np.array([row[0].exam for row in rows])
    measured, seen = np.stack([row[1] for row in rows]), np.stack([row[2] for row in rows])
    return (
        FeatureTable(measured, labels, subjects, exams, patterns),
        FeatureTable(seen, labels, subjects, exams, patterns),
    )


def exam_table(images: FeatureTable) -> FeatureTable:
    """One row an exam: mean, then largest value of each column over its images; NaN where no image has one."""
    exams, first = np.unique(images.exams, return_index=True)
    rows = [exam_row(images.features[images.exams == exam]) for exam in exams]
    return FeatureTable(np.stack(rows), images.labels[first], images.subjects[first], exams, images.patterns)


def _rows(
    samples: Iterable[PatternSample], trunk: TrunkEmbedding
) -> Iterator[tuple["_Label", NDArray[np.float32], NDArray[np.float32]]]:
    # Pictures are let go of one by one: a clinic's exams do not fit into memory.
    for sample in samples:
        label = _Label(sample.subject, sample.exam, sample.pattern)
        yield label, pattern_features(sample.image_rgb, sample.analysis), trunk.embed(sample.image_rgb)


@dataclass(frozen=True)
class _Label:
    subject: str
    exam: str
    pattern: NailfoldPattern
