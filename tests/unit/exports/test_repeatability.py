import math

import pytest

from appliance.domain.exam_figures import Figure
from appliance.domain.repeatability import PUBLISHED, change


def test_the_smallest_detectable_change_of_density_by_hand() -> None:
    of_density = PUBLISHED["density_per_mm"]
    # 1.96 x 1.41421 x 1.5 x sqrt(1 - 0.65) = 2.4597
    assert of_density.smallest_detectable_change() == pytest.approx(2.4597, abs=1e-4)
    # Between visits 0.92 - 0.65 is common to all fingers, within one 0.08 shrinks by eight: sqrt(0.27 + 0.01) = 0.5292
    assert of_density.smallest_detectable_change(8) == pytest.approx(2.2000, abs=1e-3)


def test_without_a_spread_over_patients_an_icc_gives_no_limit() -> None:
    assert PUBLISHED["mean_apical_um"].icc == 0.79
    assert PUBLISHED["mean_apical_um"].smallest_detectable_change() is None


def test_a_density_must_change_by_more_than_repeatability_and_uncertainty() -> None:
    small = change("density_per_mm", Figure(6.0, 0.2), Figure(8.4, 0.2))
    assert small is not None
    assert small.limit == pytest.approx(2.4597, abs=1e-4)
    assert small.is_significant is False
    of_eight = change("density_per_mm", Figure(6.0, 0.2, None, {"fingers": 8}), Figure(8.4, 0.2, None, {"fingers": 8}))
    assert of_eight is not None
    assert (of_eight.fingers, of_eight.is_significant) == (8, True)
    of_fewer = change("density_per_mm", Figure(6.0, 0.2, None, {"fingers": 8}), Figure(8.4, 0.2, None, {"fingers": 1}))
    assert of_fewer is not None
    assert of_fewer.is_significant is False
    unsure = change("density_per_mm", Figure(5.0, 2.5), Figure(8.0, 2.5))
    assert unsure is not None
    assert unsure.limit == pytest.approx(math.hypot(2.5, 2.5))
    assert unsure.is_significant is False


def test_without_a_published_limit_it_is_said() -> None:
    width = change("mean_apical_um", Figure(20.0, 1.0), Figure(25.0, 1.0))
    assert width is not None
    assert (width.is_significant, width.is_limit_published) == (True, False)
    giants = change("giants", Figure(2), Figure(9))
    assert giants is not None
    assert giants.is_significant is None


def test_a_figure_that_is_missing_cannot_be_compared() -> None:
    assert change("density_per_mm", Figure(None, because="no_calibration"), Figure(5.0)) is None
