"""Giants that the machine alone found and is not sure of: shown, said beside the number, and counted in no score."""

from appliance.analysis.size import is_possible_giant
from appliance.domain.review import ReviewedImage


def possible_giants(reviewed: ReviewedImage) -> frozenset[int]:
    """Their places in `reviewed.analysis.capillaries`; what a person judged is never among them."""
    loops = enumerate(reviewed.analysis.capillaries)
    return frozenset(
        at for at, loop in loops if reviewed.is_giant(loop) and is_possible_giant(loop, at in reviewed.judged)
    )
