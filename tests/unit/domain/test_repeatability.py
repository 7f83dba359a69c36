"""When two exams differ: limits against figures worked out by hand."""

import math

import pytest

from appliance.domain.exam_figures import Figure
from appliance.domain.repeatability import PUBLISHED, FigureChange, Repeatability, change
from appliance.domain.said_beside import RAMIFIED_COUNT, RAMIFIED_DO_NOT_COUNT, RAMIFIED_RULE
from appliance.domain.trend import per_image


def test_one_finger_as_published_and_eight_as_derived() -> None:
    density = PUBLISHED["density_per_mm"]
    assert density.smallest_detectable_change() == pytest.approx(1.96 * math.sqrt(2) * 1.5 * math.sqrt(0.35))
    assert density.smallest_detectable_change(8) == pytest.approx(1.96 * math.sqrt(2) * 1.5 * math.sqrt(0.27 + 0.01))
    # Nobody has measured fewer than one finger.
    assert density.smallest_detectable_change(0) == density.smallest_detectable_change(1)


def test_no_spread_no_limit() -> None:
    assert Repeatability(0.79, 0.91, None, "source").smallest_detectable_change() is None


def test_the_larger_of_the_published_and_the_measured_limit_counts() -> None:
    published = PUBLISHED["density_per_mm"].smallest_detectable_change()
    assert published is not None
    close = change("density_per_mm", Figure(8.0, 0.3), Figure(5.0, 0.4))
    assert close == FigureChange("density_per_mm", -3.0, published, True, 1)
    assert close.is_significant
    vague = change("density_per_mm", Figure(8.0, 3.0), Figure(5.0, 4.0))
    assert vague == FigureChange("density_per_mm", -3.0, 5.0, True, 1)
    assert vague.is_significant is False


def test_a_mean_over_fingers_changes_by_the_fewer_of_them() -> None:
    found = change("density_per_mm", Figure(8.0, basis={"fingers": 8}), Figure(5.0, basis={"fingers": 4}))
    assert found is not None
    assert (found.fingers, found.limit) == (4, PUBLISHED["density_per_mm"].smallest_detectable_change(4))


def test_what_has_no_published_limit_has_that_of_its_uncertainties_alone() -> None:
    assert change("giants", Figure(2, 0.6), Figure(4, 0.8)) == FigureChange("giants", 2, pytest.approx(1.0), False, 1)
    for one_sided in (change("giants", Figure(2, 0.6), Figure(4)), change("giants", Figure(2), Figure(4, 0.8))):
        assert one_sided == FigureChange("giants", 2, None, False, 1)
        assert one_sided.is_significant is None


def test_a_change_just_as_large_as_the_limit_does_not_count() -> None:
    assert FigureChange("giants", 1.0, 1.0, False).is_significant is False


def test_what_is_no_number_has_no_change() -> None:
    assert change("density_per_mm", Figure(None, because="not evaluable"), Figure(5.0)) is None
    assert change("density_per_mm", Figure(5.0), Figure("late")) is None


def test_counts_by_two_rules_of_a_site_are_not_compared() -> None:
    """Whether ramified loops above 50 um are giants: a difference of rule is no course of a patient."""
    before, now = (Figure(2, basis={RAMIFIED_RULE: rule}) for rule in (RAMIFIED_COUNT, RAMIFIED_DO_NOT_COUNT))
    assert change("giants", before, now) is None
    assert change("giants", before, before) is not None
    pair = [per_image("giants", {"giants": one, "images_evaluable": Figure(4)}) for one in (before, now)]
    assert change("giants", *pair) is None
