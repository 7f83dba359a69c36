import pytest

from appliance.analysis.measure import is_possible_width, measure_loop, measure_loops, usable_calibration
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.detection import BoundingBox, CapillaryDetection, Morphology, SizeClass
from appliance.domain.keypoints import LoopKeypoints, WidthSegment

BOX = BoundingBox(100.0, 50.0, 40.0, 120.0)
DETECTION = CapillaryDetection(BOX, 0.9, Morphology.NORMAL, SizeClass.NORMAL)
CALIBRATION = Calibration("micrometer", 1.5, 640, 480, ScaleOrigin.STAGE_MICROMETER)
NONE_SEEN = LoopKeypoints(None, None, None)


def test_a_width_is_the_length_of_its_segment_times_the_scale() -> None:
    keypoints = LoopKeypoints(WidthSegment((117.0, 50.0), (123.0, 58.0)), WidthSegment((101, 80), (109, 80)), None)
    loop = measure_loop(DETECTION, keypoints, 1.5)
    assert loop.apical is not None
    assert loop.arterial is not None
    assert (loop.apical.px, loop.apical.um) == (10.0, 15.0)
    assert (loop.arterial.px, loop.arterial.um) == (8.0, 12.0)
    assert loop.venous is None


def test_the_apex_is_the_outer_end_of_the_apical_segment() -> None:
    keypoints = LoopKeypoints(WidthSegment((120.0, 50.0), (120.0, 62.0)), None, None)
    assert measure_loop(DETECTION, keypoints, None).apex_px == (120.0, 50.0)
    assert measure_loop(DETECTION, NONE_SEEN, None).apex_px is None


def test_without_a_scale_pixels_stand_and_micrometres_do_not() -> None:
    keypoints = LoopKeypoints(WidthSegment((120.0, 50.0), (120.0, 62.0)), None, None)
    apical = measure_loop(DETECTION, keypoints, None).apical
    assert apical is not None
    assert (apical.px, apical.um) == (12.0, None)


@pytest.mark.parametrize("size", [(640, 360), (1280, 960), (480, 640)])
def test_a_calibration_for_another_frame_size_is_not_used(size: tuple[int, int]) -> None:
    assert usable_calibration(CALIBRATION, *size) is None


def test_a_calibration_for_this_frame_size_is_used() -> None:
    assert usable_calibration(CALIBRATION, 640, 480) is CALIBRATION
    assert usable_calibration(None, 640, 480) is None


@pytest.mark.parametrize(
    ("start", "end", "is_possible"),
    [
        ((115.0, 60.0), (127.0, 60.0), True),
        ((120.0, 60.0), (120.0, 60.5), False),  # both ends on one spot
        ((100.0, 60.0), (144.0, 60.0), True),  # as wide as the loop, give or take the box
        ((96.0, 60.0), (141.0, 60.0), False),  # wider than the loop
        ((120.0, 20.5), (120.0, 32.5), True),  # a little above the box
        ((120.0, 8.0), (120.0, 20.5), False),  # far above it
        ((170.5, 60.0), (182.0, 60.0), False),  # on the neighbour
    ],
)
def test_impossible_widths_are_not_measured(
    start: tuple[float, float], end: tuple[float, float], is_possible: bool
) -> None:
    assert is_possible_width(WidthSegment(start, end), BOX) is is_possible
    loop = measure_loop(DETECTION, LoopKeypoints(WidthSegment(start, end), None, None), 1.0)
    assert (loop.apical is not None) is is_possible
    assert (loop.apex_px is not None) is is_possible


def test_a_loop_rolled_on_its_side_is_measured_across_its_height() -> None:
    lying = BoundingBox(100.0, 50.0, 120.0, 40.0)
    assert is_possible_width(WidthSegment((100.0, 70.0), (130.0, 70.0)), lying)
    assert not is_possible_width(WidthSegment((100.0, 70.0), (150.0, 70.0)), lying)


def test_keypoints_of_another_number_of_loops_are_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        measure_loops([DETECTION, DETECTION], [NONE_SEEN], 1.0)
