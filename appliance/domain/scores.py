"""The published scores as plain functions of counts; every cut-off stands here with its source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.domain import sources
from appliance.domain.bands import DENSITY, SEMIQUANTITATIVE
from appliance.domain.metrics import NORMAL_FROM_PER_MM

LOSS_AGAINST_PER_MM = NORMAL_FROM_PER_MM
"""Loss is counted against the lower end of the normal density [to be confirmed]."""

CSURI_WIDTH_MM = 1.57
CSURI_WIDTH_SHARE = 0.05
"""Sebastiani 2013: the cut-off is for images 1.57 mm wide (AUC 0.888; 0.705 at 1.33 mm, 0.786 at 1.70 mm). A width that
differs by more than 5 % is warned of: our own choice, the study has no width in between."""

STANDARD_COUNT = 8
"""NEMO is a total over eight fingers, the loss index a mean over eight fields, one a finger (Sambataro 2014; Smith
2011)."""

MIN_FINGERS_FOR_NEGATIVE = 4
"""Our own choice: with fewer fingers "no scleroderma pattern" is not said of a patient; a finding of one stands with
any number of fingers."""


@dataclass(frozen=True)
class Findings:
    """What the pattern rules know of one image.

    Attributes:
        density_per_mm: None where it could not be measured.
        giants: loops above 50 um, whatever their shape.
        ramified: the abnormal shapes; tortuous loops are not abnormal (EULAR).
        enlarged: dilated loops that are no giants.
        haemorrhages: microhaemorrhages.
    """

    density_per_mm: float | None
    giants: int
    ramified: int
    enlarged: int = 0
    haemorrhages: int = 0


@dataclass(frozen=True)
class PatternRule:
    """One line of a decision table.

    Attributes:
        key: of the table of words, `appliance/texts/rules.json`.
        verdict: category that it leads to.
        applies: given the band of the density and the other findings.
        source: citation.
    """

    key: str
    verdict: str
    applies: Callable[[str, Findings], bool]
    source: str


_LOW, _MIDDLE, _NORMAL = DENSITY.names

ANY_GIANT = PatternRule("fast_track_2a", "scleroderma", lambda _, found: found.giants > 0, sources.FAST_TRACK_2019)
"""Needs no density, so it is asked first and alone."""

FAST_TRACK_RULES = (
    ANY_GIANT,
    PatternRule(
        "fast_track_1",
        "non_scleroderma",
        lambda band, found: band == _NORMAL and not found.giants,
        sources.FAST_TRACK_2019,
    ),
    PatternRule(
        "fast_track_2b",
        "scleroderma",
        lambda band, found: band == _LOW and found.ramified > 0,
        sources.FAST_TRACK_2019,
    ),
    PatternRule("fast_track_3", "non_scleroderma", lambda *_: True, sources.FAST_TRACK_2019),
)
"""The first that applies decides."""

PATTERN_RULES = (
    PatternRule(
        "late",
        "late",
        lambda band, found: band == _LOW and not found.giants and found.ramified > 0,
        sources.CUTOLO_PATTERN,
    ),
    PatternRule("active", "active", lambda band, found: band != _NORMAL and found.giants > 0, sources.CUTOLO_PATTERN),
    PatternRule("early", "early", lambda band, found: band == _NORMAL and found.giants > 0, sources.CUTOLO_PATTERN),
    PatternRule(
        "normal",
        "normal",
        lambda band, found: band == _NORMAL and not (found.ramified or found.enlarged or found.haemorrhages),
        sources.CUTOLO_PATTERN,
    ),
    PatternRule("non_specific", "non_specific", lambda *_: True, sources.CUTOLO_PATTERN),
)
"""The Ghent tool's rules, in its order, as a suggestion: the first that applies. Late, active and early are the
scleroderma patterns, exactly where the Fast Track says category 2; the two others divide its category 1."""

GRAVITY = ("normal", "non_specific", "early", "active", "late")
"""From the mildest to the gravest pattern; the gravest image stands for the finger and for the patient (Ghent tool)."""


def first_rule(rules: Sequence[PatternRule], found: Findings) -> PatternRule | None:
    """The first rule that applies; None where it would need a density that is not known."""
    if ANY_GIANT in rules and found.giants:
        return ANY_GIANT
    if found.density_per_mm is None:
        return None
    band = DENSITY.name(found.density_per_mm)
    return next((rule for rule in rules if rule.applies(band, found)), None)


def semiquantitative(share: float) -> int:
    """0 to 3 for a share (0 to 1) of altered or lost capillaries.

    Raises:
        ValueError: the share is below 0.
    """
    if share < 0:
        raise ValueError(f"a share of altered capillaries cannot be {share}")
    return int(SEMIQUANTITATIVE.name(share))


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
