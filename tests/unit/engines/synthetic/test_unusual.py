"""Crowded, steep and small nailfolds: other than ordinary ones, and true to their pictures."""

import numpy as np

from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render
from engines.synthetic.unusual import MAX_ROLL_DEG

SEEDS = range(300, 308)


def test_ordinary_pictures_stay_as_they_are() -> None:
    assert np.array_equal(render(7).image_rgb, render(7, is_unusual=False).image_rgb)
    assert not np.array_equal(render(7).image_rgb, render(7, is_unusual=True).image_rgb)


def test_unusual_nailfolds_hold_more_loops() -> None:
    def loops(*, is_unusual: bool) -> float:
        return float(np.mean([len(render(s, pattern=Pattern.HEALTHY, is_unusual=is_unusual).loops) for s in SEEDS]))

    assert loops(is_unusual=True) > 1.5 * loops(is_unusual=False)


def test_unusual_views_stay_within_what_a_scope_shows() -> None:
    pictures = [render(seed, is_unusual=True) for seed in SEEDS]
    assert max(abs(one.roll_deg) for one in pictures) <= 60
    assert max(one.um_per_px for one in pictures) <= 2.6 * 1.5
    assert any(20 < abs(one.roll_deg) <= MAX_ROLL_DEG for one in pictures)
    for one in pictures:
        for loop in one.loops:
            x, y, w, h = loop.bbox_px
            assert x >= 0 and y >= 0 and x + w <= 640 and y + h <= 480  # noqa: PT018
