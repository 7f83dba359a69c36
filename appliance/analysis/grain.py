"""Grain of a picture: what a sensor adds in poor light, and the calmer picture that the networks are shown then.

The networks learnt from pictures with little grain. Strong grain hides loops from them that a person still sees, since
the eye smooths; so does this. A picture with little grain is handed on as it is.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

CALM = 0.4
"""Grain below this share of the picture's own detail is left: judged real pictures have 0.06 to 0.09, of a quarter of
the brightness up to 0.36, rendered ones up to 0.40."""
SIGMA_AT_NONE, SIGMA_PER_GRAIN, MOST_SIGMA = 0.6, 0.5, 2.5
"""Standard deviation of the smoothing in pixels. Chosen on rendered pictures with white grain of 3 to 25 levels:
docs/decisions/2026-12-01-grain.md."""
DETAIL_STEP, DETAIL_SIGMA, DETAIL_SHARE = 4, 6.0, 80
ROW_STEP = 4
MEASURED_EVERY_S = 1.0


def grain_of(image_rgb: NDArray[np.uint8]) -> float:
    """How strong the grain is beside the detail of the size of loops, by the green channel.

    Grain is the scatter of second differences along the rows: an edge moves their median little. It is 0 for a picture
    that shows nothing.

    Args:
        image_rgb: uint8 [height, width, 3].
    """
    rows = np.ascontiguousarray(image_rgb[::ROW_STEP, :, 1]).astype(np.int16)
    if rows.shape[1] < DETAIL_STEP or rows.shape[0] < DETAIL_STEP:
        return 0.0
    second = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    # Of normal scatter the median amount is 0.6745 deviations, and a second difference has sqrt(6) times a level's.
    grain = float(np.median(np.abs(second))) / (0.6745 * np.sqrt(6.0))
    green = np.ascontiguousarray(image_rgb[:, :, 1])
    size = max(1, green.shape[1] // DETAIL_STEP), max(1, green.shape[0] // DETAIL_STEP)
    small = cv2.resize(green, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = float(np.percentile(np.abs(small - cv2.GaussianBlur(small, (0, 0), DETAIL_SIGMA)), DETAIL_SHARE))
    return grain / detail if detail > 0 else 0.0


def calmed(image_rgb: NDArray[np.uint8], grain: float) -> NDArray[np.uint8]:
    """The picture with that grain smoothed away, uint8 [height, width, 3]; itself where there is little."""
    if grain < CALM:
        return image_rgb
    sigma = min(SIGMA_AT_NONE + SIGMA_PER_GRAIN * grain, MOST_SIGMA)
    return np.asarray(cv2.GaussianBlur(image_rgb, (0, 0), sigma), dtype=np.uint8)


def calmed_still(image_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As `calmed`, by the picture's own grain."""
    return calmed(image_rgb, grain_of(image_rgb))


class GrainWatch:
    """The grain of a video, measured once in a while: light and gain change slowly."""

    def __init__(self) -> None:
        self._measured_s: float | None = None
        self._grain = 0.0

    def calmed(self, image_rgb: NDArray[np.uint8], captured_s: float) -> NDArray[np.uint8]:
        """As `calmed`, by the last measurement.

        Args:
            captured_s: of the frame, in seconds of any clock that only goes up.
        """
        if self._measured_s is None or not 0 <= captured_s - self._measured_s < MEASURED_EVERY_S:
            self._measured_s, self._grain = captured_s, grain_of(image_rgb)
        return calmed(image_rgb, self._grain)
