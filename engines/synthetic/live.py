"""The scene in front of the simulated capillaroscope: a nailfold strip seen through a hand-held scope, blood flowing.

Everything costly is drawn once. A frame is a crop of two strips (with and without red cells), blended where plasma gaps
pass, plus noise from a fixed field: a few milliseconds of one core at 640x480.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.annotate import annotate
from engines.synthetic.camera import CameraLook
from engines.synthetic.drawing import density_maps
from engines.synthetic.fields import random_field
from engines.synthetic.flow import draw_flow_map, gap_table
from engines.synthetic.live_truth import FrameTruth, see_through
from engines.synthetic.pattern import Pattern
from engines.synthetic.scene import build_scene, open_streams
from engines.synthetic.view import RowCurve, View

ByteImage = NDArray[np.uint8]
STRIP_WIDTHS = 3.0
"""Length of the strip in frame widths."""
MARGIN_SHARE = 0.12
"""Strip beyond the frame above and below, for the tremble."""
STATIONS = (0.03, 0.34, 0.66, 0.97, 0.66, 0.34)
"""Places along the strip where the hand rests in turn, as an examiner goes through the sectors A to D and back."""
REST_S = 6.0
MOVE_S = 4.0
TREMBLE_PX = 2.5
"""Amplitude of a hand's tremble at 640 pixels; physiological tremor has 8 to 12 Hz, slower sway 0.5 to 2 Hz."""
NOISE_LEVELS = 2.2


@dataclass(frozen=True)
class _Strip:
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


class LiveScene:
    """A nailfold that can be watched; the same seed and time always give the same frame."""

    def __init__(
        self,
        seed: int = 1,
        *,
        width: int = 640,
        height: int = 480,
        um_per_px: float = 1.41,
        pattern: Pattern = Pattern.CLINIC,
    ) -> None:
        self._size = (width, height)
        self._um_per_px = um_per_px
        self._strip = _draw_strip(seed, (width, height), um_per_px, pattern)
        self._noise = _noise_field(seed, (width, height))
        self._phase = np.random.default_rng([seed, 7]).uniform(0, 2 * np.pi, 6)

    def frame(self, elapsed_s: float) -> tuple[ByteImage, FrameTruth]:
        """The view `elapsed_s` seconds after the start.

        Returns the image, uint8 (height, width, 3), RGB, and the truth of what it shows.
        """
        x, y = self._offset(elapsed_s)
        left, top = int(x), int(y)
        width, height = self._size
        # One pixel more than the frame, for the shift by part of a pixel.
        window = (slice(top, top + height + 1), slice(left, left + width + 1))
        gaps = np.take(gap_table(elapsed_s), self._strip.flow[window])
        cells = cv2.multiply(self._strip.cells[window], cv2.merge([gaps, gaps, gaps]), scale=1 / 255)
        levels = cv2.add(self._strip.with_cells[window], cells)
        shift = np.array([[1, 0, left - x], [0, 1, top - y]], np.float32)
        image = cv2.warpAffine(levels, shift, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        image = cv2.addWeighted(image, 1.0, self._noise_window(elapsed_s), 1.0, -128.0)
        return np.asarray(image), see_through(self._strip.truth, (x, y), self._size)

    def _offset(self, elapsed_s: float) -> tuple[float, float]:
        """Top-left corner of the view in the strip: drift along it, sway and tremor."""
        strip_height, strip_width = self._strip.flow.shape
        room = (strip_width - self._size[0] - 2, strip_height - self._size[1] - 2)
        p, scale = self._phase, self._size[0] / 640
        sway = [np.sin(2 * np.pi * 0.31 * elapsed_s + p[1]), np.sin(2 * np.pi * 0.23 * elapsed_s + p[2])]
        tremor = [np.sin(2 * np.pi * 1.7 * elapsed_s + p[3]), np.sin(2 * np.pi * 1.3 * elapsed_s + p[4])]
        fast = np.sin(2 * np.pi * 9.0 * elapsed_s + p[5])
        x = room[0] * _drift(elapsed_s) + scale * (4 * sway[0] + TREMBLE_PX * tremor[0] + 0.3 * fast)
        y = room[1] / 2 + scale * (6 * sway[1] + TREMBLE_PX * tremor[1] + 0.3 * fast)
        return float(np.clip(x, 0, room[0])), float(np.clip(y, 0, room[1]))

    def _noise_window(self, elapsed_s: float) -> ByteImage:
        """A window of the noise field that jumps with every millisecond."""
        rng = np.random.default_rng(int(elapsed_s * 1000) & 0x7FFFFFFF)
        width, height = self._size
        x, y = int(rng.integers(self._noise.shape[1] - width)), int(rng.integers(self._noise.shape[0] - height))
        return self._noise[y : y + height, x : x + width]


def _drift(elapsed_s: float) -> float:
    """Place along the strip, 0 to 1: rests at each station and glides smoothly to the next."""
    leg, within = divmod(elapsed_s, REST_S + MOVE_S)
    here, there = (STATIONS[(int(leg) + k) % len(STATIONS)] for k in (0, 1))
    t = max(0.0, within - REST_S) / MOVE_S
    return here + (there - here) * t * t * (3 - 2 * t)


def _draw_strip(seed: int, size: tuple[int, int], um_per_px: float, pattern: Pattern) -> _Strip:
    width, height = int(size[0] * STRIP_WIDTHS), int(size[1] * (1 + 2 * MARGIN_SHARE))
    streams = open_streams(seed)
    row = RowCurve(
        level_um=-0.13 * height * um_per_px,
        slope=0.0,
        curvature_per_um=0.0,
        wave_um=25.0,
        wavelength_um=1400.0,
        phase=float(streams.anatomy.uniform(0, 6)),
    )
    view = View(width, height, um_per_px, 0.0, row)
    camera = _steady_camera(size[0])
    scene = build_scene(streams, view, pattern, camera, difficulty=0.25)
    with_cells = np.clip(scene.levels, 0, 255).astype(np.uint8)
    without = np.clip(scene.without_loops(), 0, 255).astype(np.uint8)
    loops = annotate(scene.drawn, view, NOISE_LEVELS / camera.level)
    truth = FrameTruth(loops, scene.haemorrhages, um_per_px)
    flow = draw_flow_map(streams.pixels, scene.drawn, density_maps(scene.drawn, view), um_per_px)
    cells = np.clip(without.astype(np.float32) - with_cells, 0, 255) * flow.share[:, :, None]
    return _Strip(with_cells, (cells + 0.5).astype(np.uint8), flow.index, truth)


def _steady_camera(width: int) -> CameraLook:
    """A scope in focus under even light, without compression."""
    return CameraLook(
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


def _noise_field(seed: int, size: tuple[int, int]) -> ByteImage:
    """Sensor noise about 128, uint8 RGB, half as large again as the frame."""
    rng = np.random.default_rng([seed, 8])
    field_size = (size[0] * 3 // 2, size[1] * 3 // 2)
    common = random_field(rng, field_size, 1.0)
    channels = [128.5 + NOISE_LEVELS * (0.8 * common + 0.6 * random_field(rng, field_size, 1.0)) for _ in range(3)]
    return np.asarray(np.clip(cv2.merge(channels), 0, 255), dtype=np.uint8)
