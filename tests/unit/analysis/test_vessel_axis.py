"""The axis of thin dark lines: exact on drawn ones, blind to blobs, told inside boxes alone where asked."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.analysis.vessel_axis import local_contrast, vessel_axis
from appliance.domain.detection import BoundingBox

SKIN = 160


def lines(degrees: float, depth: int = 40, picture: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Dark lines, 8 px wide, that run `degrees` clockwise from the top."""
    canvas = np.full((480, 640, 3), SKIN, np.uint8) if picture is None else picture
    along = np.array([math.sin(math.radians(degrees)), -math.cos(math.radians(degrees))])
    for x, y in ((160, 140), (320, 240), (480, 340), (200, 330), (440, 130)):
        ends = [tuple(np.rint((x, y) + way * 45 * along).astype(int).tolist()) for way in (-1, 1)]
        cv2.line(canvas, ends[0], ends[1], (SKIN - depth,) * 3, 8, cv2.LINE_AA)
    return cv2.GaussianBlur(canvas, (0, 0), 1.5)


@pytest.mark.parametrize("degrees", [-75, -40, -12, 0, 25, 60, 88])
@pytest.mark.parametrize("depth", [60, 6])
def test_axis_of_lines_is_theirs_however_faint_they_are(degrees: int, depth: int) -> None:
    axis, agreement = vessel_axis(lines(degrees, depth))
    assert math.remainder(math.degrees(axis) - degrees, 180) == pytest.approx(0, abs=4)
    assert agreement > 0.5


def test_blobs_have_no_axis() -> None:
    picture = np.full((480, 640, 3), SKIN, np.uint8)
    for x, y in np.random.default_rng(1).uniform((20, 20), (620, 460), (40, 2)).astype(int):
        cv2.circle(picture, (int(x), int(y)), 9, (90,) * 3, -1, cv2.LINE_AA)
    assert vessel_axis(cv2.GaussianBlur(picture, (0, 0), 3))[1] < 0.3
    assert vessel_axis(np.full((480, 640, 3), SKIN, np.uint8)) == (0.0, 0.0)


def test_lines_outside_the_boxes_do_not_count() -> None:
    picture = lines(0)
    for y in range(420, 480, 15):
        cv2.line(picture, (0, y), (639, y), (60,) * 3, 6, cv2.LINE_AA)
    assert abs(math.degrees(vessel_axis(picture)[0])) > 60
    boxes = [BoundingBox(x - 30, y - 60, 60, 120) for x, y in ((160, 140), (320, 240), (480, 340), (440, 130))]
    assert math.degrees(vessel_axis(picture, boxes)[0]) == pytest.approx(0, abs=4)


def test_contrast_is_that_of_the_picture_not_of_the_light() -> None:
    bright, dim = lines(10, 40), (lines(10, 40) // 2).astype(np.uint8)
    assert np.corrcoef(local_contrast(bright).ravel(), local_contrast(dim).ravel())[0, 1] > 0.98
    assert local_contrast(dim).std() == pytest.approx(local_contrast(bright).std(), rel=0.2)
