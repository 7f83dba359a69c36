"""The nailfold strip that the live scene moves over, drawn once."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.annotate import annotate
from engines.synthetic.camera import CameraAppearance
from engines.synthetic.drawing import density_maps
from engines.synthetic.fields import random_field
from engines.synthetic.flow import draw_flow_map
from engines.synthetic.live_truth import FrameTruth
from engines.synthetic.pattern import NUMBERS, Pattern
from engines.synthetic.scene import build_scene, open_streams
from engines.synthetic.view import RowShape, View

ByteImage = NDArray[np.uint8]
STRIP_WIDTHS = 3.0
"""Length of a finger's strip in frame widths."""
MARGIN_SHARE = 0.12
"""Strip beyond the frame above and below, for the tremble."""
NOISE_LEVELS = 2.2


@dataclass(frozen=True)
class Strip:
    """What was drawn once, all of the strip's size.

    Attributes:
        with_cells: uint8 RGB levels with every column full.
        cells: uint8 RGB levels that a gap adds.
        flow: uint16 index into the gap table.
        truth: in strip coordinates.
    """

    with_cells: ByteImage
    cells: ByteImage
    flow: NDArray[np.uint16]
    truth: FrameTruth


def draw_strip(
    seed: int, size: tuple[int, int], um_per_px: float, pattern: Pattern, widths: float = STRIP_WIDTHS
) -> Strip:
    """A strip of so many frame widths, for frames of `size` (width, height)."""
    width, height = int(size[0] * widths), int(size[1] * (1 + 2 * MARGIN_SHARE))
    streams = open_streams(seed)
    row = RowShape(
        level_um=-0.13 * height * um_per_px,
        slope=0.0,
        curvature_per_um=0.0,
        wave_um=25.0,
        wavelength_um=1400.0,
        phase=float(streams.anatomy.uniform(0, 6)),
    )
    view = View(width, height, um_per_px, 0.0, row)
    camera = _steady_camera(size[0])
    scene = build_scene(
        streams, view, pattern, camera, difficulty=0.25, density_per_mm=NUMBERS[pattern].density_per_mm[0]
    )
    with_cells = np.clip(scene.levels, 0, 255).astype(np.uint8)
    without = np.clip(scene.without_loops(), 0, 255).astype(np.uint8)
    loops = annotate(scene.drawn, view, NOISE_LEVELS / camera.level, scene.ground)
    truth = FrameTruth(loops, scene.haemorrhages, um_per_px)
    flow = draw_flow_map(streams.pixels, scene.drawn, density_maps(scene.drawn, view), um_per_px)
    cells = np.clip(without.astype(np.float32) - with_cells, 0, 255) * flow.share[:, :, None]
    return Strip(with_cells, (cells + 0.5).astype(np.uint8), flow.index, truth)


def _steady_camera(width: int) -> CameraAppearance:
    """A scope in focus under even light, without compression."""
    return CameraAppearance(
        blur_px=0.9 * width / 640,
        motion_px=0.0,
        motion_rad=0.0,
        level=155.0,
        contrast=1.05,
        noise=NOISE_LEVELS,
        noise_scale_px=1.0,
        noise_colour=0.4,
        vignette=0.0,
        slope=(0.0, 0.0),
        resolution=1.0,
        sharpen=0.0,
        jpeg_quality=0,
    )


def draw_noise(seed: int, size: tuple[int, int]) -> ByteImage:
    """Sensor noise about 128, uint8 RGB, half as large again as the frame."""
    rng = np.random.default_rng([seed, 8])
    field_size = (size[0] * 3 // 2, size[1] * 3 // 2)
    common = random_field(rng, field_size, 1.0)
    channels = [128.5 + NOISE_LEVELS * (0.8 * common + 0.6 * random_field(rng, field_size, 1.0)) for _ in range(3)]
    return np.asarray(np.clip(cv2.merge(channels), 0, 255), dtype=np.uint8)
