"""A whole nailfold from a sweep along it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.analysis.panorama import MOST_LOST_FRAMES, Stitcher
from appliance.analysis.panorama_analysis import PanoramaAnalyser
from appliance.analysis.panorama_detection import PanoramaDetector
from appliance.analysis.registration import Pose, register, registration_view
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.detection import BoundingBox, Detections, Row
from appliance.domain.errors import ExamError
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from engines.synthetic.live import LiveScene
from engines.synthetic.render import render
from tests.support.rendered import TruthEngine, frame_of, visible_loops

WEIGHTS = Path(__file__).parents[3] / "engines" / "weights"
SCENE = render(1)
SWEEP_S = np.arange(5.5, 30.0, 0.25)
"""From the rest at one end of the strip to the rest at its other end."""
UM_PER_PX = 1.41


scene_of = lru_cache(LiveScene)
rendered = lru_cache(render)


@lru_cache
def sweep(seed: int, blurred_every: int) -> tuple[Stitcher, NDArray[np.float64]]:
    """A stitcher that saw the sweep, and the true offset of each frame in the strip."""
    scene, stitcher, offsets = scene_of(seed), Stitcher(), []
    streak = np.ones((1, 36), np.float32) / 36
    for index, at_s in enumerate(SWEEP_S):
        image = scene.frame(float(at_s))[0]
        if blurred_every and index % blurred_every == 1:
            image = np.asarray(cv2.filter2D(image, -1, streak), dtype=np.uint8)
        stitcher.add(image)
        offsets.append(scene._offset(float(at_s)))
    return stitcher, np.array(offsets)


@pytest.mark.parametrize(("seed", "blurred_every"), [(1, 0), (4, 0), (1, 3)])
def test_length_and_place_of_a_sweep_are_right_to_half_a_percent(seed: int, blurred_every: int) -> None:
    stitcher, offsets = sweep(seed, blurred_every)
    panorama = stitcher.panorama()
    true_width, true_height = np.ptp(offsets, axis=0) + np.array([640, 480])
    assert panorama.image_rgb.shape[1] == pytest.approx(true_width, rel=0.005)
    assert panorama.image_rgb.shape[0] == pytest.approx(true_height, abs=8)
    strip = scene_of(seed)._strip.with_cells
    left, top = (round(side) for side in offsets.min(axis=0))
    height, width = (side - 40 for side in panorama.image_rgb.shape[:2])
    truth = strip[top + 20 : top + 20 + height, left + 20 : left + 20 + width].astype(int)
    likeness = np.corrcoef(truth[..., 1].ravel(), panorama.image_rgb[20 : 20 + height, 20 : 20 + width, 1].ravel())
    assert likeness[0, 1] > 0.9


def test_frames_blurred_by_motion_are_passed_over() -> None:
    sharp, _ = sweep(1, 0)
    blurred, _ = sweep(1, 3)
    detail = [float(cv2.Laplacian(one.panorama().image_rgb[..., 1], cv2.CV_64F).var()) for one in (sharp, blurred)]
    assert detail[1] > 0.8 * detail[0]


def test_loops_are_counted_once_over_the_true_millimetres() -> None:
    # In a thread of its own: ONNX Runtime has its threads take the smallest numbers for zero, which other tests refuse.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(require_true_counts).result()


def require_true_counts() -> None:
    """With the networks that the product ships; the error of single loops is the detector's, that of length is ours."""
    engines = load_engine_set(InferenceSettings(weights_dir=WEIGHTS), "0")
    scale = Calibration("strip", UM_PER_PX, 640, 480, ScaleOrigin.SIMULATED)
    found, true = 0, 0
    for seed in (1, 4):
        stitcher, offsets = sweep(seed, 0)
        frame = frame_of(scene_of(seed).frame(float(SWEEP_S[-1]))[0])
        shown = PanoramaAnalyser(engines, lambda _: scale)(stitcher.panorama(), frame)
        low, high = offsets[:, 0].min(), offsets[:, 0].max() + 640
        metrics = shown.analysis.metrics
        assert metrics.distal_row_mm == pytest.approx((high - low) * UM_PER_PX / 1000, rel=0.02)
        loops = scene_of(seed)._strip.truth.loops
        true += sum(loop.row is Row.DISTAL and not loop.is_ignored and low <= loop.apex_px[0] < high for loop in loops)
        found += metrics.capillaries_distal
    assert found == pytest.approx(true, rel=0.2)


class BoxDetector:
    """Finds bright squares, each at its place; what is cut at a tile's border is a smaller box."""

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        count, _, stats, _ = cv2.connectedComponentsWithStats((image_rgb[..., 0] > 128).astype(np.uint8))
        boxes = [BoundingBox(*(float(value) for value in stats[index][:4])) for index in range(1, count)]
        template = TruthEngine(SCENE).detect(image_rgb).capillaries[0]
        return Detections(tuple(replace(template, bbox=box) for box in boxes), ())


def test_each_loop_of_a_wide_picture_is_found_once_and_whole() -> None:
    image = np.zeros((500, 3000, 3), np.uint8)
    lefts = list(range(10, 2960, 47))
    for left in lefts:
        image[100:260, left : left + 30] = 255
    found = PanoramaDetector(BoxDetector(), (640, 480)).detect(image).capillaries
    assert sorted(round(one.bbox.x) for one in found) == lefts
    assert {(one.bbox.w, one.bbox.h) for one in found} == {(30.0, 160.0)}


def test_picture_of_the_cameras_size_is_looked_at_in_one_piece() -> None:
    seen: list[tuple[int, ...]] = []

    class Counting(BoxDetector):
        def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
            seen.append(image_rgb.shape)
            return Detections((), ())

    PanoramaDetector(Counting(), (640, 480)).detect(np.zeros((560, 700, 3), np.uint8))
    assert seen == [(560, 700, 3)]


@pytest.mark.parametrize(("dx", "dy", "degrees"), [(0, 0, 0), (120, -14, 0), (-40, 22, 3.0), (210, 5, -2.0)])
def test_shift_and_turn_of_two_frames_are_found_to_part_of_a_pixel(dx: float, dy: float, degrees: float) -> None:
    strip = scene_of(4)._strip.with_cells
    before = np.ascontiguousarray(strip[40:520, 500:1140])
    turn = np.deg2rad(degrees)
    pose = Pose(dx, dy, float(turn))
    onto = pose.matrix()
    onto[:, 2] += (500, 40)
    after = cv2.warpAffine(strip, onto, (640, 480), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    found = register(
        registration_view(before), registration_view(np.asarray(after, dtype=np.uint8)), Pose(0.0, 0.0, 0.0)
    )
    assert found is not None
    assert (found.pose.x, found.pose.y) == pytest.approx((dx, dy), abs=0.6)
    assert found.pose.turn_rad == pytest.approx(turn, abs=0.002)


def test_different_nailfolds_are_not_laid_on_each_other() -> None:
    scenes = [rendered(seed) for seed in range(8)]
    views = [registration_view(scene.image_rgb) for scene in scenes if len(visible_loops(scene)) >= 3]
    pairs = list(pairwise(views))
    assert [register(one, two, Pose(0.0, 0.0, 0.0)) for one, two in pairs] == [None] * len(pairs)


def test_sweep_that_leaves_the_nailfold_or_changes_size_is_refused() -> None:
    scene, stitcher = scene_of(1), Stitcher()
    stitcher.add(scene.frame(0.0)[0])
    with pytest.raises(ExamError, match="hardly moved"):
        stitcher.panorama()
    other = render(7).image_rgb
    for _ in range(MOST_LOST_FRAMES):
        assert not stitcher.add(other)
    assert stitcher.lost_frames == MOST_LOST_FRAMES
    with pytest.raises(ExamError, match="lost the nailfold"):
        stitcher.add(other)
    with pytest.raises(ExamError, match="changed its picture size"):
        stitcher.add(other[:240])


def test_poses_compose_and_invert() -> None:
    one, two = Pose(30.0, -4.0, 0.05), Pose(-7.0, 12.0, -0.02)
    points = np.array([[0.0, 0.0], [100.0, 40.0]])
    assert one.then(two).map(points) == pytest.approx(one.map(two.map(points)))
    both = one.then(two)
    back = one.between(both)
    assert (back.x, back.y, back.turn_rad) == pytest.approx((two.x, two.y, two.turn_rad))
