"""Sums and means of each finger over its images."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from appliance.domain.exam import Finger, Hand
from appliance.domain.figure_definition import Kind
from appliance.domain.figure_definitions import MEASURED
from appliance.domain.review import ReviewedImage

COUNTERS = tuple(one.key for one in MEASURED if one.kind is Kind.COUNT)


def finger_totals(images: Sequence[ReviewedImage]) -> list[dict[str, Any]]:
    """One entry a finger that has images, left hand first, thumb to little finger.

    Only images that count and are not panoramic enter. Counters are sums over them: a capillary seen in two overlapping
    images counts in both. The mean density is over the images where density was measured; with none it is null.
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
    densities = [metric.density_per_mm for metric in metrics if metric.density_per_mm is not None]
    return {
        "hand": hand.value,
        "finger": finger.value,
        "images": len(images),
        "images_evaluable": len(metrics),
        **{counter: sum(getattr(metric, counter) for metric in metrics) for counter in COUNTERS},
        "images_with_density": len(densities),
        "mean_density_per_mm": fmean(densities) if densities else None,
    }
