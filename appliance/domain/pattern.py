"""The scleroderma pattern as a physician calls it, and what a learned classifier would call it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class NailfoldPattern(Enum):
    """A physician's reading of an exam (EULAR; Smith 2020, doi 10.1016/j.autrev.2020.102458; Cutolo's sub-patterns)."""

    NORMAL = "normal"
    NON_SPECIFIC = "non_specific"
    EARLY = "early"
    ACTIVE = "active"
    LATE = "late"


@dataclass(frozen=True)
class PatternAdvice:
    """What an installed classifier says of one exam: an advisory beside the rules, never in their place.

    Attributes:
        probabilities: of each pattern it was trained on; they add up to 1.
        model_id: "sha256:..." of its file.
        method: "random forest", ...
        trained_on: what it learnt from, in words for the reader: exams and patients.
        macro_f1: cross-validated at exam level, with its 95 % interval.
        images: how many images of the exam it used.
    """

    probabilities: Mapping[NailfoldPattern, float]
    model_id: str
    method: str
    trained_on: str
    macro_f1: tuple[float, float, float]
    images: int

    @property
    def likeliest(self) -> NailfoldPattern:
        return max(self.probabilities, key=lambda pattern: self.probabilities[pattern])
