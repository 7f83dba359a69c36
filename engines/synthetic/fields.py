"""Smooth random fields, drawn once and re-used: a random, turned and stretched window costs one warp."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 1024
FINE_SIGMA = 1.0
COARSE_SIGMA = 5.0


@lru_cache(maxsize=8)
def _base(sigma: float, variant: int) -> NDArray[np.float32]:
    """A periodic field, float32 (1024, 1024), zero mean, unit variance, Gaussian-correlated over `sigma` pixels."""
    rng = np.random.default_rng([variant, int(sigma * 100)])
    white = rng.standard_normal((SIDE, SIDE), dtype=np.float32)
    pad = int(4 * sigma) + 1
    smooth = cv2.GaussianBlur(np.pad(white, pad, mode="wrap"), (0, 0), sigma)[pad:-pad, pad:-pad]
    return np.ascontiguousarray((smooth - smooth.mean()) / smooth.std(), dtype=np.float32)


def random_field(
    rng: np.random.Generator,
    size: tuple[int, int],
    scale_px: float,
    stretch: float = 1.0,
    angle_rad: float = 0.0,
) -> NDArray[np.float32]:
    """Noise of correlation length `scale_px` (its Gaussian sigma), `stretch` times longer along `angle_rad`.

    `size` is (width, height). Returns float32, (height, width), about zero mean and unit variance. Large scales are
    drawn on a small grid.
    """
    width, height = size
    reduce = int(np.clip(scale_px / 4.0, 1, 16))
    w, h = -(-width // reduce), -(-height // reduce)
    scale = scale_px / reduce
    sigma = FINE_SIGMA if scale < 2.5 else COARSE_SIGMA
    base = _base(sigma, int(rng.integers(2)))
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    # Output pixel to base pixel: turn into the field's axes, then shrink each axis by its own correlation length.
    turn = np.array([[cos / stretch, sin / stretch], [-sin, cos]]) * (sigma / scale)
    offset = rng.uniform(0, SIDE, 2)
    matrix = np.column_stack([turn, offset]).astype(np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    field = cv2.warpAffine(base, matrix, (w, h), flags=flags, borderMode=cv2.BORDER_WRAP)
    if reduce > 1:
        field = cv2.resize(field, (w * reduce, h * reduce), interpolation=cv2.INTER_LINEAR)[:height, :width]
    return np.asarray(field, dtype=np.float32)
