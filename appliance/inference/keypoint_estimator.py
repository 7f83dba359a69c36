"""The keypoint estimator: end points of the three widths of every loop, or nothing where it cannot see them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import BoundingBox
from appliance.domain.errors import InferenceError
from appliance.domain.keypoints import LoopKeypoints, WidthSegment
from appliance.inference.crops import crop_squares, crop_to_frame, cut_squares
from appliance.inference.manifest import REINSTALL, EngineEntry
from appliance.inference.settings import InferenceSettings
from appliance.ports import LoadedEngine

MAX_BATCH = 16
"""Crops in one run. The TensorRT profile takes 32; on a processor more at once is no faster, and a network keeps the
buffers of its largest run (10 MB more for 32). A live frame rarely asks for so many."""


class OnnxKeypointEstimator:
    """A KeypointEstimator over any runtime.

    Args:
        engine: input "crops" uint8 [N, crop, crop, 3]; outputs "points" [N, 6, 2] (x, y in crop pixels: apical outer
            and inner, arterial a and b, venous a and b) and "confidence" [N, 3] (apical, arterial, venous), 0 to 1.
        entry: the manifest's word on the crop size.
        settings: min_keypoint_confidence.
    """

    def __init__(self, engine: LoadedEngine, entry: EngineEntry, settings: InferenceSettings) -> None:
        crop_px = entry.crop_px
        if crop_px is None or entry.input.shape != (None, crop_px, crop_px, 3):
            raise InferenceError(f"the keypoint network's input is {entry.input}, its crops {crop_px} px", REINSTALL)
        self._engine = engine
        self._crop_px = crop_px
        self._min_confidence = settings.min_keypoint_confidence

    def estimate(self, image_rgb: NDArray[np.uint8], boxes: Sequence[BoundingBox]) -> tuple[LoopKeypoints, ...]:
        """One entry a box, in the same order, in pixels of `image_rgb` (uint8 [height, width, 3])."""
        loops: list[LoopKeypoints] = []
        for start in range(0, len(boxes), MAX_BATCH):
            batch = boxes[start : start + MAX_BATCH]
            loops.extend(self._estimate_batch(image_rgb, np.array([(box.x, box.y, box.w, box.h) for box in batch])))
        return tuple(loops)

    def close(self) -> None:
        """Free the network."""
        self._engine.close()

    def _estimate_batch(self, image_rgb: NDArray[np.uint8], boxes_xywh: NDArray[np.float64]) -> list[LoopKeypoints]:
        squares = crop_squares(boxes_xywh)
        outputs = self._engine.run({"crops": cut_squares(image_rgb, squares, self._crop_px)})
        points, confidence = outputs["points"], outputs["confidence"]
        if not (np.isfinite(points).all() and np.isfinite(confidence).all()):
            raise InferenceError(
                "the keypoint network's output contains values that are not numbers",
                "Build the engines again; if it stays, report the picture.",
            )
        in_frame = crop_to_frame(points, squares, self._crop_px).tolist()
        is_seen = (confidence >= self._min_confidence).tolist()
        return [_loop(ends, seen) for ends, seen in zip(in_frame, is_seen, strict=True)]


def _loop(ends: list[list[float]], is_seen: list[bool]) -> LoopKeypoints:
    segments = [
        WidthSegment((ends[2 * width][0], ends[2 * width][1]), (ends[2 * width + 1][0], ends[2 * width + 1][1]))
        if is_seen[width]
        else None
        for width in range(3)
    ]
    return LoopKeypoints(*segments)
