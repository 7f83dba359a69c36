"""Every uncertainty by hand, so that no term of a formula can change unnoticed."""

import math

import pytest

from appliance.analysis import uncertainty
from appliance.analysis.uncertainty import Width

Z = 1.96


def test_of_a_width_both_end_points_and_the_scale() -> None:
    assert uncertainty.of_width(Width(20.0, 1.5, 0.02)) == pytest.approx(Z * math.sqrt(2 * 1.5**2 + 0.4**2))


@pytest.mark.parametrize(
    ("widths", "variance"),
    [
        # One width has no spread: its end points.
        ([Width(20.0, 2.0)], 2 * 2.0**2 + 0.52**2),
        # 10 and 12 spread by 2, less than their end points' 8.
        ([Width(10.0, 2.0), Width(12.0, 2.0)], 8 / 2 + 0.52**2),
        # 10 and 20 spread by 50; the scale is off by a tenth of their mean.
        ([Width(10.0, 2.0, 0.1), Width(20.0, 2.0, 0.1)], 50 / 2 + 0.52**2 + 1.5**2),
        # 10, 20 and 30 spread by 100; 0.26 of the mean scale of 1.5 is common.
        ([Width(10.0, 1.0), Width(20.0, 1.5), Width(30.0, 2.0)], 100 / 3 + 0.39**2),
    ],
)
def test_of_a_mean_width(widths: list[Width], variance: float) -> None:
    assert uncertainty.of_mean_width(widths) == pytest.approx(Z * math.sqrt(variance))


def test_of_a_median_width_which_of_two_is_their_mean() -> None:
    one, two, three = (Width(um, 2.0) for um in (10.0, 20.0, 30.0))
    assert uncertainty.of_median_width([one]) == pytest.approx(uncertainty.of_mean_width([one]))
    assert uncertainty.of_median_width([one, two]) == pytest.approx(uncertainty.of_mean_width([one, two]))
    assert uncertainty.of_median_width([one, two, three]) == pytest.approx(
        1.2533 * uncertainty.of_mean_width([one, two, three])
    )


def test_of_a_density_scatter_miscounting_borders_and_scale() -> None:
    counted = (0.25**2 + 0.188) * 10 + 3 / 6
    assert uncertainty.of_density(10, 2.0, 3, 0.05) == pytest.approx(Z * math.sqrt(counted / 2.0**2 + 0.25**2))


@pytest.mark.parametrize(("loops", "events"), [(0, 1), (1, 1), (4, 4)])
def test_of_few_scattered_loops(loops: int, events: int) -> None:
    assert uncertainty.of_rare(loops, 2.5) == pytest.approx(Z * math.sqrt(events) / 2.5)


def test_of_a_mean_of_independent_values() -> None:
    assert uncertainty.of_mean([3.0, 4.0]) == pytest.approx(2.5)


def test_of_a_share_by_wilson() -> None:
    # 3 of 10: (0.3 + 0.19208 -+ 1.96 * sqrt(0.021 + 0.009604)) / 1.38416
    low, high = uncertainty.share_interval(3, 10)
    assert (low, high) == (pytest.approx(0.10779, abs=1e-5), pytest.approx(0.60323, abs=1e-5))
    assert uncertainty.of_share(3, 10) == pytest.approx((high - low) / 2)
    assert uncertainty.share_interval(0, 5)[0] == 0.0
    assert uncertainty.share_interval(5, 5)[1] == 1.0
