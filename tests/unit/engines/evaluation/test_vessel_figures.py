"""Figures of vessel masks, by hand."""

import numpy as np
import pytest

from engines.evaluation.judged import JudgedPicture
from engines.evaluation.judged_figures import PictureFindings
from engines.evaluation.vessel_figures import (
    area_under_curve,
    dice,
    fit_logistic,
    interval,
    iou,
    means_in_boxes,
    overlap_of,
)
from engines.evaluation.vessel_rescoring import comparison


def test_overlap_leaves_out_what_nobody_knows() -> None:
    lit = np.array([True, True, True, False])
    vessel = np.array([True, False, True, True])
    counts = np.array([True, True, False, True])
    one = overlap_of(lit, vessel, counts)
    assert (one.common, one.lit, one.vessel) == (1, 2, 2)
    assert dice([one]) == pytest.approx(0.5)
    assert iou([one]) == pytest.approx(1 / 3)


def test_the_area_under_the_curve_counts_pairs() -> None:
    assert area_under_curve(np.array([0.9, 0.5]), np.array([0.5, 0.1])) == pytest.approx(3.5 / 4)


def test_an_interval_of_pictures_that_agree_is_a_point() -> None:
    values = np.full(5, 0.7)
    assert interval(5, lambda picks: float(values[picks].mean())) == pytest.approx((0.7, 0.7))


def test_a_box_outside_of_the_picture_holds_nothing() -> None:
    chance = np.zeros((10, 20), np.float32)
    chance[2:6, 4:8] = 1.0
    boxes = np.array([[3.5, 1.5, 4.0, 4.0], [3.5, 1.5, 8.0, 4.0], [30.0, 2.0, 4.0, 4.0]])
    assert means_in_boxes(chance, boxes) == pytest.approx([1.0, 0.5, 0.0])


def test_a_logistic_fit_finds_the_weights_that_made_the_answers() -> None:
    rng = np.random.default_rng(3)
    rows = np.column_stack([np.ones(4000), rng.normal(0, 1, (4000, 2))])
    true = np.array([-0.5, 1.2, 2.0])
    right = (rng.random(4000) < 1 / (1 + np.exp(-rows @ true))).astype(np.float64)
    assert fit_logistic(rows, right) == pytest.approx(true, abs=0.2)


def test_precision_is_compared_at_the_recall_that_the_plain_score_has() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    loops = np.array([[10.0, 10, 20, 60], [100.0, 10, 20, 60]])
    none = np.zeros((0, 4))
    picture = JudgedPicture("one", image, loops, np.ones(2, bool), none, none, ())
    boxes = np.concatenate([loops, [[300.0, 10, 20, 60]]])
    plain = PictureFindings(boxes, np.array([0.9, 0.5, 0.6]))
    better = PictureFindings(boxes, np.array([0.9, 0.5, 0.2]))
    told = comparison([picture] * 3, {"score alone": [plain] * 3, "with vessels": [better] * 3})
    assert "IoU 0.30, score alone: precision 0.667 at recall 1.000" in told
    assert "IoU 0.30, with vessels: precision 1.000 at recall 1.000" in told
    assert "AP gained by vessels +0.1667" in told
