"""Pictures with less contrast: what an expert still counts after raising it, both networks must see as it is."""

import cv2
import numpy as np
from numpy.typing import NDArray

FLAT_SHARE, LEAST_CONTRAST = 0.45, 0.08
"""So many crops are flattened, down to the second share of their contrast, evenly in its logarithm."""


def draw_contrast(rng: np.random.Generator) -> float:
    """Share of a crop's own contrast that is left; mostly all of it."""
    return float(np.exp(rng.uniform(np.log(LEAST_CONTRAST), 0.0))) if rng.random() < FLAT_SHARE else 1.0


def flatten(image_rgb: NDArray[np.uint8], contrast: float) -> NDArray[np.float32]:
    """Levels, float32, with that share of the image's contrast; each channel's mean is kept."""
    mean = np.array(cv2.mean(image_rgb)[:3], dtype=np.float32)
    table = (np.arange(256, dtype=np.float32)[:, None] - mean) * np.float32(contrast) + mean
    return np.asarray(cv2.LUT(image_rgb, table[None]), dtype=np.float32)


def dither(levels: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Whole levels, rounded at random: a flat picture would otherwise lose what a camera's grain keeps."""
    return np.asarray(np.clip(levels + rng.random(levels.shape, dtype=np.float32), 0, 255), dtype=np.uint8)
