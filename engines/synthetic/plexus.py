"""The subpapillary venous plexus: wide, soft, deep vessels along the row, and stems that climb from them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.curves import resample, smooth_noise
from engines.synthetic.rasterise import Tube, draw_tubes
from engines.synthetic.view import View

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]
SEEN_SHARE = 0.36
"""The plexus is clearly seen in 30 to 37 % of the healthy."""
STREAKS_SHARE = 0.75
GRID = 4
MIN_SAMPLES = 3


def draw_plexus(rng: np.random.Generator, view: View, row_gap_um: float) -> FloatImage:
    """Green optical density of the plexus, float32 (height, width); drawn on a quarter grid: all of it is soft."""
    ground = _Ground(rng, view)
    if rng.random() < STREAKS_SHARE:
        _add_streaks(rng, ground)
    if rng.random() < SEEN_SHARE:
        _add_network(rng, ground, row_gap_um)
    blur = max(0.6, float(rng.uniform(2, 18)) / view.um_per_px / GRID)
    soft = cv2.GaussianBlur(ground.density, (0, 0), blur)
    height, width = soft.shape
    whole = cv2.resize(soft, (width * GRID, height * GRID), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole[: view.height, : view.width], dtype=np.float32)


class _Ground:
    """The quarter grid that vessels are added to."""

    def __init__(self, rng: np.random.Generator, view: View) -> None:
        self.view = view
        self.density: FloatImage = np.zeros((-(-view.height // GRID), -(-view.width // GRID)), np.float32)
        self._rng = rng

    def add(self, line_um: FloatArray, width_um: float, amount: float) -> None:
        """Add a vessel of slowly varying width with thin ends; where vessels cross the denser counts most."""
        points = resample((self.view.to_px(line_um) + 0.5) / GRID - 0.5, 0.7)
        count = len(points)
        if count < MIN_SAMPLES:
            return
        uneven = np.clip(1 + 0.35 * smooth_noise(self._rng, count, 18.0), 0.3, 2)
        to_end = np.minimum(np.arange(count), np.arange(count)[::-1])
        ends = np.clip(to_end / (0.15 * count + 1) + 0.2, 0, 1)
        radius = width_um / (2 * self.view.um_per_px * GRID) * uneven
        height, width = self.density.shape
        patch = draw_tubes([Tube(points, radius, amount * ends, np.zeros(count))], width, height, (0.3, 0.3))
        if patch is not None:
            h, w = patch.density.shape[:2]
            part = self.density[patch.y : patch.y + h, patch.x : patch.x + w]
            part[...] = np.maximum(part, patch.total) + np.minimum(part, patch.total) / 3


def _add_network(rng: np.random.Generator, ground: _Ground, row_gap_um: float) -> None:
    """One to four trunks along the row with the stems that leave them."""
    amount, first = float(rng.uniform(0.04, 0.26)), float(rng.uniform(180, 750))
    for k in range(int(rng.integers(1, 5))):
        trunk = _trunk(rng, ground.view, first + k * row_gap_um)
        ground.add(trunk, float(rng.uniform(14, 45)), amount * float(rng.uniform(0.4, 1)))
        for _ in range(int(rng.integers(1, 7))):
            ground.add(_stem(rng, trunk), float(rng.uniform(9, 26)), amount * float(rng.uniform(0.3, 0.9)))


def _add_streaks(rng: np.random.Generator, ground: _Ground) -> None:
    """Limbs of loops too deep to be made out: soft streaks along them, and end-on vessels seen as dots."""
    amount, view = float(rng.uniform(0.02, 0.12)), ground.view
    for _ in range(int(rng.integers(4, 30))):
        u = float(rng.uniform(-1, 1) * view.reach_um[0])
        v = float(view.row.height_um(np.array([u]))[0] + rng.uniform(60, 900))
        length = 14.0 if rng.random() < 0.15 else float(rng.uniform(50, 330))
        t = np.linspace(0, 1, 24)
        sway = 7 * smooth_noise(rng, 24, 8.0) + rng.normal(0, 0.15) * length * t
        line = np.stack([u + sway, v + length * t], axis=1)
        ground.add(line, float(rng.uniform(8, 36)), amount * float(rng.uniform(0.3, 1)))


def _trunk(rng: np.random.Generator, view: View, below_um: float) -> FloatArray:
    """A vessel along the row, (N, 2) in nailfold axes, over part of the image's width."""
    reach = view.reach_um[0] + 50
    ends = np.sort(rng.uniform(-1.6 * reach, 1.6 * reach, 2))
    u = np.linspace(max(-reach, ends[0]), min(reach, max(ends[1], ends[0] + 150)), 80)
    wave = rng.uniform(20, 80) * smooth_noise(rng, 80, 16.0) + 16 * smooth_noise(rng, 80, 5.0)
    return np.stack([u, view.row.height_um(u) + below_um + wave + rng.normal(0, 0.12) * u], axis=1)


def _stem(rng: np.random.Generator, trunk: FloatArray) -> FloatArray:
    """A vessel that leaves the trunk in a curve and climbs towards the apices, or sinks."""
    start = trunk[int(rng.integers(len(trunk)))]
    length, side = rng.uniform(60, 280), rng.choice([-1.0, 1.0])
    up = -1.0 if rng.random() < 0.75 else 1.0
    t = np.linspace(0, 1, 30)
    along = side * length * rng.uniform(0.1, 0.6) * np.sqrt(t) + 6 * smooth_noise(rng, 30, 8.0)
    return np.stack([start[0] + along, start[1] + up * length * t**1.4], axis=1)
