"""How often each finding occurs in each kind of nailfold."""

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np


class Pattern(Enum):
    """The scleroderma sub-patterns (Cutolo), a healthy nailfold, a mixed clinic, and a field without any loop."""

    HEALTHY = "healthy"
    EARLY = "early"
    ACTIVE = "active"
    LATE = "late"
    CLINIC = "clinic"
    EMPTY = "empty"


@dataclass(frozen=True)
class PatternNumbers:
    """Frequencies of one pattern.

    Attributes:
        density_per_mm: mean and standard deviation of the loops per millimetre of the distal row.
        enlarged, giant, tortuous, ramified: share of the loops.
        haemorrhages: mean number of clusters per image.
        avascular: chance that part of the row is bare.
    """

    density_per_mm: tuple[float, float]
    enlarged: float
    giant: float
    tortuous: float
    ramified: float
    haemorrhages: float
    avascular: float


NUMBERS = {
    # Density: healthy 7.2 (5.8 to 9.0), early about 7, active 4.7 (1.1), late 3.7 (1.5) per mm.
    # Clinic mix: tortuous 14.8 %, giant 3.6 %, ramified 2.1 %, about 40 % of plain loops enlarged, 0.77 haemorrhages an
    # image (Gracia Tello 2022). Shares within a pattern follow Cutolo's definitions (doi 10.1016/j.autrev.2020.102458).
    Pattern.HEALTHY: PatternNumbers((7.2, 0.9), 0.06, 0.0, 0.10, 0.004, 0.06, 0.02),
    Pattern.EARLY: PatternNumbers((7.0, 0.9), 0.45, 0.09, 0.12, 0.01, 1.0, 0.08),
    Pattern.ACTIVE: PatternNumbers((4.7, 1.1), 0.50, 0.22, 0.14, 0.08, 1.6, 0.40),
    Pattern.LATE: PatternNumbers((3.7, 1.5), 0.35, 0.01, 0.18, 0.38, 0.3, 0.80),
    Pattern.CLINIC: PatternNumbers((6.2, 1.6), 0.40, 0.036, 0.148, 0.05, 0.5, 0.12),
    Pattern.EMPTY: PatternNumbers((0.5, 0.0), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
}

SHARES = {
    # Our choice: rare shapes are over-represented against the clinic so that a detector meets them; 4 % bare fields.
    Pattern.CLINIC: 0.44,
    Pattern.HEALTHY: 0.16,
    Pattern.EARLY: 0.12,
    Pattern.ACTIVE: 0.14,
    Pattern.LATE: 0.10,
    Pattern.EMPTY: 0.04,
}


def below_first_row(numbers: PatternNumbers) -> PatternNumbers:
    """The same nailfold behind its first row, where altered loops are the exception (our choice)."""
    return replace(
        numbers,
        enlarged=0.7 * numbers.enlarged,
        giant=0.25 * numbers.giant,
        tortuous=0.6 * numbers.tortuous,
        ramified=0.4 * numbers.ramified,
    )


def draw_pattern(rng: np.random.Generator) -> Pattern:
    """A pattern at random, in the shares above."""
    patterns = list(SHARES)
    return patterns[int(rng.choice(len(patterns), p=[SHARES[p] for p in patterns]))]
