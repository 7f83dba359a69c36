"""The shared crop rule: hand-worked squares, exact geometry, no aliasing."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.inference.crops import crop_square, crop_squares, crop_to_frame, extract_crops, frame_to_crop


@pytest.mark.parametrize(
    ("box", "square"),
    [
        ((100, 50, 40, 200), (80, 42, 80)),  # long loop: head of 1.6 widths, 1.25 * 64 = 80, top 8 above
        ((100, 50, 40, 50), (88.75, 43.75, 62.5)),  # short loop: its own height counts, 1.25 * 50
        ((100, 50, 40, 40), (95, 45, 50)),  # square box: still the upright rule
        ((100, 50, 60, 20), (92.5, 22.5, 75)),  # lying box: whole and centred
        ((100, 50, 4, 6), (94, 48.4, 16)),  # tiny box: 16 px, top still 0.1 sides above
    ],
)
def test_square_follows_the_rule(box: tuple[float, ...], square: tuple[float, ...]) -> None:
    assert crop_square(box) == pytest.approx(square)


def test_crop_of_its_own_size_is_the_picture_itself() -> None:
    image = np.random.default_rng(3).integers(0, 256, (200, 220, 3), dtype=np.uint8)
    # Side 96 with its corner on a pixel edge: crop pixel (u, v) is picture pixel (30 + u, 40 + v).
    width = 96 / 1.25
    box = (29.5 + (96 - width) / 2, 39.5 + (96 - width / 3) / 2, width, width / 3)
    assert crop_square(box) == pytest.approx((29.5, 39.5, 96))
    np.testing.assert_array_equal(extract_crops(image, [box])[0], image[40:136, 30:126])


@settings(deadline=None, max_examples=50)
@given(
    box=st.tuples(
        st.floats(-50, 700, allow_subnormal=False),
        st.floats(-50, 500, allow_subnormal=False),
        st.floats(3, 300),
        st.floats(3, 300),
    ),
    size_px=st.integers(16, 128),
    # ONNX Runtime makes the thread it runs in flush subnormals, which hypothesis notices where tests share a process.
    u=st.floats(0, 95, allow_subnormal=False),
)
def test_points_survive_the_round_trip(box: tuple[float, ...], size_px: int, u: float) -> None:
    squares = crop_squares([box])
    points = np.array([[(u, 95 - u), (0.0, u)]])
    back = frame_to_crop(crop_to_frame(points, squares, size_px), squares, size_px)
    np.testing.assert_allclose(back, points, atol=1e-9)


@pytest.mark.parametrize("width", [20.0, 61.3, 130.0, 190.7, 420.0, 900.0])
def test_a_spot_is_found_where_the_geometry_says(width: float) -> None:
    centre = (611.25, 480.75)
    ys, xs = np.mgrid[0:1000, 0:1300]
    sigma = width / 12
    spot = np.exp(-((xs - centre[0]) ** 2 + (ys - centre[1]) ** 2) / (2 * sigma**2))
    image = np.repeat(np.round(spot * 255).astype(np.uint8)[..., None], 3, axis=2)
    box = (centre[0] - 0.45 * width, centre[1] - 0.6 * width, width, 1.3 * width)
    crop = extract_crops(image, [box])[0, ..., 0].astype(float)
    v, u = np.mgrid[0:96, 0:96]
    found = np.array([[[(crop * u).sum() / crop.sum(), (crop * v).sum() / crop.sum()]]])
    expected = frame_to_crop([[centre]], crop_squares([box]))
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_strong_shrinking_averages_instead_of_skipping_pixels() -> None:
    image = np.zeros((1200, 1600, 3), dtype=np.uint8)
    image[:, ::2] = 200  # one-pixel stripes: point sampling would give 0 or 200, never their mean
    crop = extract_crops(image, [(300, 200, 400, 700)])[0]
    assert abs(float(crop.mean()) - 100) < 3
    assert float(crop.std()) < 30


def test_beyond_the_picture_its_border_is_repeated() -> None:
    image = np.zeros((100, 100, 3), dtype=np.uint8)
    image[:, 0] = (200, 10, 20)
    for width in (40.0, 300.0):  # one without and one with shrinking
        crop = extract_crops(image, [(-3 * width, 0, width, 2 * width)])[0]
        np.testing.assert_array_equal(crop[48], np.broadcast_to((200, 10, 20), (96, 3)))


def test_no_boxes_give_no_crops() -> None:
    crops = extract_crops(np.zeros((10, 10, 3), np.uint8), np.empty((0, 4)))
    assert crops.shape == (0, 96, 96, 3)
    assert crops.dtype == np.uint8


def test_enlarging_agrees_with_plain_resize() -> None:
    image = np.random.default_rng(5).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    box = (-0.5 + 4.8, -0.5 + 4.8, 38.4, 38.4 - 1e-9)  # square of side 48 over the whole picture
    assert crop_square(box) == pytest.approx((-0.5, -0.5, 48))
    expected = cv2.resize(image, (96, 96), interpolation=cv2.INTER_LINEAR)
    difference = np.abs(extract_crops(image, [box])[0].astype(int) - expected.astype(int))
    assert difference.max() <= 8  # OpenCV rounds positions to 1/32 px
