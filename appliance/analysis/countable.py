"""Which parts of a picture hide loops from anybody: glare, nothing at all, out of focus beside what is in focus.

Density counts per millimetre of the row that can be seen. A bare stretch in focus counts, since loops that are lost
are the finding; a stretch where nobody could see a loop does not.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.weighted import weighted_quantile
from appliance.domain.detection import BoundingBox

FloatImage = NDArray[np.float32]
HiddenCells = NDArray[np.bool_]
DetailInCells = tuple[FloatImage, ...]
"""Fine times coarse detail and coarse detail squared, averaged over CELLS; float32 [down, across] each."""

CELLS = (16, 12)
"""Across and down; a cell of a 640x480 picture is 40 pixels, about one loop, wide."""
SPREAD_CELLS = 1.0
"""Detail is averaged over neighbouring cells by this standard deviation: one cell alone shows too little of it."""
SHARPER_SHARE = 0.7
"""What is in focus is as sharp as the cell that this share of the picture's detail is no sharper than."""
SOFT, SOFT_OF_SHARP = 0.14, 0.65
"""A cell is out of focus below both: this ratio of fine to coarse detail, and this share of what is in focus. Heads of
287 loops in 48 real tiles: 1 in 100 below 0.138 and 0.74. Blurred until loops can hardly be counted (sigma 1.2 % of the
width): 9 in 10 below 0.138 and 0.70."""
LEAST_DETAIL = 1.0
"""Variance of the coarse band, in squared grey levels, below which nothing can be said; it then counts as seen. Heads
of real loops have 3 or more, bare skin between them often less."""
SATURATED = 250
"""A pixel with all three channels from here on is a highlight."""

DARKEST = 12
"""Levels up to here are noise: their ratio says nothing about colour."""

HIDDEN_SHARE = 0.5
"""A cell is hidden where so much of it is a highlight or no picture at all."""


def detail_in_cells(fine: FloatImage, coarse: FloatImage) -> DetailInCells:
    """The detail of a picture (quality.py), float32 of one shape, averaged over cells."""
    return tuple(cv2.resize(one, CELLS, interpolation=cv2.INTER_AREA) for one in (fine * coarse, coarse * coarse))


def hidden_cells(cells: DetailInCells, sampled_rgb: NDArray[np.uint8], white: NDArray[np.uint8]) -> HiddenCells:
    """Cells in which nobody could see a loop, bool [down, across].

    Args:
        cells: of `detail_in_cells`.
        sampled_rgb: a small copy of the picture, uint8 [height, width, 3].
        white: where it is a highlight, uint8 [height, width], 255 or 0.
    """
    shared, power = (cv2.GaussianBlur(one, (0, 0), SPREAD_CELLS) for one in cells)
    ratio = np.asarray(shared / np.maximum(power, LEAST_DETAIL), dtype=np.float32)
    is_soft = (power >= LEAST_DETAIL) & (ratio < min(SOFT, SOFT_OF_SHARP * _sharp(ratio, power)))
    black = cv2.inRange(sampled_rgb, (0,) * 3, (DARKEST,) * 3)
    lost = cv2.resize(cv2.bitwise_or(white, black).astype(np.float32) / 255, CELLS, interpolation=cv2.INTER_AREA)
    return np.asarray(is_soft | (lost >= HIDDEN_SHARE))


def areas_of(hidden: HiddenCells, width_px: int, height_px: int) -> tuple[BoundingBox, ...]:
    """The hidden cells as boxes of a picture of that size, neighbours in a line as one."""
    if not hidden.any():
        return ()
    down, across = hidden.shape
    w, h = width_px / across, height_px / down
    bordered = np.zeros((down, across + 2), dtype=bool)
    bordered[:, 1:-1] = hidden
    rows, edges = np.nonzero(bordered[:, 1:] != bordered[:, :-1])
    runs = zip(rows[::2].tolist(), edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return tuple(BoundingBox(a * w - 0.5, row * h - 0.5, (b - a) * w, h) for row, a, b in runs)


def _sharp(ratio: FloatImage, power: FloatImage) -> float:
    """How sharp the picture is where it is sharp: each cell weighs as much as it shows."""
    return weighted_quantile(ratio.ravel(), np.sqrt(power.ravel()), SHARPER_SHARE)
