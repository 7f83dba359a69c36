"""Blood or the shadow of a fold: blood takes more green light than red, a shadow takes of all colours alike.

A network that learnt on every camera's colours, grey ones among them, cannot lean on that. A whole picture can: what is
lit in it says how much more green its camera sees blood take, and what is far nearer to grey than that is no blood.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]

WIDTH_PX = 640
"""Larger pictures are looked at in this width: colour is a matter of areas."""
LIT = 0.5
SURROUNDINGS_CELLS, CELL_PX = 4.0, 8
"""The skin around is a Gaussian of so many cells of so many pixels, over what is no vessel."""
AREA_PX = 8.0
"""Colour is taken over a Gaussian of this, about a limb and its edges: less is noise."""
GREYEST = 0.8
"""Red for green, in optical density, above which a picture's vessels are as grey as shadows: then nothing can be said.
On judged real tiles vessels have 0.35 to 0.61, rendered ones 0.3 to 0.67, rendered folds 0.84."""
SHADOW_FROM = 0.6
"""Of the way from a picture's usual vessel to grey. Judged loops lose one lit pixel in forty by it, a rendered fold
four in five."""
SOFT = 0.06
LEAST = 1e-6


def without_shadows(image_rgb: NDArray[np.uint8], chance: FloatImage) -> FloatImage:
    """The chances of vessels, less where the colour is that of a shadow; float32 [height, width], 0 to 1.

    Args:
        image_rgb: uint8 [height, width, 3].
        chance: of each of its pixels to show a vessel.
    """
    height, width = chance.shape
    shrink = min(1.0, WIDTH_PX / width)
    size = max(CELL_PX, round(width * shrink)), max(CELL_PX, round(height * shrink))
    lit = np.asarray(cv2.resize(chance, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    if not (lit >= LIT).any():
        return chance
    red = _red_for_green(np.asarray(cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), lit)
    usual = float(np.median(red[lit >= LIT]))
    if usual > GREYEST:
        return chance
    limit = usual + SHADOW_FROM * (1 - usual)
    kept = np.clip((limit + SOFT - red) / (2 * SOFT), 0, 1)
    return np.asarray(chance * cv2.resize(kept, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _red_for_green(image_rgb: NDArray[np.uint8], lit: FloatImage) -> FloatImage:
    """How much darker in red, for each bit darker in green, what is lit is than the skin around it."""
    density = cv2.GaussianBlur(-np.log(image_rgb[:, :, :2].astype(np.float32) + 4), (0, 0), 1.0)
    density -= _around(density, (lit < 0.2).astype(np.float32))
    red, green = density[:, :, 0], density[:, :, 1]
    shared, own = (cv2.GaussianBlur(lit * green * one, (0, 0), AREA_PX) for one in (red, green))
    return np.asarray(shared / (own + LEAST), dtype=np.float32)


def _around(density: FloatImage, is_skin: FloatImage) -> FloatImage:
    height, width = is_skin.shape
    cells = max(1, width // CELL_PX), max(1, height // CELL_PX)
    total, weight = (
        cv2.GaussianBlur(cv2.resize(one, cells, interpolation=cv2.INTER_AREA), (0, 0), SURROUNDINGS_CELLS)
        for one in (density * is_skin[:, :, None], is_skin)
    )
    around = total / (weight[:, :, None] + np.float32(1e-3))
    return np.asarray(cv2.resize(around, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
