"""Loops made by hand and nailfolds made by the renderer."""

from collections.abc import Callable

import pytest

from appliance.analysis.measure import MeasuredLoop, measure_loop
from appliance.domain.detection import BoundingBox, CapillaryDetection, Morphology, SizeClass
from appliance.domain.keypoints import LoopKeypoints, WidthSegment
from engines.synthetic.render import render
from engines.synthetic.truth import RenderedImage

MakeLoop = Callable[..., MeasuredLoop]


@pytest.fixture(scope="session")
def make_loop() -> MakeLoop:
    return _make_loop


@pytest.fixture(scope="session")
def scenes() -> tuple[RenderedImage, ...]:
    """Forty-eight nailfolds of every pattern, as difficult as they come."""
    return tuple(render(seed) for seed in range(5000, 5048))


def _make_loop(
    apex: tuple[float, float],
    *,
    widths: tuple[float | None, float | None, float | None] = (12.0, 9.0, 13.0),
    um_per_px: float | None = 1.0,
    size: tuple[float, float] = (30.0, 80.0),
    shape: Morphology = Morphology.NORMAL,
    appearance: SizeClass = SizeClass.NORMAL,
    score: float = 0.9,
) -> MeasuredLoop:
    """An upright loop with its apex in the middle of its box's upper edge; widths are apical, arterial, venous."""
    x, y = apex
    w, h = size
    detection = CapillaryDetection(BoundingBox(x - w / 2, y, w, h), score, shape, appearance)
    apical, arterial, venous = widths
    keypoints = LoopKeypoints(
        apical=None if apical is None else WidthSegment((x, y), (x, y + apical)),
        arterial=None if arterial is None else WidthSegment((x - w / 2, y + 30), (x - w / 2 + arterial, y + 30)),
        venous=None if venous is None else WidthSegment((x + w / 2, y + 30), (x + w / 2 - venous, y + 30)),
    )
    return measure_loop(detection, keypoints, um_per_px)
