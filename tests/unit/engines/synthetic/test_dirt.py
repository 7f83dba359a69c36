"""Dirt darkens, glare whitens, and what is covered is known."""

import numpy as np
import pytest

from engines.synthetic.dirt import add_blown_out, add_corners, add_dirt, add_furrows, add_specks, add_stubs
from engines.synthetic.overlay import Overlay


def clean() -> Overlay:
    return Overlay(np.full((288, 384, 3), 150, np.float32))


@pytest.mark.parametrize("add", [add_specks, add_stubs, add_furrows])
def test_dirt_takes_light_and_gives_none(add: object) -> None:
    overlay = clean()
    add(np.random.default_rng(2), overlay, 1.0)  # type: ignore[operator]
    assert overlay.levels.max() <= 150.001
    assert overlay.levels.min() < 148


def test_dirt_takes_all_colours_alike_and_deep_blood_does_not() -> None:
    grey, red = clean(), clean()
    add_specks(np.random.default_rng(4), grey, 1.0)
    add_stubs(np.random.default_rng(4), red, 1.0)
    loss = [np.log(150 / overlay.levels).sum(axis=(0, 1)) for overlay in (grey, red)]
    assert 0.75 < loss[0][0] / loss[0][1] < 1.2
    assert loss[1][0] / loss[1][1] == pytest.approx(0.45, abs=0.02)


def test_blown_out_areas_hide_what_lies_there() -> None:
    for seed in range(5):
        overlay = clean()
        add_blown_out(np.random.default_rng(seed), overlay, 1.0)
        is_white = overlay.levels.min(axis=2) > 250
        assert 0.005 < is_white.mean() < 0.3
        assert overlay.hidden[is_white].min() > 0.6


def test_corners_hide_what_lies_there_and_touch_nothing_else() -> None:
    ramp = np.tile(np.linspace(60, 200, 384, dtype=np.float32)[None, :, None], (288, 1, 3))
    alike = 0
    for seed in range(30):
        overlay = Overlay(ramp.copy())
        add_corners(np.random.default_rng(seed), overlay, 1.0)
        is_empty = overlay.hidden > 0
        assert 0.02 < is_empty.mean() < 0.7
        assert np.array_equal(overlay.levels[~is_empty], ramp[~is_empty])
        alike += bool(60 < overlay.levels[is_empty].mean() < 200)
    assert alike >= 24, "most corners have colours of the picture"


def test_dirt_on_a_flat_picture_is_paler() -> None:
    shares = []
    for seed in range(20):
        losses = []
        for contrast in (1.0, 0.1):
            overlay = clean()
            add_dirt(np.random.default_rng(seed), overlay, contrast)
            losses.append(150 - np.percentile(overlay.levels, 1))
        if 4 < losses[0] < 149:  # glare darkens nothing, and a corner may be black whatever the contrast
            shares.append(losses[1] / losses[0])
    assert len(shares) > 5
    assert np.median(shares) < 0.8
