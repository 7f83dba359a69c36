"""The published scores as plain functions of counts; every cut-off stands here with its source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.domain import sources
from appliance.domain.metrics import EXTREMELY_LOWERED_UP_TO_PER_MM, NORMAL_FROM_PER_MM

SCORE_CUTS = (0.0, 1 / 3, 2 / 3)
"""Sulli 2008 [to be confirmed]: 0 for none, 1 up to 33 %, 2 up to 66 %, 3 above, of the capillaries of a millimetre;
the percentages are read as thirds."""

LOSS_AGAINST_PER_MM = NORMAL_FROM_PER_MM
"""Loss is counted against the lower end of the normal density [to be confirmed]."""

CSURI_CUT = 2.94
"""Sebastiani 2009 [to be confirmed]: from here on the index predicts digital ulcers."""

NEMO_FINGERS = 8
"""NEMO counts over eight fingers [to be confirmed]."""

MIN_FINGERS_FOR_NEGATIVE = 4
"""Our own choice: with fewer fingers "no scleroderma pattern" is not said of a patient; a finding of one stands with
any number of fingers."""


@dataclass(frozen=True)
class Findings:
    """What the pattern rules look at.

    Attributes:
        density_per_mm: None where it could not be measured.
        giants: loops above 50 um, whatever their shape.
        ramified: the abnormal shapes that are no giants; tortuous loops are not abnormal (EULAR).
    """

    density_per_mm: float | None
    giants: int
    ramified: int


@dataclass(frozen=True)
class PatternRule:
    """One line of a decision table.

    Attributes:
        key: of the catalogue's "rules" group.
        verdict: category that it leads to.
        applies: given density, giants and ramified loops.
        source: citation.
    """

    key: str
    verdict: str
    applies: Callable[[float, int, int], bool]
    source: str


ANY_GIANT = PatternRule("fast_track_2a", "scleroderma", lambda _, giants, __: giants > 0, sources.FAST_TRACK_2019)
"""Needs no density, so it is asked first and alone."""

FAST_TRACK_RULES = (
    ANY_GIANT,
    PatternRule(
        "fast_track_1",
        "non_scleroderma",
        lambda density, giants, _: density >= NORMAL_FROM_PER_MM and not giants,
        sources.FAST_TRACK_2019,
    ),
    PatternRule(
        "fast_track_2b",
        "scleroderma",
        lambda density, _, ramified: density <= EXTREMELY_LOWERED_UP_TO_PER_MM and ramified > 0,
        sources.FAST_TRACK_2019,
    ),
    PatternRule("fast_track_3", "non_scleroderma", lambda *_: True, sources.FAST_TRACK_2019),
)
"""The first that applies decides."""

SUB_PATTERN_RULES = (
    PatternRule(
        "early",
        "early",
        lambda density, giants, ramified: density >= NORMAL_FROM_PER_MM and giants > 0 and not ramified,
        sources.CUTOLO_PATTERN,
    ),
    PatternRule(
        "active",
        "active",
        lambda density, giants, _: EXTREMELY_LOWERED_UP_TO_PER_MM < density < NORMAL_FROM_PER_MM and giants > 0,
        sources.CUTOLO_PATTERN,
    ),
    PatternRule(
        "late",
        "late",
        lambda density, giants, ramified: density <= EXTREMELY_LOWERED_UP_TO_PER_MM and not giants and ramified > 0,
        sources.CUTOLO_PATTERN,
    ),
)
"""Findings between the rows have no name in the paper and get none here."""


def first_rule(rules: Sequence[PatternRule], found: Findings) -> PatternRule | None:
    """The first rule that applies; None where none does or where it would need a density that is not known."""
    if ANY_GIANT in rules and ANY_GIANT.applies(0.0, found.giants, found.ramified):
        return ANY_GIANT
    if found.density_per_mm is None:
        return None
    return next((rule for rule in rules if rule.applies(found.density_per_mm, found.giants, found.ramified)), None)


def semiquantitative(share: float) -> int:
    """0 to 3 for a share (0 to 1) of altered or lost capillaries.

    Raises:
        ValueError: the share is below 0.
    """
    if share < 0:
        raise ValueError(f"a share of altered capillaries cannot be {share}")
    return sum(share > cut for cut in SCORE_CUTS)


def lost_share(density_per_mm: float) -> float:
    """The share of a normal nailfold's capillaries that is missing, 0 to 1."""
    return max(0.0, 1 - density_per_mm / LOSS_AGAINST_PER_MM)


def csuri(largest_um: float, giants: int, capillaries_distal: int) -> float:
    """D x M / N squared.

    Raises:
        ValueError: without giants or without loops there is no index.
    """
    if giants < 1 or capillaries_distal < 1:
        raise ValueError(f"no CSURI for {giants} giants among {capillaries_distal} loops")
    return largest_um * giants / capillaries_distal**2
