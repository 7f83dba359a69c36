"""Branching capillaries: sprouts, several apices on one base, bushes."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Morphology, SizeClass
from engines.synthetic.curves import resample, smooth_noise, spline
from engines.synthetic.hairpin import draw_hairpin
from engines.synthetic.loop_shape import STEP_UM, LoopShape, Stroke, build_hairpin

FloatArray = NDArray[np.float64]


def build_ramified(rng: np.random.Generator, size: SizeClass) -> LoopShape:
    """A loop with two to five branches. The highest apex is that of strokes[0]: every branch stays below it."""
    numbers = draw_hairpin(rng, size, False)
    irregular = replace(
        numbers,
        wobble=float(rng.uniform(3, 10)),
        unrest=float(rng.uniform(2, 7)),
        crossings=float(rng.choice([0.0, 1.0])),
        length=max(numbers.length, 170.0),
    )
    main = build_hairpin(rng, irregular, Morphology.RAMIFIED)
    count = int(rng.integers(2, 6))
    branches = [_second_loop(rng, main) if rng.random() < 0.45 else _sprout(rng, main) for _ in range(count)]
    return replace(main, strokes=(*main.strokes, *branches))


def _branch(rng: np.random.Generator, main: LoopShape, line: FloatArray) -> Stroke:
    """A tube along `line`, thinner than the limb it leaves (neoangiogenesis: fine, irregular vessels)."""
    points = resample(line, STEP_UM)
    points[:, 1] = np.maximum(points[:, 1], 4.0)
    limb = float(np.median(main.strokes[0].width_um))
    width = np.clip(limb * rng.uniform(0.5, 0.9) * (1 + 0.2 * smooth_noise(rng, len(points), 15.0)), 5.0, None)
    strength = np.full(len(points), rng.uniform(0.6, 1.0))
    return Stroke(points, width, strength, points[:, 1].copy())


def _anchor(rng: np.random.Generator, main: LoopShape, low: float, high: float) -> FloatArray:
    """A point on a limb between two depths."""
    stroke = main.strokes[0]
    fits = np.flatnonzero((stroke.below_um > low) & (stroke.below_um < high))
    pick = int(rng.choice(fits)) if len(fits) else main.venous
    return np.asarray(stroke.points_um[pick])


def _sprout(rng: np.random.Generator, main: LoopShape) -> Stroke:
    """A single vessel that leaves a limb sideways, climbs, and often hooks back."""
    start = _anchor(rng, main, 25.0, 150.0)
    side = rng.choice([-1.0, 1.0])
    length, turn = rng.uniform(40, 130), rng.uniform(-0.6, 2.6)
    t = np.linspace(0, 1, 30)
    heading = rng.uniform(0.1, 0.9) + (turn - 0.4) * t + 0.35 * smooth_noise(rng, 30, 9.0)
    step = length / 29 * np.stack([side * np.cos(heading), -np.sin(heading)], axis=1)
    return _branch(rng, main, start + np.cumsum(step, axis=0))


def _second_loop(rng: np.random.Generator, main: LoopShape) -> Stroke:
    """A smaller loop beside the main one that rejoins its limb: another apex on the same base."""
    join = _anchor(rng, main, 90.0, 190.0)
    side = rng.choice([-1.0, 1.0])
    top = np.array([join[0] + side * rng.uniform(25, 70), rng.uniform(6, 60)])
    half = rng.uniform(8, 18)
    knots = np.array(
        [
            join,
            [top[0] - side * half * 1.1, (top[1] + join[1]) / 2],
            [top[0] - half * side, top[1] + 14],
            top,
            [top[0] + half * side, top[1] + 14],
            [top[0] + side * half * 0.8, (top[1] + join[1]) / 2],
            [join[0] + side * 4, join[1] + rng.uniform(10, 50)],
        ]
    )
    return _branch(rng, main, spline(knots))
