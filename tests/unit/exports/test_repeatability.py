import math

import pytest

from appliance.domain.exam_figures import Figure
from appliance.domain.repeatability import PUBLISHED, change


def test_the_smallest_detectable_change_of_density_by_hand() -> None:
    # 1.96 x 1.41421 x 1.5 x sqrt(1 - 0.91) = 1.2473
    assert PUBLISHED["density_per_mm"].smallest_detectable_change == pytest.approx(1.2473, abs=1e-4)


def test_a_density_must_change_by_more_than_repeatability_and_uncertainty() -> None:
    small = change("density_per_mm", Figure(6.0, 0.2), Figure(7.2, 0.2))
    assert small is not None
    assert small.limit == pytest.approx(1.2473, abs=1e-4)
    assert small.is_significant is False
    unsure = change("density_per_mm", Figure(5.0, 1.5), Figure(7.0, 1.5))
    assert unsure is not None
    assert unsure.limit == pytest.approx(math.hypot(1.5, 1.5))
    assert unsure.is_significant is False
    clear = change("density_per_mm", Figure(7.5, 0.4), Figure(5.0, 0.4))
    assert clear is not None
    assert clear.is_significant is True
    assert clear.by == pytest.approx(-2.5)


def test_without_a_published_limit_it_is_said() -> None:
    width = change("mean_apical_um", Figure(20.0, 1.0), Figure(25.0, 1.0))
    assert width is not None
    assert (width.is_significant, width.is_limit_published) == (True, False)
    giants = change("giants", Figure(2), Figure(9))
    assert giants is not None
    assert giants.is_significant is None


def test_a_figure_that_is_missing_cannot_be_compared() -> None:
    assert change("density_per_mm", Figure(None, because="no_calibration"), Figure(5.0)) is None
