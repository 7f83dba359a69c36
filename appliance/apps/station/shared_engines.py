"""Engines that the live view and a panorama use in turn."""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import BoundingBox, Detections
from appliance.domain.keypoints import LoopKeypoints
from appliance.inference.tiled_detection import TiledDetector
from appliance.ports import Detector, EngineSet, KeypointEstimator


def shared(engines: EngineSet) -> EngineSet:
    """The same engines, one call at a time: a second user waits for one view, never for a panorama or a large still."""
    turn = threading.Lock()

    def by_turns(detector: Detector) -> Detector:
        return _SharedDetector(detector, turn)

    stills = engines.stills.behind(by_turns) if isinstance(engines.stills, TiledDetector) else None
    return EngineSet(by_turns(engines.detector), _SharedKeypoints(engines.keypoints, turn), engines.identity, stills)


class _SharedDetector:
    def __init__(self, detector: Detector, turn: threading.Lock) -> None:
        self._detector = detector
        self._turn = turn

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        with self._turn:
            return self._detector.detect(image_rgb)


class _SharedKeypoints:
    def __init__(self, keypoints: KeypointEstimator, turn: threading.Lock) -> None:
        self._keypoints = keypoints
        self._turn = turn

    def estimate(self, image_rgb: NDArray[np.uint8], boxes: Sequence[BoundingBox]) -> tuple[LoopKeypoints, ...]:
        with self._turn:
            return self._keypoints.estimate(image_rgb, boxes)
