"""The keypoint estimator over a network whose answers are known."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from appliance.domain.detection import BoundingBox
from appliance.domain.errors import InferenceError
from appliance.inference.crops import crop_square
from appliance.inference.keypoint_estimator import OnnxKeypointEstimator
from appliance.inference.manifest import EngineManifest, read_manifest
from appliance.inference.ort_runtime import OnnxRuntime
from appliance.inference.settings import InferenceSettings
from appliance.ports import Tensor
from engines.build.known_networks import POINTS


@pytest.fixture
def manifest(weights: Callable[..., Path]) -> EngineManifest:
    return read_manifest(weights())


@pytest.fixture
def estimator(manifest: EngineManifest) -> OnnxKeypointEstimator:
    engine = OnnxRuntime(manifest, threads=1).load("keypoints")
    return OnnxKeypointEstimator(engine, manifest.engine("keypoints"), InferenceSettings())


def _picture(red: int, green: int, blue: int) -> np.ndarray:
    return np.full((480, 640, 3), (red, green, blue), dtype=np.uint8)


def test_points_are_in_pixels_of_the_frame(estimator: OnnxKeypointEstimator) -> None:
    box = BoundingBox(100, 50, 40, 200)
    (loop,) = estimator.estimate(_picture(255, 255, 255), [box])
    x0, y0, side = crop_square((100, 50, 40, 200))
    expected = (POINTS + 10 + 0.5) * side / 96 + (x0, y0)
    segments = (loop.apical, loop.arterial, loop.venous)
    found = [end for segment in segments if segment for end in (segment.start_px, segment.end_px)]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_width_the_network_doubts_is_not_measurable(estimator: OnnxKeypointEstimator) -> None:
    (loop,) = estimator.estimate(_picture(140, 120, 255), [BoundingBox(100, 50, 40, 200)])  # 0.549, 0.471, 1.0
    assert loop.apical is not None
    assert loop.arterial is None
    assert loop.venous is not None


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 64, 65])
def test_every_box_has_its_answer_in_order(estimator: OnnxKeypointEstimator, count: int) -> None:
    image = _picture(255, 255, 255)
    boxes = [BoundingBox(5.0 * index, 2.0 * index, 30, 60) for index in range(count)]
    loops = estimator.estimate(image, boxes)
    assert len(loops) == count
    for box, loop in zip(boxes, loops, strict=True):
        assert loop == estimator.estimate(image, [box])[0]


class _Spoiled:
    """A network that overflows."""

    def run(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        count = len(inputs["crops"])
        return {"points": np.full((count, 6, 2), np.nan, np.float32), "confidence": np.ones((count, 3), np.float32)}

    def close(self) -> None:
        pass


def test_a_network_that_overflowed_is_an_error_and_not_a_missing_width(manifest: EngineManifest) -> None:
    estimator = OnnxKeypointEstimator(_Spoiled(), manifest.engine("keypoints"), InferenceSettings())
    with pytest.raises(InferenceError, match="not numbers"):
        estimator.estimate(_picture(0, 0, 0), [BoundingBox(10, 10, 20, 40)])


def test_crops_of_another_size_than_the_network_takes_are_refused(manifest: EngineManifest) -> None:
    entry = dataclasses.replace(manifest.engine("keypoints"), crop_px=128)
    with pytest.raises(InferenceError, match="128"):
        OnnxKeypointEstimator(_Spoiled(), entry, InferenceSettings())
