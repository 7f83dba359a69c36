"""One picture's truth beside what the device made of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.detection import Detections
from appliance.ports import StillDetector
from engines.datasets.labels import EDGE_TO_CENTRE, Box, Label, LabelledImage, Standing
from engines.evaluation.coco.categories import Meaning


@dataclass(frozen=True)
class Target:
    """A label with its meaning; `box` is in the device's coordinates (centre of the first pixel)."""

    meaning: Meaning
    box: Box
    label: Label

    @property
    def is_capillary(self) -> bool:
        return self.meaning is not Meaning.HAEMORRHAGE

    @property
    def counts(self) -> bool:
        """Whether it is to be found."""
        return self.label.standing is Standing.TARGET


@dataclass(frozen=True)
class Outcome:
    """One picture.

    Attributes:
        image: its labels as they stand in the file.
        targets: the same with their meanings.
        detections: all that the detector found, from the lowest score on; the precision-recall curve needs it.
        analysis: the device's result, from its own thresholds on.
    """

    image: LabelledImage
    targets: tuple[Target, ...]
    detections: Detections
    analysis: FrameAnalysis


class OverhearingDetector:
    """A detector at the device's thresholds that remembers what it found below them.

    Suppression goes from the best score down, so what stays above a threshold is the same as with that threshold.

    Args:
        detector: looks at stills, with thresholds at `LOWEST_SCORE`.
        min_score_capillary, min_score_haemorrhage: those of the device.
    """

    def __init__(self, detector: StillDetector, min_score_capillary: float, min_score_haemorrhage: float) -> None:
        self._detector = detector
        self._min_scores = (min_score_capillary, min_score_haemorrhage)
        self.overheard = Detections()

    def detect(self, image_rgb: NDArray[np.uint8], um_per_px: float | None) -> Detections:
        """What the device would find; all of it is in `overheard`."""
        self.overheard = found = self._detector.detect(image_rgb, um_per_px)
        of_capillary, of_haemorrhage = self._min_scores
        return Detections(
            tuple(one for one in found.capillaries if one.score >= of_capillary),
            tuple(one for one in found.haemorrhages if one.score >= of_haemorrhage),
        )


LOWEST_SCORE = 0.01
"""Below it, a detection no longer moves the average precision."""


def targets_of(image: LabelledImage, meanings: Mapping[str, Meaning]) -> tuple[Target, ...]:
    """The labels with their meanings, in the device's coordinates."""
    return tuple(Target(meanings[label.category], _to_device(label.bbox), label) for label in image.labels)


def _to_device(box: Box) -> Box:
    return box[0] + EDGE_TO_CENTRE, box[1] + EDGE_TO_CENTRE, box[2], box[3]
