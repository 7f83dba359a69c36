"""The mask of a crop at stride 4: how much of each cell is a column of red cells, and where that teaches nothing."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.column import NO_DENSITY, SURE_DENSITY, UNIT, UNKNOWN
from engines.synthetic.column import STRIDE as COLUMN_STRIDE
from engines.training.detector_samples import HIDDEN_SHARE, LEAST_DENSITY

HALF = 2
"""Pixels of the crop a place at which a column is looked up; a cell of the mask has two by two."""
MaskArray = NDArray[np.uint8]
"""uint8 [H/4, W/4]: quarters of the cell that are vessel, 0 to 4, or UNKNOWN."""


def mask_of(
    columns: NDArray[np.uint8], matrix: NDArray[np.float64], contrast: float, hidden: NDArray[np.float32]
) -> MaskArray:
    """The mask of a crop that was cut out of an image.

    Args:
        columns: of the image, see engines.synthetic.column.
        matrix: 2x3, from the image's pixel centres to the crop's.
        contrast: share of the image's own contrast that is left; paler columns may then be too pale.
        hidden: share of each pixel of the crop under dirt or glare, float32 [H, W].
    """
    size = (hidden.shape[1] // HALF, hidden.shape[0] // HALF)
    places = cv2.warpAffine(
        columns,
        _between_cells(matrix),
        size,
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=UNKNOWN,
    )
    density = places * np.float32(UNIT)
    is_vessel = density >= max(SURE_DENSITY, LEAST_DENSITY / contrast)
    is_unknown = (places == UNKNOWN) | ((density > NO_DENSITY) & ~is_vessel)
    return quarters(is_vessel, is_unknown, hidden)


def quarters(is_vessel: NDArray[np.bool_], is_unknown: NDArray[np.bool_], hidden: NDArray[np.float32]) -> MaskArray:
    """The mask of places [H/2, W/2]; a cell with an unknown place, or a vessel under dirt, teaches nothing."""
    height, width = is_vessel.shape
    cells = (is_vessel & ~is_unknown).reshape(height // 2, 2, width // 2, 2).sum(axis=(1, 3), dtype=np.uint8)
    unknown = is_unknown.reshape(height // 2, 2, width // 2, 2).any(axis=(1, 3))
    covered = cv2.resize(hidden, (width // 2, height // 2), interpolation=cv2.INTER_AREA) > HIDDEN_SHARE
    cells[unknown | (covered & (cells > 0))] = UNKNOWN
    return np.asarray(cells, dtype=np.uint8)


def _between_cells(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix from cells of the columns to places of the crop: a cell's centre lies between two pixels."""
    turn, shift = matrix[:, :2], matrix[:, 2]
    ours, theirs = (COLUMN_STRIDE - 1) / 2, (HALF - 1) / 2
    moved = (turn @ (ours, ours) + shift - theirs) / HALF
    return np.column_stack([turn * COLUMN_STRIDE / HALF, moved])
