"""Bushes: capillaries wound into a tangle whose limbs can no longer be told apart."""

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Morphology, SizeClass
from engines.synthetic.curves import resample, smooth_noise, spline
from engines.synthetic.hairpin import draw_widths
from engines.synthetic.loop_shape import STEP_UM, LoopShape, Stroke

FloatArray = NDArray[np.float64]
THINNER = 0.8
"""Of a plain loop's calibre: new vessels are fine (our choice)."""


def build_bush(rng: np.random.Generator, size: SizeClass) -> LoopShape:
    """A tangle of 60 to 170 um by 90 to 330 um on a common stem; its main line has the highest apex."""
    arterial, apical, venous = (THINNER * width for width in draw_widths(rng, size))
    half = float(rng.uniform(30, 85))
    height = half * float(rng.uniform(1.6, 4.0))
    line, top = _main_line(rng, half, height)
    points = resample(line, STEP_UM)
    points = points + 1.5 * np.stack([smooth_noise(rng, len(points), 10.0) for _ in range(2)], axis=1)
    apex = int(np.argmin(points[:, 1]))
    points -= points[apex]
    below = np.maximum(points[:, 1], 0.0)
    t = np.clip(np.abs(np.arange(len(points)) - apex) * STEP_UM / (2.0 * apical + 10), 0, 1)
    width = apical + (np.where(np.arange(len(points)) < apex, arterial, venous) - apical) * t
    width = width * (1 + 0.15 * np.clip(smooth_noise(rng, len(points), 14.0), -1.5, 1.5))
    main = Stroke(points, width, np.ones(len(points)), below)
    limb = max(3, int((1.2 * apical + 8) / STEP_UM))
    twigs = tuple(_twig(rng, main, half, height) for _ in range(int(rng.integers(1, 5))))
    return LoopShape(
        strokes=(main, *twigs),
        apex=apex,
        arterial=max(0, apex - limb),
        venous=min(len(points) - 1, apex + limb),
        head_um=top + apical,
        head_width_um=2 * half,
        morphology=Morphology.RAMIFIED,
    )


def _main_line(rng: np.random.Generator, half: float, height: float) -> tuple[FloatArray, float]:
    """Up from the stem in bends, over the apex, down in bends; the line and how deep its bend reaches."""
    bends = int(rng.integers(2, 5))
    side = float(rng.choice([-1.0, 1.0]))
    up, down = (_bends(rng, half, height, bends, s) for s in (side, -side))
    bend = float(rng.uniform(0.25, 0.6)) * half
    crown = np.array([[-side * 0.5 * bend, 0.35 * bend], [0.0, 0.0], [side * 0.5 * bend, 0.35 * bend]])
    stem = np.array([[float(rng.normal(0, 8)), height + float(rng.uniform(20, 140))]])
    base = stem + np.array([float(rng.uniform(-20, 20)), 0.0])
    return spline(np.concatenate([stem, up[::-1], crown, down, base])), bend


def _bends(rng: np.random.Generator, half: float, height: float, count: int, side: float) -> FloatArray:
    """Knots from the crown downwards that swing from side to side, (count, 2)."""
    v = height * (np.arange(count) + rng.uniform(0.5, 1.1, count)) / (count + 0.6)
    swing = side * half * rng.uniform(0.3, 1.0, count) * np.where(np.arange(count) % 2 == 0, -1.0, 1.0)
    return np.stack([swing, np.maximum(v, 0.15 * height)], axis=1)


def _twig(rng: np.random.Generator, main: Stroke, half: float, height: float) -> Stroke:
    """A vessel that leaves the main line, turns through the tangle and joins it again or ends blind."""
    ends = main.points_um[np.sort(rng.choice(len(main.points_um), 2, replace=False))]
    middle = np.stack([rng.uniform(-half, half, 3), rng.uniform(0.1, 1.0, 3) * height], axis=1)
    points = resample(spline(np.concatenate([ends[:1], middle, ends[1:]])), STEP_UM)
    points[:, 1] = np.maximum(points[:, 1], 4.0)
    width = float(np.median(main.width_um)) * rng.uniform(0.55, 1.0)
    widths = np.clip(width * (1 + 0.2 * smooth_noise(rng, len(points), 15.0)), 5.0, None)
    return Stroke(points, widths, np.full(len(points), rng.uniform(0.5, 1.0)), points[:, 1].copy())
