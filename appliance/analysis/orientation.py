"""Whether a still shows the finger with its tip elsewhere than up, so that what is found in it means nothing."""

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Detections
from appliance.ports import Detector

FAR_MORE = 2.0
"""A look at the picture stood on its head must find this many times what it gives as it is. Of 48 real tiles the
largest ratio is 0.33 as they are; stood on their heads all 48 are told."""

FAR_MORE_ON_A_SIDE = 4.0
"""The same for a quarter turn: it brings a finger rolled by 60 degrees nearer to upright, and that one is not
turned."""

CONFIDENT = 0.4
"""Scores below do not count, whatever the detector's own threshold is."""

LEAST = 4.0
"""And at least so much, in sums of scores: about four clear loops."""


def is_turned(detector: Detector, image_rgb: NDArray[np.uint8]) -> bool:
    """Whether the picture, uint8 RGB [height, width, 3], shows far more loops after a turn by 90, 180 or 270 degrees.

    A finger rolled by up to 60 degrees is upright: it shows as many as it is.
    """
    upright, left, down, right = (
        _evidence(detector.detect(np.ascontiguousarray(np.rot90(image_rgb, quarters)))) for quarters in range(4)
    )
    is_on_its_head = down > max(LEAST, FAR_MORE * upright)
    return is_on_its_head or max(left, right) > max(LEAST, FAR_MORE_ON_A_SIDE * upright)


def _evidence(found: Detections) -> float:
    return sum(capillary.score for capillary in found.capillaries if capillary.score >= CONFIDENT)
