"""The subpapillary venous plexus: wide, soft, deep vessels along the row, and stems that climb from them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.loop_shape import smooth_noise
from engines.synthetic.view import View

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]
SEEN_SHARE = 0.36
"""The plexus is clearly seen in 30 to 37 % of the healthy."""
STREAKS_SHARE = 0.65
GRID = 4


def draw_plexus(rng: np.random.Generator, view: View, row_gap_um: float) -> FloatImage:
    """Green optical density of the plexus, float32 (height, width); drawn on a quarter grid: all of it is soft."""
    size = (-(-view.width // GRID), -(-view.height // GRID))
    density = np.zeros((size[1], size[0]), np.float32)
    if rng.random() < STREAKS_SHARE:
        _add_streaks(rng, density, view)
    if rng.random() < SEEN_SHARE:
        _add_network(rng, density, view, row_gap_um)
    soft = cv2.GaussianBlur(density, (0, 0), float(rng.uniform(5, 18)) / view.um_per_px / GRID)
    whole = cv2.resize(soft, (size[0] * GRID, size[1] * GRID), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole[: view.height, : view.width], dtype=np.float32)


def _add_network(rng: np.random.Generator, density: FloatImage, view: View, row_gap_um: float) -> None:
    """One to four trunks along the row with the stems that leave them."""
    amount = float(rng.uniform(0.04, 0.20))
    trunks = [_trunk(rng, view, float(rng.uniform(150, 700)) + k * row_gap_um) for k in range(int(rng.integers(1, 5)))]
    for trunk in trunks:
        _add(density, trunk, float(rng.uniform(14, 45)), amount * float(rng.uniform(0.4, 1)), view)
        for _ in range(int(rng.integers(1, 7))):
            stem = _stem(rng, trunk)
            _add(density, stem, float(rng.uniform(9, 26)), amount * float(rng.uniform(0.3, 0.9)), view)


def _add_streaks(rng: np.random.Generator, density: FloatImage, view: View) -> None:
    """Limbs of loops too deep to be made out: soft streaks along them, and end-on vessels seen as dots."""
    amount = float(rng.uniform(0.02, 0.12))
    for _ in range(int(rng.integers(4, 30))):
        u = float(rng.uniform(-1, 1) * view.reach_um[0])
        v = float(view.row.height_um(np.array([u]))[0] + rng.uniform(60, 900))
        length = 6.0 if rng.random() < 0.15 else float(rng.uniform(50, 330))
        t = np.linspace(0, 1, 24)
        sway = 7 * smooth_noise(rng, 24, 8.0) + rng.normal(0, 0.15) * length * t
        line = np.stack([u + sway, v + length * t], axis=1)
        _add(density, line, float(rng.uniform(8, 36)), amount * float(rng.uniform(0.3, 1)), view)


def _trunk(rng: np.random.Generator, view: View, below_um: float) -> FloatArray:
    """A vessel along the row, (N, 2) in nailfold axes, over part of the image's width."""
    reach = view.reach_um[0] + 50
    ends = np.sort(rng.uniform(-1.6 * reach, 1.6 * reach, 2))
    u = np.linspace(max(-reach, ends[0]), min(reach, max(ends[1], ends[0] + 150)), 80)
    wave = 45 * smooth_noise(rng, 80, 16.0) + 14 * smooth_noise(rng, 80, 5.0)
    return np.stack([u, view.row.height_um(u) + below_um + wave + rng.normal(0, 0.15) * u], axis=1)


def _stem(rng: np.random.Generator, trunk: FloatArray) -> FloatArray:
    """A vessel that leaves the trunk in a curve and climbs towards the apices, or sinks."""
    start = trunk[int(rng.integers(len(trunk)))]
    length, side = rng.uniform(60, 280), rng.choice([-1.0, 1.0])
    up = -1.0 if rng.random() < 0.75 else 1.0
    t = np.linspace(0, 1, 30)
    along = side * length * rng.uniform(0.1, 0.6) * np.sqrt(t) + 6 * smooth_noise(rng, 30, 8.0)
    return np.stack([start[0] + along, start[1] + up * length * t**1.4], axis=1)


def _add(density: FloatImage, line_um: FloatArray, width_um: float, amount: float, view: View) -> None:
    """Add one vessel; sub-pixel widths keep their total absorption."""
    points = ((view.to_px(line_um) + 0.5) / GRID - 0.5) * 16
    width = width_um / view.um_per_px / GRID
    layer = np.zeros_like(density)
    line = np.rint(points).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(layer, [line], False, 1.0, max(1, round(width)), cv2.LINE_8, 4)
    density += layer * np.float32(amount * min(1.0, width))
