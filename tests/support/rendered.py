"""Rendered nailfolds and an engine that sees exactly what is true of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.measure import MeasuredLoop
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.detection import BoundingBox, CapillaryDetection, Detections, HaemorrhageDetection
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.keypoints import LoopKeypoints, WidthSegment
from appliance.ports import EngineSet
from engines.synthetic.truth import LoopTruth, RenderedImage, Segment

BEGIN_UTC = datetime(2026, 11, 22, 10, 0, tzinfo=timezone.utc)
IDENTITY = EngineIdentity("0.1.0", "truth", {"detector": f"sha256:{'1' * 64}", "keypoints": f"sha256:{'2' * 64}"})


class TruthEngine:
    """Both networks at once, perfect: finds every loop that an expert would count, with its true widths.

    `seen` are the pictures it was asked about. `show` changes the scene; `move` shifts what is found, as a hand would;
    `widen` lets the vessels grow.
    """

    def __init__(self, scene: RenderedImage) -> None:
        self.seen: list[NDArray[np.uint8]] = []
        self.show(scene)

    def show(self, scene: RenderedImage) -> None:
        self.loops = visible_loops(scene)
        self._haemorrhages = [truth for truth in scene.haemorrhages if not truth.is_ignored]
        self._shift = np.zeros(2)
        self._widening = 1.0

    def move(self, dx: float, dy: float) -> None:
        self._shift += (dx, dy)

    def widen(self, factor: float) -> None:
        """Every width from now on, about the segment's first end."""
        self._widening *= factor

    @property
    def engines(self) -> EngineSet:
        return EngineSet(self, self, IDENTITY)

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        self.seen.append(image_rgb)
        return Detections(
            tuple(CapillaryDetection(self._box(loop.bbox_px), 0.9, loop.morphology, loop.size) for loop in self.loops),
            tuple(HaemorrhageDetection(self._box(truth.bbox_px), 0.8) for truth in self._haemorrhages),
        )

    def estimate(self, image_rgb: NDArray[np.uint8], boxes: Sequence[BoundingBox]) -> tuple[LoopKeypoints, ...]:
        self.seen.append(image_rgb)
        shown = {self._box(loop.bbox_px): loop for loop in self.loops}
        return tuple(self._points(shown[box]) for box in boxes)

    def _points(self, loop: LoopTruth) -> LoopKeypoints:
        ends = (loop.apical_px, loop.arterial_px, loop.venous_px)
        return LoopKeypoints(*(self._segment(segment) for segment in ends))

    def _box(self, box: tuple[float, float, float, float]) -> BoundingBox:
        dx, dy = (float(by) for by in self._shift)
        return BoundingBox(box[0] + dx, box[1] + dy, box[2], box[3])

    def _segment(self, segment: Segment | None) -> WidthSegment | None:
        if segment is None:
            return None
        start, end = np.asarray(segment) + self._shift
        (x0, y0), (x1, y1) = start, start + self._widening * (end - start)
        return WidthSegment((float(x0), float(y0)), (float(x1), float(y1)))


def points_of(loop: MeasuredLoop) -> LoopKeypoints:
    """What a network says that sees exactly these widths."""
    return LoopKeypoints(*(None if one is None else one.segment for one in (loop.apical, loop.arterial, loop.venous)))


def visible_loops(scene: RenderedImage) -> tuple[LoopTruth, ...]:
    """The loops that an expert would count."""
    return tuple(loop for loop in scene.loops if not loop.is_ignored)


def calibration_of(scene: RenderedImage) -> Calibration:
    height, width = scene.image_rgb.shape[:2]
    return Calibration(f"rendered-{scene.seed}", scene.um_per_px, width, height, ScaleOrigin.SIMULATED)


def frame_of(image_rgb: NDArray[np.uint8], seq: int = 0, fps: float = 30.0) -> Frame:
    """A frame of a video at a constant rate."""
    height, width = image_rgb.shape[:2]
    camera = CameraDescription("rendered", "rendered", "rgb8", width, height, fps)
    return Frame(seq, image_rgb, seq / fps, BEGIN_UTC + timedelta(seconds=seq / fps), camera)
