"""Which way the finger lies: with a detector that cannot tell, and with the networks that the product ships."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.analysis.live_upright import UprightWatch
from appliance.analysis.orientation import LEAST, find_orientation
from appliance.analysis.pipeline import Pipeline
from appliance.analysis.turned_view import view_of_turn
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.detection import BoundingBox, CapillaryDetection, Detections, Morphology, SizeClass
from appliance.domain.quality import QualityReason
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.ports import Detector, EngineSet
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render
from tests.support.rendered import frame_of

WEIGHTS = Path(__file__).parents[3] / "engines" / "weights"
EMPTY = np.full((480, 640, 3), 150, np.uint8)


@pytest.fixture(scope="module")
def engines() -> Iterator[EngineSet]:
    # Opened in a thread of its own: the one that opens them takes the smallest numbers for zero from then on.
    with ThreadPoolExecutor(max_workers=1) as thread:
        engines = thread.submit(load_engine_set, InferenceSettings(weights_dir=WEIGHTS), "test").result()
    yield engines
    engines.detector.close()  # type: ignore[attr-defined]  # the real ones hold a runtime
    engines.keypoints.close()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    seeds = range(910_000, 910_004)
    return [render(seed, um_per_px=2.0, pattern=Pattern.HEALTHY, difficulty=0.2).image_rgb for seed in seeds]


def turned(picture: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """The picture of a finger turned clockwise."""
    return view_of_turn(picture.shape[1], picture.shape[0], -math.radians(degrees)).show(picture)


def off_by(engines: EngineSet, picture: NDArray[np.uint8], degrees: float) -> float:
    found = find_orientation(engines.detector, turned(picture, degrees))
    assert found.is_known
    return abs(math.remainder(math.degrees(found.turn_rad) - degrees, 360))


class TwoFaced:
    """A detector that finds the same in every picture, whichever way it is turned."""

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        height, width = image_rgb.shape[:2]
        at = (BoundingBox(width / 2 + 40 * step, height / 2 - 40, 30, 80) for step in range(-4, 4))
        return Detections(tuple(CapillaryDetection(box, 0.9, Morphology.NORMAL, SizeClass.NORMAL) for box in at), ())


@pytest.mark.parametrize("degrees", [-135, -90, -50, 60, 90, 150, 180])
def test_direction_of_a_turned_finger_is_found(
    engines: EngineSet, pictures: list[NDArray[np.uint8]], degrees: int
) -> None:
    assert max(off_by(engines, picture, degrees) for picture in pictures) < 46  # one step of eight
    assert np.median([off_by(engines, picture, degrees) for picture in pictures]) < 20


def test_upright_pictures_and_empty_ones_stay_about_as_they_are(
    engines: EngineSet, pictures: list[NDArray[np.uint8]]
) -> None:
    turns = [math.degrees(find_orientation(engines.detector, picture).turn_rad) for picture in pictures]
    assert np.median(turns) == 0
    assert max(np.abs(turns)) < 25  # a finger may be rolled a little
    empty = find_orientation(engines.detector, EMPTY)
    assert (empty.turn_rad, empty.is_known) == (0.0, True)


def test_a_still_on_its_head_is_measured_as_the_upright_one_is(
    engines: EngineSet, pictures: list[NDArray[np.uint8]]
) -> None:
    pipeline = Pipeline(engines)
    upright = pipeline.analyse(frame_of(pictures[0]), track=False)
    head_down = pipeline.analyse(frame_of(np.ascontiguousarray(np.rot90(pictures[0], 2))), track=False)
    assert QualityReason.TURNED not in head_down.quality.reasons
    assert len(head_down.capillaries) == pytest.approx(len(upright.capillaries), abs=2)
    assert head_down.metrics.capillaries_distal == pytest.approx(upright.metrics.capillaries_distal, abs=1)
    mirrored = {(round(639 - c.bbox.centre[0]), round(479 - c.bbox.centre[1])) for c in head_down.capillaries}
    found = {(round(c.bbox.centre[0]), round(c.bbox.centre[1])) for c in upright.capillaries}
    near = [min(math.dist(one, other) for other in found) for one in mirrored]
    assert np.median(near) < 4


def test_a_picture_that_looks_the_same_both_ways_is_not_trusted() -> None:
    # Lines at a slant, so that the picture as it is shows no upright loop: only turned ones do.
    slanted = EMPTY.copy()
    for x in range(-400, 900, 60):
        for step in range(200):
            slanted[100 + step : 104 + step, max(0, x + step) : max(0, x + step + 8)] = 90
    assert LEAST < 8 * 0.9
    assert not find_orientation(TwoFaced(), slanted).is_known


class Counting:
    """The detector, and how often it was asked."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.looks = 0

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        self.looks += 1
        return self._detector.detect(image_rgb)


def played(engines: EngineSet, picture: NDArray[np.uint8], seconds: float, fps: float = 8.0) -> FrameAnalysis:
    """The last frame of a video that shows nothing else."""
    pipeline = Pipeline(engines)
    results = [pipeline.analyse(frame_of(picture, seq, fps), track=True) for seq in range(round(seconds * fps))]
    return results[-1]


def test_a_live_frame_of_an_upright_finger_is_looked_at_once_and_once_a_second_more(
    engines: EngineSet, pictures: list[NDArray[np.uint8]]
) -> None:
    counting = Counting(engines.detector)
    counted = EngineSet(counting, engines.keypoints, engines.identity, engines.stills)
    played(counted, pictures[0], 0.125)
    assert counting.looks == 1
    played(counted, pictures[0], 2.5)
    assert counting.looks == 1 + 20 + 3


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_live_finger_that_does_not_point_up_is_seen_as_an_upright_one_is(
    engines: EngineSet, pictures: list[NDArray[np.uint8]], quarters: int
) -> None:
    upright = played(engines, pictures[2], 0.5)
    lying = played(engines, np.ascontiguousarray(np.rot90(pictures[2], quarters)), 2.5)
    assert len(lying.capillaries) >= 0.9 * len(upright.capillaries)
    assert lying.metrics.capillaries_distal == pytest.approx(upright.metrics.capillaries_distal, abs=1)
    widths = [[c.apical.px for c in one.capillaries if c.apical is not None] for one in (upright, lying)]
    assert np.median(widths[1]) == pytest.approx(np.median(widths[0]), rel=0.1)
    for capillary in lying.capillaries:
        if capillary.apical is not None:
            box, (x, y) = capillary.bbox, capillary.apical.segment.centre_px
            assert box.x <= x <= box.x + box.w
            assert box.y <= y <= box.y + box.h


def test_a_live_finger_that_is_turned_back_is_followed(engines: EngineSet, pictures: list[NDArray[np.uint8]]) -> None:
    upright, head_down = pictures[2], np.ascontiguousarray(np.rot90(pictures[2], 2))
    pipeline = Pipeline(engines)
    counts = []
    for seq in range(40):
        picture = upright if seq >= 20 else head_down
        counts.append(len(pipeline.analyse(frame_of(picture, seq, 8.0), track=True).capillaries))
    assert counts[39] == pytest.approx(counts[19], abs=1)
    assert counts[39] > 10 > counts[0]


def test_what_looks_the_same_every_way_turns_nothing() -> None:
    watch, two_faced = UprightWatch(), TwoFaced()
    for seq in range(40):
        watch.look(two_faced, EMPTY, EMPTY, two_faced.detect(EMPTY), seq / 8)
    assert watch.turn_rad == 0.0
