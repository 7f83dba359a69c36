"""One call renders a nailfold image with its ground truth."""

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Row
from engines.synthetic.annotate import annotate
from engines.synthetic.camera import draw_camera_look, expose, light, record
from engines.synthetic.drawing import density_maps, draw_loops
from engines.synthetic.nailfold import draw_look, lay_out
from engines.synthetic.pattern import Pattern, draw_pattern
from engines.synthetic.skin import draw_skin_look, paint_skin
from engines.synthetic.truth import RenderedImage
from engines.synthetic.view import draw_view

ABSORBANCE = np.array([0.50, 1.0, 1.10])
"""Optical density of blood in R, G, B relative to green (real loops, median: 0.067, 0.134, 0.148)."""
LN10 = 2.302585


def render(
    seed: int,
    *,
    width: int = 640,
    height: int = 480,
    um_per_px: float | None = None,
    pattern: Pattern | None = None,
    difficulty: float = 1.0,
) -> RenderedImage:
    """A nailfold image with its truth; the same arguments give the same image.

    Args:
        seed: any non-negative integer.
        um_per_px: scale; drawn from 1.0 to 2.6 at 640 pixels' width when None.
        pattern: kind of nailfold; drawn at random when None.
        difficulty: 0 (clean) to 1 (everything a clinic's scope delivers).
    """
    anatomy, looks, pixels = (np.random.default_rng([seed, stream]) for stream in range(3))
    pattern = draw_pattern(anatomy) if pattern is None else pattern
    view = draw_view(anatomy, width, height, um_per_px, difficulty)
    camera = draw_camera_look(looks, width, difficulty)
    nailfold = lay_out(anatomy, view, pattern, draw_look(looks, difficulty))
    drawn = draw_loops(nailfold, view, camera.blur_px)
    skin = paint_skin(pixels, view, draw_skin_look(looks, difficulty))
    skin = cv2.GaussianBlur(skin, (0, 0), camera.blur_px)
    lit = skin * light(camera, width, height)[:, :, None]
    scene = absorb(lit, density_maps(drawn, view), _absorbance(looks))
    image = record(pixels, expose(scene, camera), camera)
    loops = annotate(drawn, view, camera.noise / camera.level)
    row_mm = view.row_length_mm()
    distal = sum(t.row is Row.DISTAL and not t.is_ignored for t in loops)
    return RenderedImage(
        image_rgb=image,
        loops=loops,
        haemorrhages=(),
        um_per_px=view.um_per_px,
        roll_deg=view.roll_deg,
        distal_row_mm=row_mm,
        density_per_mm=distal / row_mm if row_mm > 0 else 0.0,
        seed=seed,
        pattern=pattern.value,
    )


def _absorbance(rng: np.random.Generator) -> NDArray[np.float32]:
    """Density of the shallow and of the deep part per channel, (2, 3); deep blood looks redder and paler in red."""
    shallow = ABSORBANCE * np.exp(rng.normal(0, [0.25, 0.03, 0.15]))
    deep = shallow * np.array([rng.uniform(0.35, 0.9), 1.0, rng.uniform(0.8, 1.15)])
    return np.stack([shallow, deep]).astype(np.float32)


def absorb(
    scene: NDArray[np.float32], density: NDArray[np.float32], absorbance: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Beer-Lambert: light after (height, width, 2) densities with (2, 3) channel weights."""
    channels = density.reshape(-1, 2) @ (-LN10 * absorbance)
    return np.asarray(scene * cv2.exp(channels.reshape(scene.shape)), dtype=np.float32)
