"""Category and pattern of one image, and of several by the gravest of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from appliance.analysis import uncertainty
from appliance.analysis.density import NO_DISTAL_ROW
from appliance.analysis.image_tally import ImageTally
from appliance.domain.bands import DENSITY
from appliance.domain.exam_figures import Figure
from appliance.domain.scores import FAST_TRACK_RULES, GRAVITY, PATTERN_RULES, Findings, PatternRule, first_rule

NO_DENSITY = "no_density"
GREY_ZONE = "grey_zone"
"""Member of a category's basis: what it would be, within the error of what it rests on, joined by commas."""

Basis = dict[str, float | int | str]


@dataclass(frozen=True)
class ImagePattern:
    """What the rules say of one image.

    Attributes:
        found, ramified_giants: the loops behind them.
        within: the same at the ends of its errors.
        because: why there is no density; empty where there is one.
    """

    tally: ImageTally
    found: Findings
    within: tuple[Findings, ...]
    because: str

    @property
    def category(self) -> PatternRule | None:
        return first_rule(FAST_TRACK_RULES, self.found)

    @property
    def pattern(self) -> PatternRule | None:
        return first_rule(PATTERN_RULES, self.found)

    @property
    def gravity(self) -> tuple[int, int, float]:
        """Sorts images: by category and pattern, then by giants, then by how low the density is."""
        if self.category is None:
            return (-1, 0, 0.0)
        # Giants without a density are a scleroderma pattern of at least the mildest kind.
        rank = GRAVITY.index("early" if self.pattern is None else self.pattern.verdict)
        return (rank, self.found.giants, -(self.found.density_per_mm or 0.0))


def pattern_of(one: ImageTally) -> ImagePattern:
    """What the rules say of an image, and what they look at within its errors."""
    density, off = None, 0.0
    if one.density_missing_because is None and one.row_mm:
        density = one.density_per_mm or DENSITY.written(one.distal / one.row_mm)
        off = uncertainty.of_density(one.distal, one.row_mm, 1, one.scale_share)
    found = Findings(density, one.sure_giants, one.ramified, one.enlarged, one.haemorrhages)
    densities = [density] if density is None else [density, max(0.0, density - off), density + off]
    sure = one.sure_giants
    giants = sorted({sure, max(0, sure - one.giants_in_grey_zone), one.giants + one.nearly_giant})
    enlarged = sorted({one.enlarged, one.enlarged - one.enlarged_in_grey_zone})
    within = tuple(
        replace(found, density_per_mm=at, giants=giant, enlarged=wide)
        for at, giant, wide in product(densities, giants, enlarged)
    )
    return ImagePattern(one, found, within, one.density_missing_because or ("" if density else NO_DISTAL_ROW))


def gravest_of(tallies: Sequence[ImageTally]) -> dict[str, Figure]:
    """ "fast_track" and "sub_pattern" of the gravest image; the basis names it. `tallies` is not empty.

    Images of which the rules can say nothing stand back behind any other; their number is in the basis.
    """
    patterns = [pattern_of(one) for one in tallies]
    gravest = max(patterns, key=lambda one: one.gravity)
    unknown = sum(one.category is None for one in patterns)
    if gravest.category is None:
        missing = Figure(None, because=gravest.because or NO_DENSITY)
        return {"fast_track": missing, "sub_pattern": missing}
    seen = {"images_without_category": unknown} if unknown else {}
    if possible := sum(one.possible_giants for one in tallies):
        seen["possible_giants"] = possible
    if aside := sum(one.ramified_giants_aside for one in tallies):
        seen["ramified_giants_aside"] = aside
    category = Figure(gravest.category.verdict, basis=_basis(gravest, gravest.category, FAST_TRACK_RULES) | seen)
    if gravest.pattern is None:
        return {"fast_track": category, "sub_pattern": Figure(None, because=NO_DENSITY)}
    pattern = Figure(gravest.pattern.verdict, basis=_basis(gravest, gravest.pattern, PATTERN_RULES) | seen)
    return {"fast_track": category, "sub_pattern": pattern}


def _basis(one: ImagePattern, rule: PatternRule, rules: Sequence[PatternRule]) -> Basis:
    """The rule, the image, what the rule rests on, and the grey zone where there is one."""
    place, found = one.tally.placement, one.found
    basis: Basis = {
        "rule": rule.key,
        "image_id": one.tally.image_id,
        "hand": place.hand.value,
        "finger": place.finger.value,
        "sector": place.sector.value,
        "giants": found.giants,
        "ramified": found.ramified,
    }
    if found.density_per_mm is not None:
        basis["density_per_mm"] = found.density_per_mm
    if found.giants:
        basis |= {"in_grey_zone": one.tally.giants_in_grey_zone, "ramified_giants": one.tally.ramified_giants}
    others = {other.verdict for at in one.within if (other := first_rule(rules, at)) is not None} - {rule.verdict}
    return basis | ({GREY_ZONE: ",".join(sorted(others))} if others else {})
