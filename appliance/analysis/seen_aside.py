"""What was seen and does not count, said beside the number that does not hold it."""

from collections.abc import Sequence
from dataclasses import replace

from appliance.analysis.image_tally import ImageTally
from appliance.analysis.uncertainty import width_decimals
from appliance.domain.exam_figures import Figure, Figures
from appliance.domain.honest_digits import rounded

SEEN = "seen_aside"
"""Member of a basis: how many were seen in pictures that do not count: panoramas, clips, not evaluable ones."""
SEEN_GIANTS = "giants_aside"
"""The same of giants beside a category or a pattern, which a single giant would change."""
RAMIFIED_ASIDE = "ramified_giants_aside"
"""Ramified loops above 50 um that are no giants by the exam's rule: those of pictures aside too."""
_OF_GIANTS = frozenset({"giants", "fast_track", "sub_pattern"})
SEEN_UM = "seen_aside_um"
"""The widest loop seen there, in micrometres, where it is wider than what counts."""


def with_seen(figures: Figures, aside: Sequence[ImageTally]) -> Figures:
    """The figures, with what the pictures aside show in the basis of those that it would change; values stay."""
    counts = {
        "giants": (SEEN, sum(one.giants for one in aside)),
        "ramified": (SEEN, sum(one.ramified for one in aside)),
        "haemorrhages": (SEEN, sum(one.haemorrhages for one in aside)),
        "fast_track": (SEEN_GIANTS, sum(one.giants for one in aside)),
        "sub_pattern": (SEEN_GIANTS, sum(one.giants for one in aside)),
    }
    found = {
        key: replace(figures[key], basis={**figures[key].basis, member: count})
        for key, (member, count) in counts.items()
        if count and key in figures
    }
    if ramified := sum(one.ramified_giants_aside for one in aside):
        for key in _OF_GIANTS & figures.keys():
            basis = found.get(key, figures[key]).basis
            here = int(basis.get(RAMIFIED_ASIDE, 0)) + ramified
            found[key] = replace(figures[key], basis={**basis, RAMIFIED_ASIDE: here})
    widest = max((one.largest for one in aside if one.largest is not None), key=lambda one: one.um, default=None)
    if widest is not None and "largest_width_um" in figures and _is_wider(widest.um, figures["largest_width_um"]):
        shown = figures["largest_width_um"]
        written = rounded(widest.um, width_decimals(widest.um, widest.um_per_px))
        found["largest_width_um"] = replace(shown, basis={**shown.basis, SEEN_UM: written})
    return {key: found.get(key, figure) for key, figure in figures.items()}


def _is_wider(widest_um: float, shown: Figure) -> bool:
    return not isinstance(shown.value, int | float) or widest_um > shown.value
