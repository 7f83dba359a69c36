"""Matching and average precision on cases worked by hand."""

import numpy as np
import pytest

from appliance.domain.keypoints import WidthSegment
from engines.accuracy.matching import average_precision, iou_matrix, match, precision_recall
from engines.accuracy.widths import WidthErrors

LEFT, RIGHT, FAR = (0, 0, 10, 10), (20, 0, 10, 10), (100, 100, 10, 10)


def test_iou_of_half_shifted_squares_is_a_third() -> None:
    overlaps = iou_matrix([(0, 0, 10, 10)], [(5, 0, 10, 10), (0, 0, 10, 10), (50, 50, 1, 1)])
    np.testing.assert_allclose(overlaps, [[1 / 3, 1.0, 0.0]])


def test_second_detection_of_the_same_loop_is_wrong() -> None:
    result = match([LEFT, (1, 0, 10, 10)], [0.6, 0.9], [LEFT], [], 0.5)
    assert result.scores.tolist() == [0.9, 0.6]
    assert result.truth_index.tolist() == [0, -1]


def test_better_score_chooses_first_but_takes_its_own_loop() -> None:
    result = match([(4, 0, 10, 10), LEFT], [0.9, 0.8], [LEFT, (5, 0, 10, 10)], [], 0.3)
    assert result.truth_index.tolist() == [1, 0]


def test_detection_over_an_ignored_loop_is_neither_right_nor_wrong() -> None:
    result = match([LEFT, FAR], [0.9, 0.8], [RIGHT], [LEFT], 0.5)
    assert result.is_ignored.tolist() == [True, False]
    assert precision_recall([result], 0.1) == (0.0, 0.0)


def test_average_precision_of_a_worked_ranking() -> None:
    # Right, wrong, right over 2 targets: precision 1 up to recall 0.5, then 2/3: 0.5 + 0.5 * 2/3.
    result = match([LEFT, FAR, RIGHT], [0.9, 0.8, 0.7], [LEFT, RIGHT], [], 0.5)
    assert average_precision([result]) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_average_precision_ranks_over_all_images() -> None:
    good = match([LEFT], [0.9], [LEFT], [], 0.5)
    noisy = match([FAR, LEFT], [0.95, 0.5], [LEFT], [], 0.5)
    # Over both images: wrong 0.95, right 0.9, right 0.5; the envelope is 2/3 throughout.
    assert average_precision([good, noisy]) == pytest.approx(2 / 3)


def test_nothing_found_gives_zero_and_nothing_to_find_gives_none() -> None:
    empty = np.empty((0, 4))
    assert average_precision([match(empty, [], [LEFT], [], 0.5)]) == 0.0
    assert average_precision([match([LEFT], [0.5], empty, [], 0.5)]) is None
    assert precision_recall([match(empty, [], empty, [], 0.5)], 0.4) == (None, None)


def test_low_scores_do_not_count_at_the_threshold() -> None:
    result = match([LEFT, RIGHT, FAR], [0.9, 0.3, 0.5], [LEFT, RIGHT], [], 0.5)
    assert precision_recall([result], 0.4) == (0.5, 0.5)


def test_width_errors_tell_small_and_large_loops_apart() -> None:
    errors = WidthErrors()
    errors.add("apical", WidthSegment((0, 0), (0, 11)), ((0, 0), (0, 10)))
    errors.add("apical", WidthSegment((0, 0), (3, 0)), ((0, 0), (0, 5)))
    errors.add("apical", None, ((0, 0), (0, 5)))
    errors.add("apical", WidthSegment((0, 0), (3, 0)), None)
    figures = errors.figures()
    assert figures["apical_mae_px"] == pytest.approx(1.5)
    assert figures["apical_bias_px"] == pytest.approx(-0.5)
    assert figures["apical_mae_px_from_8px"] == pytest.approx(1.0)
    assert figures["apical_measured"] == pytest.approx(2 / 3)
    assert figures["apical_claimed_wrongly"] == 1
