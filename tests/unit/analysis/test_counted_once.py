"""Counted once: the rule by hand, against a plain greedy loop, and at every way that leads to a count."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.analysis.counted_once import each_once, is_drawn_twice, suppress
from appliance.domain.detection import BoundingBox, CapillaryDetection, Morphology, SizeClass


def _kept(*boxes: tuple[float, float, float, float], iou: float = 0.5, share: float = 0.6) -> list[int]:
    return [int(index) for index in suppress(np.array(boxes, dtype=np.float64).reshape(-1, 4), iou, share)]


def test_the_better_of_two_overlapping_boxes_stays() -> None:
    assert _kept((0, 0, 10, 10), (1, 0, 10, 10)) == [0]  # IoU 9/11


def test_neighbours_that_touch_both_stay() -> None:
    assert _kept((0, 0, 10, 40), (6, 0, 10, 40)) == [0, 1]  # IoU 4/16


def test_a_fragment_inside_a_better_loop_goes_although_its_iou_is_small() -> None:
    assert _kept((0, 0, 20, 100), (2, 0, 14, 30)) == [0]  # IoU 0.21, but all of it inside


def test_a_loop_around_a_surer_piece_of_it_is_the_same_loop() -> None:
    assert _kept((2, 0, 14, 30), (0, 0, 20, 100)) == [0]


def test_a_piece_that_reaches_out_at_the_foot_is_the_same_loop() -> None:
    assert _kept((0, 0, 20, 100), (1, 60, 18, 60)) == [0]  # two thirds of the piece


def test_a_loop_of_the_row_behind_stays_although_its_apex_lies_in_the_box_before_it() -> None:
    assert _kept((0, 0, 24, 90), (2, 60, 22, 100)) == [0, 1]  # a third of it; judged loops lie like this


def test_a_surer_loop_of_the_row_behind_takes_no_whole_loop_away() -> None:
    """Two thirds of the surer box lie in the larger one, and its foot reaches out below."""
    assert _kept((0, 125, 53, 98), (18, 0, 50, 223)) == [0, 1]


def test_crossing_loops_both_stay() -> None:
    assert _kept((0, 0, 30, 80), (15, 20, 30, 80)) == [0, 1]


def test_a_box_that_goes_takes_no_other_with_it() -> None:
    # 1 falls to 0; 2 overlaps 1 alone and must stay.
    assert _kept((0, 0, 10, 10), (3, 0, 10, 10), (6, 0, 10, 10), iou=0.5, share=1.0) == [0, 2]


def test_no_boxes_stay_no_boxes() -> None:
    assert _kept() == []


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(1, 60), st.integers(1, 60)), max_size=40),
    st.sampled_from([0.318309886, 0.507106781, 0.707106781]),  # no ratio of small whole numbers: no ties
)
def test_it_agrees_with_the_plain_greedy_loop(boxes: list[tuple[int, int, int, int]], iou: float) -> None:
    staying: list[int] = []
    for index, box in enumerate(boxes):
        if all(BoundingBox(*boxes[other]).iou(BoundingBox(*box)) <= iou for other in staying):
            staying.append(index)
    assert _kept(*boxes, iou=iou, share=1.01) == staying


def _loop(x: float, y: float, w: float, h: float, score: float) -> CapillaryDetection:
    return CapillaryDetection(BoundingBox(x, y, w, h), score, Morphology.NORMAL, SizeClass.NORMAL)


def test_findings_of_neighbouring_tiles_are_each_once_best_first() -> None:
    whole, piece, other = _loop(100, 100, 20, 90, 0.7), _loop(101, 100, 18, 40, 0.9), _loop(130, 100, 20, 90, 0.8)
    assert each_once([whole, piece, other]) == (piece, other)


def test_a_box_drawn_over_a_box_is_a_slip_and_one_inside_it_is_not() -> None:
    there = [BoundingBox(10, 10, 40, 100)]
    assert is_drawn_twice(BoundingBox(12, 12, 40, 100), there)
    assert not is_drawn_twice(BoundingBox(15, 60, 20, 50), there)
    assert not is_drawn_twice(BoundingBox(60, 10, 40, 100), there)
