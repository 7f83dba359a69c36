"""Hardships change pictures as they say, and boxes go along."""

import numpy as np
import pytest

from appliance.analysis.turned_view import view_of_turn
from engines.evaluation.hardships import every_hardship
from engines.evaluation.judged import JudgedPicture

BOX = np.array([[300.0, 100.0, 40.0, 100.0]])


@pytest.fixture
def picture() -> JudgedPicture:
    image = np.full((480, 640, 3), 150, np.uint8)
    image[100:200, 300:340] = 90
    image[::7, ::5] = 140
    return JudgedPicture("one", image, BOX, np.array([True]), BOX + 60, BOX - 60, ("texture",))


def made(name: str, picture: JudgedPicture) -> JudgedPicture:
    return every_hardship()[name](picture, np.random.default_rng(3))


def test_a_tenth_of_the_contrast_is_left(picture: JudgedPicture) -> None:
    flat = made("contrast a tenth", picture)
    assert flat.image_rgb.std() == pytest.approx(picture.image_rgb.std() / 10, rel=0.15)
    assert flat.image_rgb.mean() == pytest.approx(picture.image_rgb.mean(), abs=0.6)
    np.testing.assert_array_equal(flat.loops, BOX)


@pytest.mark.parametrize("degrees", [30, 60, 90, 120, 150, 180])
def test_a_turned_box_lies_over_the_turned_loop(picture: JudgedPicture, degrees: int) -> None:
    turned = made(f"turned by {degrees}", picture)
    dark = np.argwhere(turned.image_rgb[:, :, 0] < 110)
    x, y, w, h = turned.loops[0]
    middle = (dark.max(axis=0) + dark.min(axis=0)) / 2
    # The loop here has square corners, which the box of an arch leaves out.
    assert (x + w / 2, y + h / 2) == pytest.approx((middle[1], middle[0]), abs=2 if degrees % 90 == 0 else 8)
    if degrees % 90 == 0:
        assert (w, h) == pytest.approx((100, 40) if degrees == 90 else (40, 100), abs=1)
    # The finger now lies clockwise: the view that undoes the turn shows the picture upright.
    undone = view_of_turn(*turned.image_rgb.shape[1::-1], np.radians(degrees)).show(turned.image_rgb)
    upright = np.argwhere(undone[:, :, 0] < 110)
    assert np.ptp(upright[:, 0]) > 1.5 * np.ptp(upright[:, 1])


def test_shrunk_boxes_shrink_with_the_picture(picture: JudgedPicture) -> None:
    small = made("shrunk to 2.5 um/px", picture)
    dark = np.argwhere(small.image_rgb[:, :, 0] < 100)
    assert small.loops[0, :2] == pytest.approx(dark.min(axis=0)[::-1], abs=1.5)
    assert small.loops[0, 2] == pytest.approx(40 * 1.3 / 2.5, rel=0.02)


def test_a_loop_under_glare_is_no_longer_asked_for(picture: JudgedPicture) -> None:
    covered = 0
    for seed in range(40):
        hard = every_hardship()["blown out"](picture, np.random.default_rng(seed))
        head = hard.image_rgb[100:140, 300:340]
        assert len(hard.loops) + len(hard.ignored) == 2
        if not len(hard.loops):
            covered += 1
            assert (head > 240).mean() > 0.3
    assert covered > 0


def test_the_same_seed_makes_the_same_picture(picture: JudgedPicture) -> None:
    for name in every_hardship():
        np.testing.assert_array_equal(made(name, picture).image_rgb, made(name, picture).image_rgb)
