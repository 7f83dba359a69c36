"""Where a person's class of a loop says another thing than its width."""

from appliance.analysis.reviewed_findings import ReviewedCapillary
from appliance.analysis.size import classify_width, is_near_cut
from appliance.domain.detection import Morphology, SizeClass

_SMOOTH = (Morphology.NORMAL, Morphology.TORTUOUS)


def contradicted_class(one: ReviewedCapillary, um_per_px: float | None) -> SizeClass | None:
    """The measured calibre that a person's shape or calibre contradicts; None where they agree or nothing is measured.

    Within one pixel of a cut the class may be the other one, so that nothing is contradicted there. A ramified loop
    keeps its shape at any width.
    """
    um = one.capillary.widest_um
    if um is None or um_per_px is None or is_near_cut(um, um_per_px):
        return None
    measured = classify_width(um)
    is_giant = measured is SizeClass.GIANT
    disagrees = (
        (one.hand_size is not None and one.hand_size is not measured)
        or (one.hand_shape is Morphology.GIANT and not is_giant)
        or (one.hand_shape in _SMOOTH and is_giant)
    )
    return measured if disagrees else None
