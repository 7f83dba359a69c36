"""Suppression against a plain greedy loop, and the two rules by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.domain.detection import BoundingBox
from appliance.inference.suppression import suppress


def _kept(*boxes: tuple[float, float, float, float], iou: float = 0.5, containment: float = 0.8) -> list[int]:
    return [int(index) for index in suppress(np.array(boxes, dtype=np.float64).reshape(-1, 4), iou, containment)]


def test_the_better_of_two_overlapping_boxes_stays() -> None:
    assert _kept((0, 0, 10, 10), (1, 0, 10, 10)) == [0]  # IoU 9/11


def test_neighbours_that_touch_both_stay() -> None:
    assert _kept((0, 0, 10, 40), (6, 0, 10, 40)) == [0, 1]  # IoU 4/16


def test_a_fragment_inside_a_better_loop_goes_although_its_iou_is_small() -> None:
    assert _kept((0, 0, 20, 100), (2, 0, 14, 30)) == [0]  # IoU 0.21, but all of it inside


def test_a_loop_around_a_better_fragment_stays() -> None:
    assert _kept((2, 0, 14, 30), (0, 0, 20, 100)) == [0, 1]


def test_a_box_that_goes_takes_no_other_with_it() -> None:
    # 1 falls to 0; 2 overlaps 1 alone and must stay.
    assert _kept((0, 0, 10, 10), (3, 0, 10, 10), (6, 0, 10, 10), iou=0.5, containment=1.0) == [0, 2]


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
    assert _kept(*boxes, iou=iou, containment=1.01) == staying
