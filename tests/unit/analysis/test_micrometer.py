"""The scale from a picture of a stage micrometer: right to half a percent, or refused with the reason."""

import math
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from appliance.analysis.micrometer import find_graduations
from appliance.domain.calibration import Axis
from appliance.domain.errors import CalibrationError
from engines.synthetic.micrometer import MicrometerAppearance, render_micrometer
from engines.synthetic.render import render

UM_PER_PX = 1.41
PERMITTED = 0.005


def picture(seed: int = 0, um_per_px: float = UM_PER_PX, **look: Any) -> NDArray[np.uint8]:
    return render_micrometer(640, 480, um_per_px, MicrometerAppearance(**look), seed)


def as_jpeg(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    packed = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[:, :, ::-1])


def scale_of(image: NDArray[np.uint8], division_um: float) -> float:
    return division_um / find_graduations(image).pitch_px


@pytest.mark.parametrize(
    ("division_um", "look"),
    [
        (10.0, {}),
        (10.0, {"angle_deg": 90.0}),
        (10.0, {"angle_deg": 14.5}),
        (10.0, {"angle_deg": -14.5, "is_bright": True}),
        (50.0, {"division_um": 50.0, "divisions": 20, "angle_deg": 5.0}),
        (50.0, {"division_um": 50.0, "divisions": 20, "has_baseline": False, "has_numbers": False}),
        (100.0, {"division_um": 100.0, "divisions": 10, "angle_deg": 3.0}),
        (100.0, {"division_um": 100.0, "divisions": 10, "angle_deg": 93.0, "is_bright": True}),
        (10.0, {"unevenness": 0.8, "cast": (1.0, 0.5, 0.45)}),
        (10.0, {"contrast": 0.15, "noise": 3.0}),
        (10.0, {"blur_px": 1.6, "noise": 4.0}),
        (10.0, {"dust": 60, "angle_deg": 8.0}),
        (10.0, {"offset_um": (420.0, 150.0), "angle_deg": -7.0}),
        (10.0, {"missing": (40, 41, 63), "angle_deg": 2.0}),
    ],
    ids=str,
)
def test_the_scale_is_right_to_half_a_percent(division_um: float, look: dict[str, Any]) -> None:
    assert scale_of(picture(**look), division_um) == pytest.approx(UM_PER_PX, rel=PERMITTED)


@pytest.mark.parametrize("quality", [30, 60, 90])
def test_a_compressed_and_blurred_picture_is_read_as_well(quality: int) -> None:
    image = as_jpeg(picture(seed=3, angle_deg=6.0, blur_px=1.2, contrast=0.6), quality)
    assert scale_of(image, 10.0) == pytest.approx(UM_PER_PX, rel=PERMITTED)


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
@given(
    um_per_px=st.floats(0.9, 2.2),
    angle_deg=st.floats(-15, 15),
    is_upright=st.booleans(),
    division_um=st.sampled_from([10.0, 50.0]),
    blur_px=st.floats(0.3, 1.1),
    noise=st.floats(0.5, 5.0),
    contrast=st.floats(0.35, 1.0),
    is_bright=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_any_pitch_angle_blur_and_noise(
    um_per_px: float, angle_deg: float, is_upright: bool, division_um: float, seed: int, **look: Any
) -> None:
    turned = angle_deg + (90.0 if is_upright else 0.0)
    divisions = int(1000 / division_um)
    image = picture(seed, um_per_px, division_um=division_um, divisions=divisions, angle_deg=turned, **look)
    found = find_graduations(image)
    assert division_um / found.pitch_px == pytest.approx(um_per_px, rel=PERMITTED)
    assert found.axis is (Axis.Y if is_upright else Axis.X)
    assert -found.angle_deg == pytest.approx(angle_deg, abs=0.5)
    assert found.is_bright is look["is_bright"]


def test_the_stated_uncertainty_covers_the_truth() -> None:
    errors = []
    for seed in range(8):
        image = as_jpeg(picture(seed, angle_deg=seed - 6.0, blur_px=1.0, contrast=0.3, noise=5.0, dust=20), 60)
        found = find_graduations(image)
        assert found.uncertainty_px < 0.005 * found.pitch_px
        errors.append(abs(10.0 / UM_PER_PX - found.pitch_px) / found.uncertainty_px)
    assert sum(error <= 1.5 for error in errors) >= 7


def test_every_graduation_is_drawn_on_its_line() -> None:
    found = find_graduations(picture(division_um=50.0, divisions=12, angle_deg=10.0, has_numbers=False))
    assert len(found.lines_px) == 13
    assert found.hidden == 0
    turn = math.radians(10.0)
    for (x0, y0), (x1, y1) in found.lines_px:
        for x, y in ((x0, y0), (x1, y1)):
            along_um = ((x - 319.5) * math.cos(turn) - (y - 239.5) * math.sin(turn)) * UM_PER_PX
            assert abs(along_um / 50.0 - round(along_um / 50.0)) * 50.0 < 1.5
    assert found.long_mark_every in (5, 10)


def test_worn_graduations_are_counted_as_hidden() -> None:
    found = find_graduations(picture(division_um=50.0, divisions=12, missing=(4, 7), has_numbers=False))
    assert (len(found.lines_px), found.hidden) == (11, 2)


def test_without_the_fine_graduations_of_a_stretched_picture_each_axis_has_its_own_scale() -> None:
    for angle_deg, expected in ((0.0, 1.41), (90.0, 1.55)):
        image = render_micrometer(640, 480, 1.41, MicrometerAppearance(angle_deg=angle_deg), um_per_px_y=1.55)
        assert scale_of(image, 10.0) == pytest.approx(expected, rel=PERMITTED)


@pytest.mark.parametrize("seed", range(5))
def test_a_nailfold_is_refused(seed: int) -> None:
    with pytest.raises(CalibrationError, match="no evenly spaced graduations"):
        find_graduations(render(seed=seed).image_rgb)


@pytest.mark.parametrize("quality", [20, 50, 95])
def test_a_blank_frame_and_the_blocks_of_its_compression_are_refused(quality: int) -> None:
    noise = np.random.default_rng(quality).normal(0, 3, (480, 640, 3))
    shade = np.linspace(-40, 40, 640)[None, :, None]
    with pytest.raises(CalibrationError, match="no evenly spaced graduations"):
        find_graduations(as_jpeg(np.clip(150 + shade + noise, 0, 255).astype(np.uint8), quality))
    with pytest.raises(CalibrationError):
        find_graduations(np.full((480, 640, 3), 128, dtype=np.uint8))


@pytest.mark.parametrize("turned_deg", [0.0, 7.0])
def test_a_page_of_text_is_refused(turned_deg: float) -> None:
    page = np.full((480, 640, 3), 235, dtype=np.uint8)
    for line in range(16):
        words = "the quick brown fox illinois minimum millimetre 0123456789 lllll"
        cv2.putText(page, words[line:], (5, 28 + 29 * line), 0, 0.8, (20, 20, 20), 2, cv2.LINE_AA)
    around = cv2.getRotationMatrix2D((320, 240), turned_deg, 1.0)
    page = cv2.warpAffine(page, around, (640, 480), borderValue=(235, 235, 235))
    with pytest.raises(CalibrationError):
        find_graduations(page)


def test_lines_that_stand_unevenly_are_refused() -> None:
    rng = np.random.default_rng(5)
    for _ in range(5):
        image = np.full((480, 640, 3), 220, dtype=np.uint8)
        for number in range(20):
            x = int(20 + 30 * number + rng.normal(0, 4.5))
            cv2.line(image, (x, 100), (x, 380), (20, 20, 20), 3, cv2.LINE_AA)
        with pytest.raises(CalibrationError):
            find_graduations(image)


def test_a_crossed_micrometer_is_ambiguous_until_an_axis_is_named() -> None:
    fine = picture(division_um=50.0, divisions=20, has_numbers=False, has_baseline=False)
    coarse = picture(division_um=100.0, divisions=10, angle_deg=90.0, has_numbers=False, has_baseline=False)
    both = np.minimum(fine, coarse)
    with pytest.raises(CalibrationError, match="2 different scales"):
        find_graduations(both)
    assert 50.0 / find_graduations(both, Axis.X).pitch_px == pytest.approx(UM_PER_PX, rel=PERMITTED)
    assert 100.0 / find_graduations(both, Axis.Y).pitch_px == pytest.approx(UM_PER_PX, rel=PERMITTED)


def test_a_scale_turned_too_far_or_along_the_other_axis_is_named_so() -> None:
    with pytest.raises(CalibrationError, match=r"turned by 3[0-9] degrees"):
        find_graduations(picture(division_um=50.0, divisions=20, angle_deg=35.0))
    with pytest.raises(CalibrationError, match="do not follow one another along y"):
        find_graduations(picture(), Axis.Y)


def test_too_few_graduations_are_left_to_two_clicks() -> None:
    with pytest.raises(CalibrationError, match="no evenly spaced"):
        find_graduations(picture(division_um=100.0, divisions=2))
