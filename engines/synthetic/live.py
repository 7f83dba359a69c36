"""The scene in front of the simulated capillaroscope: a nailfold strip seen through a hand-held scope, blood flowing.

Everything costly is drawn once. A frame is a crop of two strips (with and without red cells), blended where plasma gaps
pass, plus noise from a fixed field: a few milliseconds of one core at 640x480.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.flow import gap_table
from engines.synthetic.live_strip import STRIP_WIDTHS, draw_noise, draw_strip
from engines.synthetic.live_truth import FrameTruth, see_through
from engines.synthetic.pattern import Pattern

ByteImage = NDArray[np.uint8]
STATIONS = (0.03, 0.34, 0.66, 0.97, 0.66, 0.34)
"""Places along the strip where the hand rests in turn, as an examiner goes through the sectors A to D and back."""
PLACES_MOST, PLACE_S, PLACE_WIDTHS = 64, 2.5, 1.1
"""How many places there may be, how long each stays, and its strip in frame widths: a hand trembles there."""
REST_S = 6.0
MOVE_S = 4.0
TREMBLE_PX = 2.5
"""Amplitude of a hand's tremble at 640 pixels; physiological tremor has 8 to 12 Hz, slower sway 0.5 to 2 Hz."""


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
        widths: float = STRIP_WIDTHS,
    ) -> None:
        self._size = (width, height)
        self._strip = draw_strip(seed, (width, height), um_per_px, pattern, widths)
        self._noise = draw_noise(seed, (width, height))
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


class ChangingPlaces:
    """Many nailfolds by turns, as of one hand: each place of an exam then shows loops that no other one does."""

    def __init__(
        self,
        seed: int,
        places: int,
        *,
        width: int = 640,
        height: int = 480,
        um_per_px: float = 1.41,
        pattern: Pattern = Pattern.CLINIC,
    ) -> None:
        self._scenes = [
            LiveScene(
                seed * PLACES_MOST + at,
                width=width,
                height=height,
                um_per_px=um_per_px,
                pattern=pattern,
                widths=PLACE_WIDTHS,
            )
            for at in range(places)
        ]

    def frame(self, elapsed_s: float) -> tuple[ByteImage, FrameTruth]:
        """As LiveScene.frame; each place stays for PLACE_S."""
        return self._scenes[int(elapsed_s / PLACE_S) % len(self._scenes)].frame(elapsed_s)


def _drift(elapsed_s: float) -> float:
    """Place along the strip, 0 to 1: rests at each station and glides smoothly to the next."""
    leg, within = divmod(elapsed_s, REST_S + MOVE_S)
    here, there = (STATIONS[(int(leg) + k) % len(STATIONS)] for k in (0, 1))
    t = max(0.0, within - REST_S) / MOVE_S
    return here + (there - here) * t * t * (3 - 2 * t)
