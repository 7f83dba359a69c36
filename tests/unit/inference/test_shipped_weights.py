"""The weights that ship: vouched for, and seeing loops in a picture whose loops are known."""

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from appliance.domain.detection import BoundingBox
from appliance.inference.engine_set import load_engine_set
from appliance.inference.manifest import read_manifest
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render
from engines.synthetic.truth import RenderedImage

WEIGHTS = Path(__file__).parents[3] / "engines" / "weights"
SEEDS = range(90_000, 90_005)


@cache
def _engines() -> EngineSet:
    return load_engine_set(InferenceSettings(weights_dir=WEIGHTS), "0.1.0")


@pytest.mark.parametrize("role", ["detector", "keypoints"])
def test_the_manifest_vouches_for_the_shipped_file(role: str) -> None:
    entry = read_manifest(WEIGHTS).engine(role)
    assert hashlib.sha256(entry.path.read_bytes()).hexdigest() == entry.sha256
    assert entry.training, "the manifest does not say how these weights were made"


@cache
def _picture(seed: int, width: int, height: int) -> RenderedImage:
    return render(seed, width=width, height=height, pattern=Pattern.HEALTHY, difficulty=0.3)


@pytest.mark.parametrize(("width", "height", "pictures"), [(640, 480, 5), (1280, 1024, 2)])
def test_most_clear_loops_are_found_where_they_are(width: int, height: int, pictures: int) -> None:
    """Not the product's accuracy (engines/evaluation measures that): a swapped axis or channel would end below this."""
    is_found = []
    for seed in SEEDS[:pictures]:
        picture = _picture(seed, width, height)
        boxes = [capillary.bbox for capillary in _engines().detector.detect(picture.image_rgb).capillaries]
        for loop in picture.loops:
            overlaps = [box.iou(BoundingBox(*loop.bbox_px)) for box in boxes]
            if not loop.is_ignored:
                is_found.append(max(overlaps, default=0.0) >= 0.5)
    assert len(is_found) > 10
    assert np.mean(is_found) > 0.6


def test_measured_apical_widths_follow_the_drawn_ones() -> None:
    errors_px = []
    for seed in SEEDS[:5]:
        picture = _picture(seed, 640, 480)
        loops = [loop for loop in picture.loops if not loop.is_ignored and loop.apical_px is not None]
        answers = _engines().keypoints.estimate(picture.image_rgb, [BoundingBox(*loop.bbox_px) for loop in loops])
        for loop, answer in zip(loops, answers, strict=True):
            if answer.apical is not None and loop.apical_px is not None:
                drawn_px = np.hypot(*np.subtract(*loop.apical_px))
                errors_px.append(abs(answer.apical.length_px - drawn_px))
    assert len(errors_px) > 20
    assert np.median(errors_px) < 3.0


def test_an_empty_picture_has_no_capillaries() -> None:
    assert _engines().detector.detect(np.full((480, 640, 3), (190, 150, 130), dtype=np.uint8)).capillaries == ()
