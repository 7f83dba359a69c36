"""The columns of rendered loops: what a vessel mask is learnt from."""

import numpy as np
import pytest

from engines.synthetic.column import STRIDE, SURE_DENSITY, UNIT, UNKNOWN, column_map
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render, render_scene

SEED = 12


def test_columns_lie_where_blood_darkens_the_picture() -> None:
    rendered, scene, hidden = render_scene(SEED, pattern=Pattern.HEALTHY, difficulty=0.0)
    columns = column_map(scene, hidden)
    assert columns.shape == (480 // STRIDE, 640 // STRIDE)
    blood = np.log10(scene.without_loops()[:, :, 1] / scene.levels[:, :, 1])[::STRIDE, ::STRIDE]
    is_vessel = (columns != UNKNOWN) & (columns * UNIT >= SURE_DENSITY)
    assert is_vessel.mean() > 0.01
    assert np.median(blood[is_vessel]) > SURE_DENSITY
    assert np.quantile(blood[columns == 0], 0.9) < SURE_DENSITY / 2
    drawn, told = blood[is_vessel], columns[is_vessel] * UNIT
    assert np.corrcoef(drawn, told)[0, 1] > 0.7, "a column's density is that of the picture"
    for loop in rendered.loops:
        if not loop.is_ignored:
            x, y, w, h = (int(value) // STRIDE for value in loop.bbox_px)
            assert (columns[y : y + h, x : x + w] > 0).any()


def test_a_picture_without_loops_has_no_column() -> None:
    _, scene, hidden = render_scene(SEED, pattern=Pattern.EMPTY)
    columns = column_map(scene, hidden)
    assert set(np.unique(columns).tolist()) <= {0, UNKNOWN}


def test_a_column_under_glare_teaches_nothing_and_glare_beside_it_is_none() -> None:
    _, scene, hidden = render_scene(SEED, pattern=Pattern.HEALTHY, difficulty=0.0)
    open_ = column_map(scene, hidden)
    covered = column_map(scene, np.ones_like(hidden))
    assert (covered[(open_ > 0)] == UNKNOWN).all()
    assert (covered[open_ == 0] == 0).all()


@pytest.mark.parametrize("is_unusual", [False, True])
def test_the_scene_is_that_of_the_picture(is_unusual: bool) -> None:
    image = render(SEED, is_unusual=is_unusual).image_rgb
    assert np.array_equal(render_scene(SEED, is_unusual=is_unusual)[0].image_rgb, image)
