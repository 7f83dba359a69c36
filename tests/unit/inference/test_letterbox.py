"""Pictures of every size in the detector's input, and boxes back to the exact pixel."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.inference.letterbox import letterbox_view


@pytest.mark.parametrize(
    ("frame", "used"),
    [
        ((640, 480), (640, 480)),
        ((320, 240), (640, 480)),
        ((1024, 768), (640, 480)),
        ((2000, 1500), (640, 480)),
        ((1280, 720), (640, 360)),
        ((1280, 1024), (600, 480)),
        ((480, 640), (360, 480)),
        ((5000, 3), (640, 1)),
    ],
)
def test_the_whole_picture_is_seen_at_its_own_aspect(frame: tuple[int, int], used: tuple[int, int]) -> None:
    view = letterbox_view(*frame, 640, 480)
    assert (view.used_width_px, view.used_height_px) == used


def test_a_picture_of_the_inputs_size_is_passed_on_without_a_copy() -> None:
    image = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    filled = letterbox_view(640, 480, 640, 480).fill(image)
    assert filled.shape == (1, 480, 640, 3)
    assert np.shares_memory(filled, image)


def test_a_rotated_or_cropped_view_still_comes_out_contiguous() -> None:
    image = np.zeros((500, 700, 3), dtype=np.uint8)[10:490, 20:660]
    assert letterbox_view(640, 480, 640, 480).fill(image).flags.c_contiguous


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1280, 1024), (300, 100), (100, 300)])
def test_free_space_has_the_mean_colour_of_the_edge_it_adjoins(width: int, height: int) -> None:
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[:, -1:], image[-1:] = (10, 20, 30), (10, 20, 30)
    image[:, -2:], image[-2:] = (10, 20, 30), (10, 20, 30)
    image[:, -3:], image[-3:] = (10, 20, 30), (10, 20, 30)
    view = letterbox_view(width, height, 640, 480)
    filled = view.fill(image)[0]
    free = np.ones((480, 640), dtype=bool)
    free[: view.used_height_px, : view.used_width_px] = False
    assert free.any()
    np.testing.assert_allclose(filled[free], np.broadcast_to((10, 20, 30), (free.sum(), 3)), atol=1)


def test_shrinking_averages_what_point_sampling_would_miss() -> None:
    image = np.zeros((1440, 1920, 3), dtype=np.uint8)
    image[::3] = 255  # every third row: a third of the light
    filled = letterbox_view(1920, 1440, 640, 480).fill(image)
    np.testing.assert_array_equal(filled, 85)


@pytest.mark.parametrize(
    "size", [(640, 480), (1280, 960), (320, 240), (1024, 768), (1280, 720), (1280, 1024), (2000, 1500), (2592, 1944)]
)
def test_whole_used_area_is_the_frame_but_for_a_part_of_a_block(size: tuple[int, int]) -> None:
    view = letterbox_view(*size, 640, 480)
    box = np.array([[0, 0, view.used_width_px, view.used_height_px]], dtype=np.float32)
    found = view.to_frame(box)[0]
    np.testing.assert_allclose(found[:2], -0.5)
    assert 0 <= size[0] - found[2] < view.block_px
    assert 0 <= size[1] - found[3] < view.block_px


def test_one_input_pixel_is_two_frame_pixels_at_twice_the_size() -> None:
    # Input pixel (10, 20) spans edges 10..11, 20..21: frame pixels 20 and 21, 40 and 41, whose edges are 19.5..21.5.
    box = letterbox_view(1280, 960, 640, 480).to_frame(np.array([[10, 20, 11, 21]], dtype=np.float32))
    np.testing.assert_allclose(box, [[19.5, 39.5, 2, 2]])


@settings(deadline=None, max_examples=25)
@given(
    size=st.tuples(st.integers(150, 2600), st.integers(150, 2000)),
    corner=st.tuples(st.floats(0.1, 0.6), st.floats(0.1, 0.6)),
)
def test_a_spot_in_the_frame_is_found_where_it_is(size: tuple[int, int], corner: tuple[float, float]) -> None:
    """The resize and the way back agree: the centre of brightness in the input maps onto the spot's centre.

    A twentieth of a pixel is what rounding to whole grey levels does; half a pixel is what a wrong origin would do.
    """
    width, height = size
    x, y = 0.2 * width + corner[0] * width, 0.2 * height + corner[1] * height
    sigma = 0.05 * np.array(size)
    columns = np.exp(-0.5 * ((np.arange(width) - x) / sigma[0]) ** 2)
    rows = np.exp(-0.5 * ((np.arange(height) - y) / sigma[1]) ** 2)
    spot = np.round(255 * rows[:, None] * columns).astype(np.uint8)
    view = letterbox_view(width, height, 640, 480)
    filled = view.fill(np.repeat(spot[..., None], 3, axis=2))[0, ..., 0].astype(np.float64)
    # Centre of brightness in edge coordinates: pixel i has its centre at i + 0.5.
    cx = float((filled.sum(axis=0) * (np.arange(640) + 0.5)).sum() / filled.sum())
    cy = float((filled.sum(axis=1) * (np.arange(480) + 0.5)).sum() / filled.sum())
    found = view.to_frame(np.array([[cx, cy, cx, cy]], dtype=np.float32))[0]
    assert abs(found[0] - x) < 0.03 * width / view.used_width_px + 0.05
    assert abs(found[1] - y) < 0.03 * height / view.used_height_px + 0.05


def test_boxes_are_cut_at_the_frames_edge() -> None:
    view = letterbox_view(1280, 720, 640, 480)
    boxes = np.array([[-20, -20, 30, 40], [630, 350, 700, 470], [10, 400, 50, 470]], dtype=np.float32)
    found = view.to_frame(boxes)
    np.testing.assert_allclose(found[0], [-0.5, -0.5, 60, 80])
    np.testing.assert_allclose(found[1], [1259.5, 699.5, 20, 20])
    assert found[2, 3] == 0  # wholly below the picture


def test_opencv_keeps_edges_on_edges_when_it_resizes() -> None:
    """The way back rests on this habit of cv2.resize; a change of it must not pass unseen."""
    ramp = np.repeat(np.arange(64, dtype=np.float32)[None], 8, axis=0)
    half = cv2.resize(ramp, (32, 4), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(half[0], np.arange(32) * 2 + 0.5)
