"""Counted once: the rule by hand, against a plain greedy loop, and at every way that leads to a count."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.analysis.counted_once import each_once, is_drawn_twice, mean_of_alike, suppress
from appliance.domain.detection import BoundingBox, CapillaryDetection, Morphology, SizeClass


def _kept(*boxes: tuple[float, float, float, float], iou: float = 0.5, share: float = 0.6) -> list[int]:
    """Those that stay, doubtful or not."""
    return sorted(_scores(*boxes, iou=iou, share=share))


def _doubtful(*boxes: tuple[float, float, float, float]) -> list[int]:
    return [index for index, score in sorted(_scores(*boxes).items()) if score < 0.89]


def _scores(*boxes: tuple[float, float, float, float], iou: float = 0.5, share: float = 0.6) -> dict[int, float]:
    """Index and score of what stays; every box begins with 0.9."""
    scores = np.full(len(boxes), 0.9)
    stays, left = suppress(np.array(boxes, dtype=np.float64).reshape(-1, 4), scores, iou, share)
    return dict(zip(stays.tolist(), left.tolist(), strict=True))


def test_the_better_of_two_overlapping_boxes_stays() -> None:
    assert _kept((0, 0, 10, 10), (1, 0, 10, 10)) == [0]  # IoU 9/11


def test_neighbours_that_touch_both_stay() -> None:
    assert _kept((0, 0, 10, 40), (6, 0, 10, 40)) == [0, 1]  # IoU 4/16


def test_a_box_inside_a_better_one_may_be_a_piece_of_it() -> None:
    assert _doubtful((0, 0, 20, 100), (2, 0, 14, 30)) == [1]  # IoU 0.21, but all of it inside


def test_a_box_around_a_surer_one_may_be_the_same_loop() -> None:
    assert _doubtful((2, 0, 14, 30), (0, 0, 20, 100)) == [1]


def test_a_box_that_reaches_out_at_the_foot_may_be_a_piece() -> None:
    assert _doubtful((0, 0, 20, 100), (1, 60, 18, 60)) == [1]  # two thirds of it


def test_doubt_costs_two_of_a_scores_logit_and_puts_it_in_its_new_place() -> None:
    boxes = np.array([(0, 0, 20, 100), (2, 0, 14, 30), (200, 0, 20, 100)], dtype=np.float64)
    stays, scores = suppress(boxes, np.array([0.95, 0.9, 0.8]))
    assert stays.tolist() == [0, 2, 1]
    assert scores[:2].tolist() == [0.95, 0.8]
    assert np.isclose(scores[2], 1 / (1 + np.exp(2.0) * 0.1 / 0.9))


def test_scores_of_nothing_and_of_certainty_can_be_doubted() -> None:
    _, scores = suppress(
        np.array([(0, 0, 20, 100), (2, 0, 14, 30), (2, 40, 14, 30)], dtype=np.float64), np.array([1.0, 1.0, 0.0])
    )
    assert np.isfinite(scores).all()


def test_a_loop_of_the_row_behind_stays_although_its_apex_lies_in_the_box_before_it() -> None:
    boxes = (0, 0, 24, 90), (2, 60, 22, 100)  # a third of it; judged loops lie like this
    assert _kept(*boxes) == [0, 1]
    assert _doubtful(*boxes) == []


def test_a_surer_loop_of_the_row_behind_casts_no_doubt_on_a_whole_loop() -> None:
    """Two thirds of the surer box lie in the larger one, and its foot reaches out below."""
    boxes = (0, 125, 53, 98), (18, 0, 50, 223)
    assert _kept(*boxes) == [0, 1]
    assert _doubtful(*boxes) == []


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


def test_a_box_that_stays_is_the_mean_of_those_alike_and_of_no_neighbour() -> None:
    boxes = np.array([(0, 0, 20, 90), (2, 0, 20, 90), (40, 0, 20, 90), (0, 60, 20, 90)], dtype=np.float64)
    scores = np.array([0.9, 0.9, 0.8, 0.7])
    means = mean_of_alike(boxes, scores, np.array([0, 2]))
    overlap = 18 / 22
    assert np.allclose(means[0], (2 * overlap / (1 + overlap), 0, 20, 90))
    assert np.allclose(means[1], boxes[2])


def test_the_mean_of_boxes_without_a_score_is_a_box() -> None:
    assert np.allclose(mean_of_alike(np.array([(1.0, 2.0, 3.0, 4.0)]), np.zeros(1), np.array([0])), (1, 2, 3, 4))
    assert mean_of_alike(np.zeros((0, 4)), np.zeros(0), np.zeros(0, dtype=np.intp)).shape == (0, 4)


def _loop(x: float, y: float, w: float, h: float, score: float) -> CapillaryDetection:
    return CapillaryDetection(BoundingBox(x, y, w, h), score, Morphology.NORMAL, SizeClass.NORMAL)


def test_findings_of_neighbouring_tiles_are_each_once_best_first() -> None:
    whole, piece, other = _loop(100, 100, 20, 90, 0.7), _loop(101, 100, 18, 40, 0.9), _loop(130, 100, 20, 90, 0.8)
    assert each_once([[whole], [piece, other]]) == (piece, other)


def test_what_its_own_look_told_apart_stays_apart_and_as_sure_as_it_was() -> None:
    """Both tiles saw a loop and one of the row behind inside its box; each has the other's holder."""
    first = [_loop(100, 100, 40, 90, 0.95), _loop(110, 150, 25, 38, 0.6)]
    second = [_loop(101, 100, 40, 90, 0.9), _loop(110, 151, 25, 38, 0.7)]
    assert each_once([first, second]) == (first[0], second[1])


def test_a_box_drawn_over_a_box_is_a_slip_and_one_inside_it_is_not() -> None:
    there = [BoundingBox(10, 10, 40, 100)]
    assert is_drawn_twice(BoundingBox(12, 12, 40, 100), there)
    assert not is_drawn_twice(BoundingBox(15, 60, 20, 50), there)
    assert not is_drawn_twice(BoundingBox(60, 10, 40, 100), there)
