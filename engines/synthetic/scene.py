"""A nailfold under the lens: everything that is decided and drawn before the camera records it."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.appearance import draw_appearance
from engines.synthetic.camera import CameraAppearance, expose, light
from engines.synthetic.drawing import DrawnLoop, density_maps, draw_loops
from engines.synthetic.haemorrhage import annotate_haemorrhage, draw_haemorrhage, place_haemorrhages
from engines.synthetic.nailfold import lay_out
from engines.synthetic.pattern import Pattern
from engines.synthetic.plexus import draw_plexus
from engines.synthetic.skin import draw_skin_appearance, paint_skin
from engines.synthetic.truth import HaemorrhageTruth
from engines.synthetic.unusual import crowd, draw_crowd
from engines.synthetic.view import View

FloatImage = NDArray[np.float32]
ABSORBANCE = np.array([0.50, 1.0, 1.10])
"""Optical density of blood in R, G, B relative to green (real loops, median: 0.067, 0.134, 0.148)."""
LN10 = 2.302585


@dataclass(frozen=True)
class Scene:
    """A nailfold ready to be recorded.

    Attributes:
        levels: float32 (height, width, 3), RGB, 0 to 255 and beyond: the exposed scene with all its blood.
        without_loops: the same levels had the loops no blood; computed when asked for.
        drawn: the loops with their patches.
        ground: float32 (height, width), green optical density of all blood in no loop.
        plexus: the part of it that runs in deep vessels; the rest is spilt.
    """

    view: View
    pattern: Pattern
    camera: CameraAppearance
    levels: FloatImage
    drawn: tuple[DrawnLoop, ...]
    ground: FloatImage
    plexus: FloatImage
    haemorrhages: tuple[HaemorrhageTruth, ...]
    without_loops: Callable[[], FloatImage]


@dataclass(frozen=True)
class Streams:
    """Independent random streams: what the labels depend on never shares one with how it looks."""

    anatomy: np.random.Generator
    appearance: np.random.Generator
    pixels: np.random.Generator
    unusual: np.random.Generator


def open_streams(seed: int) -> Streams:
    """The streams of a seed."""
    return Streams(*(np.random.default_rng([seed, stream]) for stream in range(4)))


def build_scene(
    streams: Streams,
    view: View,
    pattern: Pattern,
    camera: CameraAppearance,
    *,
    difficulty: float,
    density_per_mm: float | None = None,
    is_crowded: bool = False,
) -> Scene:
    """Lay out, draw and expose a nailfold; its density is drawn from the pattern when None."""
    appearance = draw_appearance(streams.appearance, view, difficulty)
    lean_per_row_rad = 0.0
    if is_crowded:
        appearance, crowded = crowd(streams.unusual, appearance), draw_crowd(streams.unusual)
        density_per_mm, lean_per_row_rad = crowded.density_per_mm, crowded.lean_per_row_rad
    loops = lay_out(streams.anatomy, view, pattern, appearance, density_per_mm, lean_per_row_rad)
    drawn = draw_loops(loops, view, camera.blur_px)
    skin = paint_skin(streams.pixels, view, draw_skin_appearance(streams.appearance, difficulty), appearance.blanching)
    lit = cv2.GaussianBlur(skin, (0, 0), camera.blur_px) * light(camera, view.width, view.height)[:, :, None]
    absorbance = draw_absorbance(streams.appearance)
    ground = np.zeros((view.height, view.width, 3), np.float32)
    ground[:, :, 1] = draw_plexus(streams.anatomy, view, appearance.row_gap_um)
    marks = []
    for patch in place_haemorrhages(streams.anatomy, view, pattern, loops):
        mark = draw_haemorrhage(streams.pixels, patch, view, camera.blur_px)
        if mark is not None:
            h, w = mark.density.shape[:2]
            ground[mark.y : mark.y + h, mark.x : mark.x + w, 2:] += mark.density
            marks.append(annotate_haemorrhage(mark, camera.noise / camera.level))
    blood = ground.copy()
    blood[:, :, :2] += density_maps(drawn, view)
    with_loops = absorb(lit, blood, absorbance)
    gain = camera.level / max(float(with_loops[::4, ::4, 1].mean()), 1e-3)
    return Scene(
        view=view,
        pattern=pattern,
        camera=camera,
        levels=expose(with_loops, camera, gain),
        drawn=drawn,
        ground=ground.sum(axis=2),
        plexus=ground[:, :, 1],
        haemorrhages=tuple(mark for mark in marks if mark is not None),
        without_loops=lambda: expose(absorb(lit, ground, absorbance), camera, gain),
    )


def draw_absorbance(rng: np.random.Generator) -> FloatImage:
    """Density per channel of shallow, deep and spilt blood, (3, 3); deep blood is paler in red, spilt blood browner."""
    shallow = ABSORBANCE * np.exp(rng.normal(0, [0.25, 0.03, 0.15]))
    shallow[0] = min(shallow[0], 0.66 * shallow[1])
    deep = shallow * np.array([rng.uniform(0.35, 0.9), 1.0, rng.uniform(0.8, 1.15)])
    spilt = np.array([rng.uniform(0.35, 0.68), 1.0, rng.uniform(1.0, 1.35)])
    return np.stack([shallow, deep, spilt]).astype(np.float32)


def absorb(scene: FloatImage, density: FloatImage, absorbance: FloatImage) -> FloatImage:
    """Beer-Lambert: light after (height, width, n) densities with (n, 3) channel weights."""
    channels = cv2.transform(density, (-LN10 * absorbance.T).astype(np.float32))
    return np.asarray(scene * cv2.exp(channels), dtype=np.float32)
