"""A picture turned upright, and findings turned back to where they are."""

import math

import numpy as np
import pytest

from appliance.analysis.measure import MeasuredLoop, measure_loop
from appliance.analysis.turned_view import arch_extent, ellipse_extent, view_of_turn
from appliance.domain.detection import (
    BoundingBox,
    CapillaryDetection,
    Detections,
    HaemorrhageDetection,
    Morphology,
    SizeClass,
)
from appliance.domain.keypoints import LoopKeypoints, WidthSegment


def loop_at(box: BoundingBox) -> CapillaryDetection:
    return CapillaryDetection(box, 0.9, Morphology.NORMAL, SizeClass.NORMAL)


def measured(box: BoundingBox, segment: WidthSegment) -> MeasuredLoop:
    return measure_loop(loop_at(box), LoopKeypoints(segment, None, None), 1.5)


def test_quarter_turn_shows_every_pixel_as_numpy_turns_it() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    for quarters in (1, 2, 3):
        # numpy turns counter-clockwise; the view undoes a clockwise turn.
        view = view_of_turn(64, 48, quarters * math.pi / 2)
        np.testing.assert_array_equal(view.show(picture), np.rot90(picture, quarters))


@pytest.mark.parametrize("degrees", [-170, -90, -37, 20, 45, 120, 180])
def test_a_mark_is_found_again_where_it_was(degrees: int) -> None:
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[119:122, 399:402] = 255
    view = view_of_turn(640, 480, math.radians(degrees))
    y, x = np.argwhere(view.show(picture)[:, :, 0] > 128).mean(axis=0)
    assert view.point_back((float(x), float(y))) == pytest.approx((400, 120), abs=0.3)


@pytest.mark.parametrize("degrees", [30, 90, 145, 180])
def test_a_view_holds_the_whole_picture_and_adds_no_edge(degrees: int) -> None:
    picture = np.full((480, 640, 3), 150, np.uint8)
    shown = view_of_turn(640, 480, math.radians(degrees)).show(picture)
    assert shown.shape[0] * shown.shape[1] >= 480 * 640
    assert 147 < int(shown.min()) <= int(shown.max()) < 153


def test_boxes_of_quarter_turns_are_the_same_boxes_lying_down() -> None:
    assert arch_extent(40.0, 100.0, 0.0) == pytest.approx((-20, -50, 20, 50))
    assert arch_extent(40.0, 100.0, math.pi / 2) == pytest.approx((-50, -20, 50, 20))
    assert arch_extent(40.0, 100.0, math.pi) == pytest.approx((-20, -50, 20, 50))
    assert ellipse_extent(40.0, 100.0, math.pi / 2) == pytest.approx((-50, -20, 50, 20))


def test_box_of_a_leaning_arch_is_smaller_than_that_of_its_turned_box() -> None:
    left, top, right, bottom = arch_extent(40.0, 100.0, math.radians(45))
    of_turned_corners = (40 + 100) * math.sqrt(0.5)
    assert 80 < right - left < of_turned_corners
    assert 80 < bottom - top < of_turned_corners


def test_loops_keep_their_lengths_and_lose_nothing_inside_the_picture() -> None:
    view = view_of_turn(640, 480, math.radians(63))
    inside = BoundingBox(view.view_width_px / 2 - 20, view.view_height_px / 2 - 50, 40, 100)
    x, y = inside.x + 20, inside.y
    (back,) = view.loops_back([measured(inside, WidthSegment((x, y), (x, y + 12)))])
    assert back.apical is not None
    assert back.apical.segment.length_px == pytest.approx(12)
    assert back.apical.um == pytest.approx(18)
    assert back.apex_px == pytest.approx(view.point_back((x, y)))
    assert back.bbox.centre[0] == pytest.approx(319.5, abs=15)


def test_what_lies_in_the_empty_corners_is_left_out() -> None:
    view = view_of_turn(640, 480, math.radians(45))
    corner, middle = BoundingBox(2, 2, 30, 60), BoundingBox(view.view_width_px / 2, view.view_height_px / 2, 30, 60)
    found = Detections(
        (loop_at(corner), loop_at(middle)), (HaemorrhageDetection(corner, 0.8), HaemorrhageDetection(middle, 0.7))
    )
    back = view.detections_back(found)
    assert [len(back.capillaries), len(back.haemorrhages)] == [1, 1]
    assert back.haemorrhages[0].score == 0.7


def test_a_box_is_cut_at_the_picture_s_border() -> None:
    view = view_of_turn(640, 480, math.pi / 2)
    (back,) = view.detections_back(Detections((loop_at(BoundingBox(-20, 300, 60, 200)),), ())).capillaries
    assert back.bbox.x >= -0.5
    assert back.bbox.y >= -0.5
    assert back.bbox.y + back.bbox.h <= 479.5
