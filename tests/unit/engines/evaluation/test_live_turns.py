"""Turned videos are compared with upright ones."""

import numpy as np

from engines.evaluation.live_turns import TURNS, counts_of, table, turned
from engines.synthetic.render import render
from tests.support.rendered import TruthEngine


def test_first_and_last_frame_are_counted() -> None:
    scene = render(72, um_per_px=1.41, difficulty=0.0)
    engine = TruthEngine(scene)
    assert counts_of(engine.engines, scene.image_rgb) == (len(engine.loops), len(engine.loops))


def test_each_turn_has_its_line() -> None:
    scene = render(72, um_per_px=1.41, difficulty=0.0)
    lines = table(TruthEngine(scene).engines, [scene.image_rgb]).splitlines()
    assert len(lines) == 1 + len(TURNS)
    assert "turned by    0: at once 1.00" in lines[1]


def test_a_half_turn_stands_the_picture_on_its_head() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    np.testing.assert_array_equal(turned(picture, 180), np.rot90(picture, 2))
