"""Intervals by resampling pictures."""

import numpy as np
import pytest

from engines.evaluation.coco.bootstrap import Bootstrap, Estimate


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    values = np.random.default_rng(3).normal(10, 2, 400)
    estimate = Bootstrap(400, 4000, 1).ratio(values, np.ones(400))
    error = values.std(ddof=1) / 20
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.low == pytest.approx(values.mean() - 1.96 * error, abs=0.03)
    assert estimate.high == pytest.approx(values.mean() + 1.96 * error, abs=0.03)


def test_pictures_are_resampled_not_loops() -> None:
    # Ten pictures of 100 loops, each all right or all wrong: as uncertain as ten coin throws, not as a thousand.
    right = np.array([100.0, 0] * 5)
    estimate = Bootstrap(10, 2000, 1).ratio(right, np.full(10, 100.0))
    assert estimate.value == 0.5
    assert estimate.low is not None
    assert estimate.low <= 0.2


def test_pictures_of_one_subject_are_resampled_together() -> None:
    values, subjects = np.repeat([0.0, 1.0], 50), ["a"] * 50 + ["b"] * 50
    together = Bootstrap(100, 1000, 1, subjects)
    assert together.clusters == 2
    assert together.ratio(values, np.ones(100)) == Estimate(0.5, 0.0, 1.0)
    apart = Bootstrap(100, 1000, 1, [""] * 100)
    assert apart.clusters == 100
    assert apart.ratio(values, np.ones(100)).low == pytest.approx(0.4, abs=0.02)
    assert Bootstrap(100, 1000, 1, ["a"] * 100).ratio(values, np.ones(100)) == Estimate(0.5), "one subject, no interval"


def test_nothing_to_divide_by_is_no_figure() -> None:
    assert Bootstrap(3, 100, 1).ratio(np.zeros(3), np.zeros(3)) == Estimate(None)


@pytest.mark.parametrize(("images", "replicates"), [(1, 1000), (5, 0)])
def test_without_resamples_there_is_no_interval(images: int, replicates: int) -> None:
    assert Bootstrap(images, replicates, 1).ratio(np.ones(images), np.ones(images)) == Estimate(1.0)


def test_a_figure_that_few_resamples_can_tell_has_no_interval() -> None:
    part = np.array([1.0] + [0.0] * 99)
    estimate = Bootstrap(100, 500, 1).ratio(part, part)
    assert estimate.value == 1.0
    assert estimate.low is not None, "63 % of the resamples hold the picture"
    rare = Bootstrap(100, 500, 1).estimates(
        lambda weights: np.array([1.0 if weights[0] >= 1 and weights[1] <= 1 and weights[2] == 1 else np.nan])
    )
    assert rare == [Estimate(1.0)]
