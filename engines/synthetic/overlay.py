"""An exposed image that things are laid over."""

import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]


class Overlay:
    """Levels 0 to 255 (float32, (height, width, 3), RGB, changed in place) and how much of each pixel is hidden."""

    def __init__(self, levels: FloatImage) -> None:
        self.levels = levels
        self.hidden: FloatImage = np.zeros(levels.shape[:2], np.float32)

    @property
    def size(self) -> tuple[int, int]:
        return (self.levels.shape[1], self.levels.shape[0])

    def cover(self, x: int, y: int, alpha: FloatImage, level: FloatArray | FloatImage | float) -> None:
        """Blend `level` over the image where `alpha` (h, w) says so; its top-left pixel lies at x, y."""
        width, height = self.size
        h, w = alpha.shape
        left, top = max(0, -x), max(0, -y)
        right, bottom = min(w, width - x), min(h, height - y)
        if right <= left or bottom <= top:
            return
        part = alpha[top:bottom, left:right]
        region = (slice(y + top, y + bottom), slice(x + left, x + right))
        weight = part[:, :, None]
        self.levels[region] = self.levels[region] * (1 - weight) + weight * np.float32(level)
        self.hidden[region] = np.maximum(self.hidden[region], part)
