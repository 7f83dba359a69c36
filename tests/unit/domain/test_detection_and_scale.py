import numpy as np
import pytest

from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.detection import BoundingBox
from appliance.domain.errors import CalibrationError
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.keypoints import WidthSegment
from appliance.domain.metrics import DensityBand, density_band
from tests.support.rendered import BEGIN_UTC

CAMERA = CameraDescription("scope", "a168:0990:1", "MJPG", 640, 480)


@pytest.mark.parametrize(
    ("other", "iou"),
    [
        (BoundingBox(0, 0, 10, 20), 1.0),
        (BoundingBox(5, 0, 10, 20), 1 / 3),
        (BoundingBox(0, 10, 10, 20), 1 / 3),
        (BoundingBox(2, 5, 4, 4), 16 / 200),
        (BoundingBox(10, 0, 10, 20), 0.0),
        (BoundingBox(50, 50, 1, 1), 0.0),
    ],
)
def test_intersection_over_union(other: BoundingBox, iou: float) -> None:
    box = BoundingBox(0, 0, 10, 20)
    assert box.iou(other) == pytest.approx(iou)
    assert other.iou(box) == pytest.approx(iou)


def test_a_segment_knows_its_length_and_middle() -> None:
    segment = WidthSegment((1.0, 2.0), (4.0, 6.0))
    assert (segment.length_px, segment.centre_px) == (5.0, (2.5, 4.0))


@pytest.mark.parametrize("um_per_px", [0.0, -1.4, 0.049, 50.1, float("nan")])
def test_a_scale_that_no_capillaroscope_has_is_refused(um_per_px: float) -> None:
    with pytest.raises(CalibrationError, match="calibrate again"):
        Calibration("bad", um_per_px, 640, 480, ScaleOrigin.OPERATOR)


def test_a_calibration_refuses_frames_of_another_size() -> None:
    calibration = Calibration("good", 1.41, 640, 480, ScaleOrigin.OPERATOR)
    calibration.require_frame_size(640, 480)
    with pytest.raises(CalibrationError, match="640x480 frames, this frame is 1280x960"):
        calibration.require_frame_size(1280, 960)


@pytest.mark.parametrize(
    ("density", "band"),
    [
        (12.0, DensityBand.NORMAL),
        (7.0, DensityBand.NORMAL),
        (6.99, DensityBand.LOWERED),
        (3.01, DensityBand.LOWERED),
        (3.0, DensityBand.EXTREMELY_LOWERED),
        (0.4, DensityBand.EXTREMELY_LOWERED),
    ],
)
def test_density_bands(density: float, band: DensityBand) -> None:
    assert density_band(density) is band


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 4), np.uint8),
        np.zeros((480, 640, 3), np.float32),
    ],
)
def test_a_frame_is_rgb_of_bytes_and_nothing_else(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        Frame(1, image, 0.0, BEGIN_UTC, CAMERA)


def test_a_frame_without_a_timezone_is_refused() -> None:
    with pytest.raises(ValueError, match="UTC"):
        Frame(1, np.zeros((480, 640, 3), np.uint8), 0.0, BEGIN_UTC.replace(tzinfo=None), CAMERA)


@pytest.mark.parametrize(
    ("other", "share"),
    [
        ((0.0, 0.0, 10.0, 4.0), 1.0),
        ((5.0, 0.0, 10.0, 4.0), 20 / 60),
        ((0.0, 3.5, 10.0, 4.0), 5 / 75),
        ((9.5, 3.5, 10.0, 4.0), 0.25 / 79.75),
        ((10.0, 0.0, 10.0, 4.0), 0.0),
        ((0.0, 4.0, 10.0, 4.0), 0.0),
        ((20.0, 1.0, 10.0, 4.0), 0.0),
        ((20.0, 20.0, 10.0, 4.0), 0.0),
    ],
)
def test_overlap_of_two_boxes(other: tuple[float, float, float, float], share: float) -> None:
    one, two = BoundingBox(0.0, 0.0, 10.0, 4.0), BoundingBox(*other)
    assert one.iou(two) == two.iou(one) == pytest.approx(share)
