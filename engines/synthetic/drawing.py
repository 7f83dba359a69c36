"""From loops in the nailfold to optical density in the picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.synthetic.nailfold import Loop
from engines.synthetic.rasterise import Patch, Tube, draw_tubes
from engines.synthetic.view import View

FloatArray = NDArray[np.float64]
REFERENCE_WIDTH_UM = 16.0


@dataclass(frozen=True)
class DrawnLoop:
    """A loop with its tubes in pixels and the patch of optical density they left (shallow and deep part)."""

    loop: Loop
    tubes: tuple[Tube, ...]
    patch: Patch
    blur_px: float


def draw_loops(loops: tuple[Loop, ...], view: View, camera_blur_px: float) -> tuple[DrawnLoop, ...]:
    """Every loop that leaves a mark in the image."""
    drawn = []
    for loop in loops:
        tubes = tuple(_tubes(loop, view))
        blur = (
            float(np.hypot(loop.shallow_um / view.um_per_px, camera_blur_px)),
            float(np.hypot(loop.deep_um / view.um_per_px, camera_blur_px)),
        )
        patch = draw_tubes(list(tubes), view.width, view.height, blur)
        if patch is not None:
            drawn.append(DrawnLoop(loop, tubes, patch, blur[0]))
    return tuple(drawn)


def density_maps(drawn: tuple[DrawnLoop, ...], view: View) -> NDArray[np.float32]:
    """Sum of all patches; float32 (height, width, 2), shallow and deep part."""
    density = np.zeros((view.height, view.width, 2), np.float32)
    for one in drawn:
        h, w = one.patch.density.shape[:2]
        density[one.patch.y : one.patch.y + h, one.patch.x : one.patch.x + w] += one.patch.density
    return density


def _tubes(loop: Loop, view: View) -> list[Tube]:
    """Pixel tubes of a loop. A wider column is darker (longer chord), by the square root: cells are less packed."""
    tubes = []
    for stroke in loop.shape.strokes:
        below = np.maximum(stroke.below_um, 0)
        fade = loop.rest + (1 - loop.rest) * np.exp(-1.2 * (below / loop.fade_um) ** 2)
        fade = fade * np.clip((below.max() - below) / 60.0 + 0.03, 0, 1)
        depth = np.clip((below - 20) / (1.1 * loop.fade_um), 0, 1)
        chord = np.clip(np.sqrt(stroke.width_um / REFERENCE_WIDTH_UM), 0.6, 1.45)
        tubes.append(
            Tube(
                points_px=view.to_px(loop.to_um(stroke.points_um)),
                radius_px=stroke.width_um / (2 * view.um_per_px),
                density=loop.density * stroke.strength * fade * chord,
                deep=depth * depth * (3 - 2 * depth),
            )
        )
    return tubes
