"""What page and paper say beside a figure, for what leaves as codes, numbers and columns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from appliance.domain.exam_figures import Figure

GREY_ZONE = "grey_zone"
"""The other readings that lie within the error; of a score with a cut-off `CUT_OFF_WITHIN`."""
CUT_OFF_WITHIN = "cut_off_within_error"
BOUND = "bound"
LOWER_BOUND = "lower_bound"
RAMIFIED_RULE = "ramified_rule"
"""Whether a ramified loop above 50 um counts as a giant: the site's rule when the exam began."""
RAMIFIED_COUNT, RAMIFIED_DO_NOT_COUNT = "ramified_count", "ramified_do_not_count"
THUMBS = "thumbs_aside"
"""How many thumbs have figures of their own and enter none of the exam."""
_RAMIFIED = ("ramified_giants", "ramified_giants_aside")
_CATEGORY = (GREY_ZONE, "possible_giants", *_RAMIFIED, "giants_aside", "images_without_category")
SAYS: Mapping[str, tuple[str, ...]] = {
    "density_per_mm": (THUMBS,),
    "density_band": (GREY_ZONE,),
    "fingers_evaluable": (THUMBS,),
    "fast_track": _CATEGORY,
    "sub_pattern": _CATEGORY,
    "csuri": (GREY_ZONE,),
    "nemo": (BOUND,),
    "giants": ("possible_giants", RAMIFIED_RULE, *_RAMIFIED, "seen_aside"),
    "ramified": ("seen_aside",),
    "haemorrhages": ("seen_aside",),
    "largest_width_um": ("seen_aside_um",),
}
"""Which figures have something beside them that a reader of the value alone would miss, and what."""


@dataclass(frozen=True)
class SaidBeside:
    """One of them.

    Attributes:
        name: "grey_zone", "bound", "possible_giants", "seen_aside", ...
        value: a code, or a number: a count, or micrometres where the name ends in "_um".
    """

    name: str
    value: str | int | float


def said_beside(key: str, figure: Figure) -> Iterator[SaidBeside]:
    """What stands beside this figure; a grey zone once for each reading that lies in it."""
    for name in SAYS.get(key, ()):
        for value in _values(name, figure):
            yield SaidBeside(name, value)


def _values(name: str, figure: Figure) -> list[str | int | float]:
    basis = figure.basis
    if name == GREY_ZONE and "cut_off" in basis:
        return [CUT_OFF_WITHIN] if "in_grey_zone" in basis else []
    if name == GREY_ZONE:
        return [other for other in str(basis.get(GREY_ZONE, "")).split(",") if other]
    if name == BOUND:
        return [LOWER_BOUND] if figure.value is not None and basis.get(BOUND) == "lower" else []
    return [basis[name]] if basis.get(name) else []
