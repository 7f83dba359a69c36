"""The borders of what is taken for vessel, as lines to draw over a picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

AT_LEAST = 0.5
"""The chance from which on a place is shown as vessel."""
ENLARGED_TO_PX = 1600
"""Smaller pictures are outlined on a finer grid, or lines would go in steps of a pixel."""
LEAST_AREA_PX, TOLERANCE_PX = 24.0, 0.6
"""Islands smaller than this at 640 pixels' width are not drawn; lines keep within this much of the border."""
REFERENCE_WIDTH_PX = 640
Outline = list[tuple[float, float]]


def outlines(chance: NDArray[np.float32]) -> list[Outline]:
    """Closed lines around vessels and around holes in them; fill them by the even-odd rule.

    Args:
        chance: of each pixel to be vessel, float32 [height, width].

    Returns:
        Corners x, y in pixels of the picture, origin at the centre of the first one, in tenths.
    """
    height, width = chance.shape
    factor = max(1, round(ENLARGED_TO_PX / width))
    size = (width * factor, height * factor)
    fine = cv2.resize(chance, size, interpolation=cv2.INTER_LINEAR) if factor > 1 else chance
    is_vessel = (fine >= AT_LEAST).astype(np.uint8)
    found, _ = cv2.findContours(is_vessel, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    least = LEAST_AREA_PX * (width / REFERENCE_WIDTH_PX) ** 2 * factor**2
    tolerance = TOLERANCE_PX * width / REFERENCE_WIDTH_PX * factor
    kept = [cv2.approxPolyDP(line, tolerance, True) for line in found if cv2.contourArea(line) >= least]
    return [[_in_picture(x, y, factor) for x, y in line.reshape(-1, 2).tolist()] for line in kept if len(line) > 2]


def _in_picture(x: int, y: int, factor: int) -> tuple[float, float]:
    return round((x + 0.5) / factor - 0.5, 1), round((y + 0.5) / factor - 0.5, 1)
