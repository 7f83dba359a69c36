"""Scales by hand and of two axes, against figures worked out by hand."""

import math
from datetime import datetime, timezone

import pytest

from appliance.apps.config.device_profiles import device_profiles
from appliance.domain.calibration import Axis, Calibration, ScaleOrigin
from appliance.domain.device_profile import profile_of
from appliance.domain.errors import CalibrationError
from appliance.domain.field_hint import Plausibility, field_hint
from appliance.domain.kept_calibration import months_after
from appliance.domain.measured_scale import (
    CalibrationMethod,
    MeasuredScale,
    magnification_text,
    picture_scale,
    two_point_scale,
)


def measured(axis: Axis, um_per_px: float, uncertainty: float = 0.001, angle_deg: float = 0.0) -> MeasuredScale:
    return MeasuredScale(axis, angle_deg, um_per_px, uncertainty, CalibrationMethod.GRADUATIONS, 500.0)


def test_two_points_give_distance_over_length_and_a_hands_uncertainty() -> None:
    scale = two_point_scale((100.0, 100.0), (400.0, 500.0), 705.0)
    assert scale.um_per_px == pytest.approx(1.41)
    assert scale.uncertainty_um_per_px == pytest.approx(1.41 * 1.96 * math.sqrt(2) / 500)
    assert (scale.axis, scale.method) == (Axis.Y, CalibrationMethod.TWO_POINTS)


def test_the_order_of_two_points_does_not_matter() -> None:
    one, other = two_point_scale((0, 0), (300, 20), 400), two_point_scale((300, 20), (0, 0), 400)
    assert (one.um_per_px, one.axis, one.angle_deg) == (other.um_per_px, other.axis, pytest.approx(other.angle_deg))
    assert one.angle_deg == pytest.approx(math.degrees(math.atan2(20, 300)))


def test_two_points_side_by_side_are_refused() -> None:
    with pytest.raises(CalibrationError, match="10 pixels apart"):
        two_point_scale((0, 0), (10, 0), 100)


def test_one_axis_stands_for_both_and_says_so() -> None:
    scale = picture_scale([measured(Axis.Y, 1.41)])
    assert (scale.um_per_px, scale.um_per_px_x, scale.um_per_px_y) == (1.41, None, 1.41)


def test_the_difference_of_two_axes_widens_the_uncertainty() -> None:
    scale = picture_scale([measured(Axis.X, 1.40, 0.0), measured(Axis.Y, 1.42, 0.0)])
    assert scale.um_per_px == pytest.approx(1.41)
    assert scale.uncertainty_um_per_px == pytest.approx(0.01)


def test_the_turn_of_both_scales_is_taken_out() -> None:
    """sin(15 deg)^2 = 0.06699: each direction holds that much of the other axis."""
    share = math.sin(math.radians(15)) ** 2
    along_x = 1.40 * (1 - share) + 1.42 * share
    along_y = 1.42 * (1 - share) + 1.40 * share
    scale = picture_scale([measured(Axis.X, along_x, angle_deg=15), measured(Axis.Y, along_y, angle_deg=-15)])
    assert (scale.um_per_px_x, scale.um_per_px_y) == (pytest.approx(1.40), pytest.approx(1.42))


def test_a_stretched_picture_is_refused() -> None:
    with pytest.raises(CalibrationError, match=r"stretched: 1.4100 um per pixel along x, 1.5000 along y"):
        picture_scale([measured(Axis.X, 1.41), measured(Axis.Y, 1.50)])


def test_two_measurements_of_one_axis_are_no_second_axis() -> None:
    with pytest.raises(CalibrationError, match="same axis"):
        picture_scale([measured(Axis.X, 1.41), measured(Axis.X, 1.42)])


def test_the_micrometers_own_tolerance_counts() -> None:
    for scales in ([measured(Axis.X, 2.0, 0.0)], [measured(Axis.X, 2.0, 0.0), measured(Axis.Y, 2.0, 0.0)]):
        assert picture_scale(scales, 0.5).uncertainty_um_per_px == pytest.approx(0.01)


@pytest.mark.parametrize("written", ["220", "220x", " 220 X ", "x220", "\u00d7220", "220.0x"])
def test_a_magnification_is_written_in_one_way(written: str) -> None:
    assert magnification_text(written) == "220x"


@pytest.mark.parametrize("written", ["", "x", "0", "200-250x", "5000x", "-20x", "2e2"])
def test_what_is_no_magnification_is_refused(written: str) -> None:
    with pytest.raises(CalibrationError):
        magnification_text(written)


def test_a_wrong_division_is_doubted_where_the_devices_figure_is_known() -> None:
    dino = profile_of(device_profiles(), "a168:0990:X1")
    assert dino.key == "dino-lite"
    assert field_hint(1.41, 1280, dino, "220x").plausibility is Plausibility.FITS
    assert field_hint(14.1, 1280, dino, "220x").plausibility is Plausibility.DIFFERS
    assert field_hint(0.705, 1280, dino, "220x").plausibility is Plausibility.DIFFERS


def test_without_a_published_figure_only_the_impossible_is_doubted() -> None:
    generic = profile_of(device_profiles(), "1234:5678@1-2")
    assert generic.key == "generic"
    assert field_hint(1.41, 640, generic, "200x").plausibility is Plausibility.UNKNOWN
    assert field_hint(14.1, 640, generic, "200x").plausibility is Plausibility.UNUSUAL
    assert field_hint(14.1, 640, generic, "50x").plausibility is Plausibility.UNKNOWN


def test_no_profile_gives_a_figure_without_its_source() -> None:
    for profile in device_profiles():
        for field in profile.fields:
            assert len(field.source) > 10


def test_a_year_after_a_leap_day_is_the_last_of_february() -> None:
    day = datetime(2028, 2, 29, 12, tzinfo=timezone.utc)
    assert months_after(day, 12) == datetime(2029, 2, 28, 12, tzinfo=timezone.utc)
    assert months_after(day, 10) == datetime(2028, 12, 29, 12, tzinfo=timezone.utc)


def test_an_uncertainty_as_large_as_the_scale_is_no_calibration() -> None:
    with pytest.raises(CalibrationError, match="uncertain"):
        Calibration("one", 1.4, 640, 480, ScaleOrigin.STAGE_MICROMETER, uncertainty_um_per_px=1.5)
