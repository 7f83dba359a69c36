"""Sums and density of each finger over its images."""

from collections.abc import Sequence
from typing import Any

from appliance.analysis.group_figures import density_of
from appliance.analysis.image_tally import tally
from appliance.domain.exam import Finger, Hand
from appliance.domain.exam_figures import Figure
from appliance.domain.figure_definition import Kind
from appliance.domain.figure_definitions import MEASURED
from appliance.domain.printed_figure import in_document
from appliance.domain.review import ReviewedImage

COUNTERS = tuple(one.key for one in MEASURED if one.kind is Kind.COUNT)


def finger_totals(images: Sequence[ReviewedImage]) -> list[dict[str, Any]]:
    """One entry a finger that has images, left hand first, thumb to little finger.

    Only images that count and are not panoramic enter. Counters are sums over them: a capillary seen in two overlapping
    images counts in both. The density is that of pages and report (`density_of`): all distal loops over all millimetres
    of the images where density was measured; with none it is null.
    """
    return [
        _total(hand, finger, of_finger)
        for hand in Hand
        for finger in Finger
        if (of_finger := [image for image in images if (image.image.hand, image.image.finger) == (hand, finger)])
    ]


def _total(hand: Hand, finger: Finger, images: Sequence[ReviewedImage]) -> dict[str, Any]:
    counting = [one for one in images if one.enters]
    metrics = [one.analysis.metrics for one in counting]
    density = density_of([tally(one) for one in counting]) if counting else None
    return {
        "hand": hand.value,
        "finger": finger.value,
        "images": len(images),
        "images_evaluable": len(metrics),
        **{counter: sum(getattr(metric, counter) for metric in metrics) for counter in COUNTERS},
        "images_with_density": 0 if density is None else density.basis.get("images", 0),
        "mean_density_per_mm": None if density is None else _written(density),
    }


def _written(density: Figure) -> float | None:
    """With one digit more than pages print, as in the document of the figures."""
    value, _ = in_document("density_per_mm", density)
    return value if isinstance(value, float) else None
