"""One call renders a nailfold image with its ground truth."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Row
from engines.synthetic.annotate import annotate
from engines.synthetic.burn_in import burn_in
from engines.synthetic.camera import compress, draw_camera_appearance, record
from engines.synthetic.distractors import add_distractors
from engines.synthetic.overlay import Overlay
from engines.synthetic.pattern import Pattern, draw_pattern
from engines.synthetic.scene import Scene, build_scene, open_streams
from engines.synthetic.truth import Box, HaemorrhageTruth, LoopTruth, RenderedImage
from engines.synthetic.unusual import tilt_view
from engines.synthetic.view import draw_view

CAPTION_SHARE = 0.08
HIDDEN_SHARE = 0.4
"""A loop is ignored when this share of its head lies under glare or dirt."""


def render(
    seed: int,
    *,
    width: int = 640,
    height: int = 480,
    um_per_px: float | None = None,
    pattern: Pattern | None = None,
    difficulty: float = 1.0,
    is_unusual: bool = False,
) -> RenderedImage:
    """A nailfold image with its truth; the same arguments give the same image.

    Args:
        seed: any non-negative integer.
        width, height: size in pixels; optics scale with the width, as a camera's do.
        um_per_px: scale; drawn from 1.0 to 2.6 at 640 pixels' width when None.
        pattern: kind of nailfold; drawn at random when None.
        difficulty: 0 (clean) to 1 (everything a clinic's scope delivers).
        is_unusual: crowded, steep, curved or far away (engines.synthetic.unusual); `um_per_px` is then a least value.
    """
    return render_scene(
        seed,
        width=width,
        height=height,
        um_per_px=um_per_px,
        pattern=pattern,
        difficulty=difficulty,
        is_unusual=is_unusual,
    )[0]


def render_scene(
    seed: int,
    *,
    width: int = 640,
    height: int = 480,
    um_per_px: float | None = None,
    pattern: Pattern | None = None,
    difficulty: float = 1.0,
    is_unusual: bool = False,
) -> tuple[RenderedImage, Scene, NDArray[np.float32]]:
    """The image of `render`, the scene it was recorded from, and the share of each pixel that lies under dirt or glare
    (float32 [height, width])."""
    streams = open_streams(seed)
    pattern = draw_pattern(streams.anatomy) if pattern is None else pattern
    view = draw_view(streams.anatomy, width, height, um_per_px, difficulty)
    camera = draw_camera_appearance(streams.appearance, width, difficulty)
    if is_unusual:
        view = tilt_view(streams.unusual, view)
    scene = build_scene(streams, view, pattern, camera, difficulty=difficulty, is_crowded=is_unusual)
    overlay = Overlay(scene.levels)
    add_distractors(streams.pixels, overlay, difficulty)
    image = record(streams.pixels, overlay.levels, camera)
    if streams.pixels.random() < CAPTION_SHARE * difficulty:
        burn_in(streams.pixels, image, view.um_per_px)
    if camera.jpeg_quality:
        image = compress(image, camera.jpeg_quality)
    loops = annotate(scene.drawn, view, camera.noise / camera.level, scene.ground)
    loops = tuple(_ignore_hidden(loop, overlay.hidden) for loop in loops)
    row_mm = view.row_length_mm()
    distal = sum(loop.row is Row.DISTAL and loop.is_counted for loop in loops)
    rendered = RenderedImage(
        image_rgb=image,
        loops=loops,
        haemorrhages=tuple(_ignore_hidden_patch(patch, overlay.hidden) for patch in scene.haemorrhages),
        um_per_px=view.um_per_px,
        roll_deg=view.roll_deg,
        distal_row_mm=row_mm,
        density_per_mm=distal / row_mm if row_mm > 0 else 0.0,
        seed=seed,
        pattern=pattern.value,
    )
    return rendered, scene, overlay.hidden


def _ignore_hidden(loop: LoopTruth, hidden: NDArray[np.float32]) -> LoopTruth:
    """The loop, ignored where glare or dirt lies on its head (half the box's width around the apex)."""
    reach = min(loop.bbox_px[2:]) / 2
    low = np.array(loop.apex_px) - reach
    is_hidden = _covered(hidden, (float(low[0]), float(low[1]), 2 * reach, 2 * reach)) > HIDDEN_SHARE
    return replace(loop, is_ignored=True, counts_at_border=False) if is_hidden else loop


def _ignore_hidden_patch(patch: HaemorrhageTruth, hidden: NDArray[np.float32]) -> HaemorrhageTruth:
    return replace(patch, is_ignored=patch.is_ignored or _covered(hidden, patch.bbox_px) > HIDDEN_SHARE)


def _covered(hidden: NDArray[np.float32], box: Box) -> float:
    """Mean cover of a box."""
    x0, y0 = max(0, int(box[0])), max(0, int(box[1]))
    part = hidden[y0 : max(y0, int(box[1] + box[3])) + 1, x0 : max(x0, int(box[0] + box[2])) + 1]
    return float(part.mean()) if part.size else 0.0
