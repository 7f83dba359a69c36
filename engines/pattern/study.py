"""All classifiers compared on one clinic's exams, and the best of them fitted for use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.pattern.classifiers import Candidate, Columns, Level, candidates
from engines.pattern.cross_validation import PatternScores, exam_probabilities, held_out_probabilities, score
from engines.pattern.table import FeatureTable, exam_table

Reporter = Callable[[str], None]


@dataclass(frozen=True)
class Contestant:
    """A classifier at a level, with its figures.

    Attributes:
        images: figures per image; None for a classifier that only sees whole exams.
        exams: figures per exam; an image classifier's probabilities are averaged over the exam's images.
    """

    candidate: Candidate
    level: Level
    images: PatternScores | None
    exams: PatternScores


@dataclass(frozen=True)
class Study:
    """Every contestant, best exam-level macro F1 first, and the tables they learnt from."""

    contestants: tuple[Contestant, ...]
    tables: dict[tuple[Columns, Level], FeatureTable]

    @property
    def best(self) -> Contestant:
        return self.contestants[0]

    @property
    def best_table(self) -> FeatureTable:
        return self.tables[self.best.candidate.columns, self.best.level]


def run_study(measured: FeatureTable, seen: FeatureTable, reporter: Reporter = lambda line: None) -> Study:
    """Cross-validate every candidate on images and on exams.

    Args:
        measured, seen: of the same images, from `image_tables`.
        reporter: takes a line as each begins.

    Raises:
        InferenceError: too few patients or patterns.
    """
    tables = {(Columns.MEASURED, Level.IMAGE): measured, (Columns.TRUNK, Level.IMAGE): seen}
    tables |= {(columns, Level.EXAM): exam_table(table) for (columns, _), table in tuple(tables.items())}
    found = [
        _contest(candidate, level, tables, reporter)
        for candidate in _require(candidates())
        for level in Level
    ]  # fmt: skip
    found.sort(key=lambda contestant: -contestant.exams.macro_f1[0])
    return Study(tuple(found), tables)


def _contest(
    candidate: Candidate, level: Level, tables: dict[tuple[Columns, Level], FeatureTable], reporter: Reporter
) -> Contestant:
    reporter(f"{candidate.name}, {level.value}s")
    table = tables[candidate.columns, level]
    probabilities = held_out_probabilities(table, candidate)
    if level is Level.EXAM:
        return Contestant(candidate, level, None, _score(table, probabilities))
    exams = tables[candidate.columns, Level.EXAM]
    averaged = exam_probabilities(table, probabilities, exams.exams)
    return Contestant(candidate, level, _score(table, probabilities), _score(exams, averaged))


def _score(table: FeatureTable, probabilities: NDArray[np.float64]) -> PatternScores:
    return score(table.labels, probabilities, table.subjects)


def _require(found: Sequence[Candidate]) -> Sequence[Candidate]:
    # Made once before the first one runs: a missing library is known at once, not after minutes.
    for candidate in found:
        candidate.make()
    return found
