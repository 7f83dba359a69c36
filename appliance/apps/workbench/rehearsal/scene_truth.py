"""What the simulated capillaroscope really showed in a kept still, read by the device's own measuring rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.pipeline import Pipeline
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.detection import BoundingBox, CapillaryDetection, Detections, HaemorrhageDetection
from appliance.domain.errors import ExportError
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.keypoints import LoopKeypoints, WidthSegment
from appliance.domain.metrics import ImageMetrics
from appliance.ports import EngineSet
from engines.synthetic.live import ChangingPlaces
from engines.synthetic.live_truth import FrameTruth
from engines.synthetic.truth import LoopTruth, Segment

ByteImage = NDArray[np.uint8]
_COARSE_STEP_S, _FINE_STEP_S = 0.04, 0.002
_WINDOW_S = 0.08
_SHRUNK_PX = (80, 60)
_LARGEST_DIFFERENCE = 6.0
"""Grey levels, mean over the shrunk picture: two moments of one scene that match differ by noise alone, below 2."""


@dataclass(frozen=True)
class DatedStill:
    """A kept still (uint8 RGB) and when its frame was taken."""

    image_rgb: ByteImage
    captured_at_utc: datetime


def truths_of(stills: Sequence[DatedStill], scene: ChangingPlaces, running_s: float) -> list[FrameTruth]:
    """The truth of each still, found by when it was taken and confirmed by how it looks.

    The frames of a scene follow from its seed and the time alone. Only the moment of its start is unknown; the first
    still tells it.

    Args:
        running_s: how long before the first still the scene may have started.

    Raises:
        ExportError: a still does not come from this scene.
    """
    first = stills[0]
    epoch_s = _best(first.image_rgb, scene, np.arange(0.0, running_s, _COARSE_STEP_S))
    truths = []
    for still in stills:
        about_s = epoch_s + (still.captured_at_utc - first.captured_at_utc).total_seconds()
        times = np.arange(max(0.0, about_s - _WINDOW_S), about_s + _WINDOW_S, _FINE_STEP_S)
        at_s = _best(still.image_rgb, scene, times)
        picture, truth = scene.frame(at_s)
        if (difference := _difference(still.image_rgb, picture)) > _LARGEST_DIFFERENCE:
            raise ExportError(
                f"a still taken at {still.captured_at_utc} differs by {difference:.1f} grey levels from the scene",
                "Rehearse with the scene that the station shows.",
            )
        truths.append(truth)
    return truths


def true_metrics(truth: FrameTruth, image_rgb: ByteImage, at: datetime) -> tuple[ImageMetrics, list[float]]:
    """The figures of a still as a perfect detector and perfect key points would give them, and the true apical widths
    of its distal row in micrometres."""
    height, width = image_rgb.shape[:2]
    scale = Calibration("truth", truth.um_per_px, width, height, ScaleOrigin.SIMULATED)
    loops = [loop for loop in truth.loops if not loop.is_ignored]
    pipeline = Pipeline(EngineSet(_TrueDetector(loops, truth), _Located(loops), EngineIdentity("", "truth", {})), scale)
    camera = CameraDescription("truth", "truth", "rgb8", width, height, 30.0)
    analysis = pipeline.analyse(Frame(1, image_rgb, 0.0, at, camera), track=False)
    widths = [c.apical.um for c in analysis.capillaries if c.row.value == "distal" and c.apical is not None]
    return analysis.metrics, [um for um in widths if um is not None]


class _TrueDetector:
    """A detector that knows the truth."""

    def __init__(self, loops: Sequence[LoopTruth], truth: FrameTruth) -> None:
        self._answer = Detections(
            tuple(CapillaryDetection(BoundingBox(*loop.bbox_px), 1.0, loop.morphology, loop.size) for loop in loops),
            tuple(HaemorrhageDetection(BoundingBox(*h.bbox_px), 1.0) for h in truth.haemorrhages if not h.is_ignored),
        )

    def detect(self, image_rgb: ByteImage) -> Detections:
        return self._answer


class _Located:
    """Key points that are true."""

    def __init__(self, loops: Sequence[LoopTruth]) -> None:
        self._answer = tuple(
            LoopKeypoints(_segment(loop.apical_px), _segment(loop.arterial_px), _segment(loop.venous_px))
            for loop in loops
        )

    def estimate(self, image_rgb: ByteImage, boxes: Sequence[BoundingBox]) -> tuple[LoopKeypoints, ...]:
        return self._answer


def _segment(ends: Segment | None) -> WidthSegment | None:
    return None if ends is None else WidthSegment(*ends)


def _best(image_rgb: ByteImage, scene: ChangingPlaces, times_s: NDArray[np.float64]) -> float:
    differences = [_difference(image_rgb, scene.frame(float(at_s))[0]) for at_s in times_s]
    return float(times_s[int(np.argmin(differences))])


def _difference(one: ByteImage, other: ByteImage) -> float:
    shrunk = [cv2.resize(image, _SHRUNK_PX, interpolation=cv2.INTER_AREA).astype(np.float32) for image in (one, other)]
    return float(np.abs(shrunk[0] - shrunk[1]).mean())
