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


@pytest.mark.parametrize(
    ("end", "axis", "angle_deg"),
    [
        ((100.0, 0.0), Axis.X, 0.0),
        ((0.0, 100.0), Axis.Y, 0.0),
        ((100.0, 20.0), Axis.X, 11.31),
        ((20.0, 100.0), Axis.Y, -11.31),
        ((-20.0, 100.0), Axis.Y, 11.31),
        ((100.0, -20.0), Axis.X, -11.31),
        ((70.0, 71.0), Axis.Y, -44.59),
    ],
)
def test_two_points_belong_to_the_nearer_axis(end: tuple[float, float], axis: Axis, angle_deg: float) -> None:
    scale = two_point_scale((0.0, 0.0), end, 150.0)
    assert (scale.axis, scale.angle_deg) == (axis, pytest.approx(angle_deg, abs=0.01))
    assert scale.length_um == 150.0


def test_a_hand_that_is_less_steady_leaves_more_uncertainty(monkeypatch: pytest.MonkeyPatch) -> None:
    steady = two_point_scale((0, 0), (300, 20), 400).uncertainty_um_per_px
    monkeypatch.setattr("appliance.domain.measured_scale.CLICK_SIGMA_PX", 3.0)
    assert two_point_scale((0, 0), (300, 20), 400).uncertainty_um_per_px == pytest.approx(3 * steady)


def test_two_points_side_by_side_are_refused() -> None:
    with pytest.raises(CalibrationError, match="10 pixels apart") as refusal:
        two_point_scale((0, 0), (10, 0), 100)
    assert "at least 50 pixels" in refusal.value.remedy
    assert two_point_scale((0, 0), (50, 0), 100).um_per_px == 2.0


def test_one_axis_stands_for_both_and_says_so() -> None:
    scale = picture_scale([measured(Axis.Y, 1.41)])
    assert (scale.um_per_px, scale.um_per_px_x, scale.um_per_px_y) == (1.41, None, 1.41)
    scale = picture_scale([measured(Axis.X, 1.41, 0.003)], 0.5)
    assert (scale.um_per_px, scale.um_per_px_x, scale.um_per_px_y) == (1.41, 1.41, None)
    assert scale.uncertainty_um_per_px == pytest.approx(math.hypot(0.003, 0.005 * 1.41))


def test_the_difference_of_two_axes_widens_the_uncertainty() -> None:
    scale = picture_scale([measured(Axis.X, 1.40, 0.0), measured(Axis.Y, 1.42, 0.0)])
    assert scale.um_per_px == pytest.approx(1.41)
    assert scale.uncertainty_um_per_px == pytest.approx(0.01)


def test_the_uncertainties_of_both_axes_count_by_half() -> None:
    scale = picture_scale([measured(Axis.X, 1.41, 0.03), measured(Axis.Y, 1.41, 0.04)])
    assert scale.uncertainty_um_per_px == pytest.approx(0.025)


def test_uncertain_axes_may_differ_by_more_before_the_picture_counts_as_stretched() -> None:
    sure = [measured(Axis.X, 1.00, 0.0), measured(Axis.Y, 1.03, 0.0)]
    with pytest.raises(CalibrationError, match="stretched"):
        picture_scale(sure)
    for unsure in (0.02, 0.0), (0.0, 0.02):
        along = [measured(Axis.X, 1.00, unsure[0]), measured(Axis.Y, 1.03, unsure[1])]
        assert picture_scale(along).um_per_px == pytest.approx(1.015)


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


@pytest.mark.parametrize(
    ("written", "text"), [("1", "1x"), ("2000", "2000x"), ("7,5", "7.5x"), ("0.5", None), ("2001", None)]
)
def test_magnifications_from_1_to_2000_with_point_or_comma(written: str, text: str | None) -> None:
    if text is None:
        with pytest.raises(CalibrationError):
            magnification_text(written)
    else:
        assert magnification_text(written) == text


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


def test_a_hint_names_the_field_and_the_figure_it_was_compared_with() -> None:
    dino = profile_of(device_profiles(), "a168:0990:X1")
    known = dino.field_at("220x")
    assert known is not None
    for um_per_px in (known.width_um / 1280, 14.1):
        assert field_hint(um_per_px, 1280, dino, "220x").known == known
    assert field_hint(1.41, 640, dino, "201x").field_um == pytest.approx(902.4)
    generic = profile_of(device_profiles(), "1234:5678@1-2")
    assert field_hint(20.0, 640, generic, "no ring").field_um == pytest.approx(12800)


@pytest.mark.parametrize(
    ("magnification", "field_um", "plausibility"),
    [
        ("180x", 664, Plausibility.UNUSUAL),
        ("260x", 6601, Plausibility.UNUSUAL),
        ("179x", 6601, Plausibility.UNKNOWN),
        ("261x", 6601, Plausibility.UNKNOWN),
        ("200x", 665, Plausibility.UNKNOWN),
        ("200x", 6600, Plausibility.UNKNOWN),
    ],
)
def test_the_impossible_begins_at_half_and_twice_what_is_published(
    magnification: str, field_um: float, plausibility: Plausibility
) -> None:
    generic = profile_of(device_profiles(), "1234:5678@1-2")
    assert field_hint(field_um, 1, generic, magnification).plausibility is plausibility


@pytest.mark.parametrize("device_id", ["a168:0990", "a168:0990:X1", "a168:0990@1-2"])
def test_a_device_is_known_by_its_two_usb_numbers(device_id: str) -> None:
    assert profile_of(device_profiles(), device_id).key == "dino-lite"


@pytest.mark.parametrize("device_id", ["", "a168", "1234:a168:0990"])
def test_a_device_without_both_numbers_is_nobodys(device_id: str) -> None:
    assert profile_of(device_profiles(), device_id).key == "generic"


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
