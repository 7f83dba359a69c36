"""Retinal vessels as capillaries: their optical density given skin's colours, sizes and contrasts.

What carries over from a retina to a nailfold is how a thin vessel looks on real tissue, at any angle: nothing else.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.datasets.retinas import Retina, as_skin
from engines.synthetic.overlay import Overlay
from engines.synthetic.scene import draw_absorbance
from engines.training.detector_samples import CROP_HEIGHT, CROP_WIDTH
from engines.training.flatness import dither, draw_contrast
from engines.training.lookalikes import lay_dirt_and_lines
from engines.training.photometric import vary_photometrically
from engines.training.vessel_masks import HALF, MaskArray, quarters

SCALE_RANGE = (0.7, 2.2)
"""Vessels are then 3 to 16 px wide, as loops' limbs are at 640x480."""
VESSEL_DENSITY = (0.05, 0.3)
"""A vessel's optical density in green once it is a capillary's; rendered loops have 0.03 to 0.35."""
LEAST_VISIBLE = 0.02
"""Optical density below which nobody would see it after the contrast is lowered."""


def draw_retina(retinas: Sequence[Retina], rng: np.random.Generator) -> tuple[NDArray[np.uint8], MaskArray]:
    """A crop, uint8 RGB [288, 384, 3], that might be a nailfold's, and the mask of its vessels."""
    retina = retinas[int(rng.integers(len(retinas)))]
    matrix = _draw_view(rng, retina.density.shape)
    size = (CROP_WIDTH, CROP_HEIGHT)
    density = cv2.warpAffine(retina.density, matrix, size, borderMode=cv2.BORDER_REFLECT_101)
    halves = (CROP_WIDTH // HALF, CROP_HEIGHT // HALF)
    # Place a of the halves lies at pixel HALF * a + (HALF - 1) / 2.
    to_half = np.column_stack([matrix[:, :2], matrix[:, 2] - (HALF - 1) / 2]) / HALF
    places = cv2.warpAffine(
        retina.vessel, to_half, halves, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=2
    )
    contrast = draw_contrast(rng)
    strength = max(float(np.exp(rng.uniform(*np.log(VESSEL_DENSITY)))) * contrast, LEAST_VISIBLE)
    tone = rng.uniform(110, 190) * np.array([1.0, rng.uniform(0.7, 1.02), rng.uniform(0.6, 1.05)])
    overlay = Overlay(as_skin(density * np.float32(strength), draw_absorbance(rng)[0], tone))
    lay_dirt_and_lines(rng, overlay, contrast)
    image = vary_photometrically(dither(overlay.levels, rng), rng, contrast)
    return image, quarters(places == 1, places == 2, overlay.hidden)


def _draw_view(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """2x3 from the picture's pixel centres to the crop's: any scale of the range, any angle, mirrored or not; the
    crop's middle lies in the middle half of the picture."""
    height, width = shape
    scale, turn = float(np.exp(rng.uniform(*np.log(SCALE_RANGE)))), rng.uniform(0, 2 * np.pi)
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    if rng.random() < 0.5:
        rotation[0] *= -1
    centre = np.array([width, height]) * rng.uniform(0.25, 0.75, 2)
    return np.column_stack([rotation, np.array([CROP_WIDTH, CROP_HEIGHT]) / 2 - rotation @ centre])
