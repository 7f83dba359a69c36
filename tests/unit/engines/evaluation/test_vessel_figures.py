"""Figures of vessel masks, by hand."""

import numpy as np
import pytest

from engines.evaluation.vessel_figures import area_under_curve, dice, interval, iou, means_in_boxes, overlap_of


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
