"""Which loops lie where: rows, spacing, classes and how well each is seen."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Morphology, SizeClass
from engines.synthetic.loop_shape import LoopShape, build_hairpin, draw_hairpin, smooth_noise, with_strength
from engines.synthetic.pattern import NUMBERS, Pattern, PatternNumbers
from engines.synthetic.ramified import build_ramified
from engines.synthetic.view import View

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Loop:
    """A capillary in the nailfold.

    Attributes:
        at_um: apex in nailfold axes (u, v).
        tilt_rad: turn of the loop about its apex.
        density: peak optical density of a 16 um column in green, log10.
        shallow_um, deep_um: Gaussian blur of its top and of its limbs far below.
        fade_um: depth over which the limbs sink out of sight.
        row: 0 is the row nearest the cuticle.
    """

    shape: LoopShape
    at_um: tuple[float, float]
    tilt_rad: float
    density: float
    shallow_um: float
    deep_um: float
    fade_um: float
    row: int

    def to_um(self, points_um: FloatArray) -> FloatArray:
        """Loop axes to nailfold axes."""
        cos, sin = np.cos(self.tilt_rad), np.sin(self.tilt_rad)
        return np.asarray(points_um @ np.array([[cos, sin], [-sin, cos]]) + np.asarray(self.at_um))


@dataclass(frozen=True)
class Nailfold:
    """All loops of a scene, distal first, and the density they were laid out with."""

    loops: tuple[Loop, ...]
    pattern: Pattern


@dataclass(frozen=True)
class Look:
    """How clearly this nailfold shows its capillaries; common to all its loops.

    Attributes:
        density: median peak optical density in green (real loops: 0.065, 0.134, 0.241 at p5, p50, p95 after blur).
        shallow_um: blur of the first row.
        row_gap_um: distance between rows.
        rows: how many rows are seen.
        gappy: share of loops with plasma gaps.
    """

    density: float
    shallow_um: float
    row_gap_um: float
    rows: int
    gappy: float


def draw_look(rng: np.random.Generator, difficulty: float) -> Look:
    """A look at random; difficulty widens it towards pale and blurred."""
    return Look(
        density=float(0.23 * np.exp(rng.normal(0, 0.30) * (0.3 + 0.7 * difficulty))),
        shallow_um=float(rng.uniform(0.5, 1.5 + 2.5 * difficulty)),
        row_gap_um=float(rng.uniform(90, 260)),
        rows=int(rng.choice([1, 2, 3, 4, 6], p=[0.25, 0.27, 0.22, 0.16, 0.10])),
        gappy=float(rng.choice([0.0, 0.12, 0.5], p=[0.4, 0.4, 0.2])),
    )


def lay_out(rng: np.random.Generator, view: View, pattern: Pattern, look: Look) -> Nailfold:
    """Loops in rows below the view's row curve. Spacing is 1 / density with 25 % variation; tilt about 10 degrees."""
    if pattern is Pattern.EMPTY:
        return Nailfold((), pattern)
    numbers = NUMBERS[pattern]
    density = float(np.clip(rng.normal(*numbers.density_per_mm), 0.8, 11.0))
    reach_u, reach_v = view.reach_um
    common_tilt = rng.normal(0, 0.06)
    loops = []
    for row in range(look.rows):
        bare = _draw_bare(rng, numbers, reach_u) if row < 2 else (0.0, 0.0)
        u = -reach_u - 100 + rng.uniform(0, 1000 / density)
        while u < reach_u + 100:
            v = float(view.row.height_um(np.array([u]))[0]) + row * look.row_gap_um + rng.normal(0, 22 + 25 * row)
            if not bare[0] < u < bare[1] and v < reach_v + 60:
                tilt = common_tilt + rng.normal(0, np.deg2rad(8))
                loops.append(_draw_loop(rng, numbers, look, (u, v), tilt, row))
            u += max(35.0, 1000 / density * (1 + 0.25 * rng.normal()))
    return Nailfold(tuple(loops), pattern)


def _draw_bare(rng: np.random.Generator, numbers: PatternNumbers, reach_u: float) -> tuple[float, float]:
    """An avascular stretch of the row, or an empty one."""
    if rng.random() > numbers.avascular:
        return (0.0, 0.0)
    length, start = rng.uniform(300, 800), rng.uniform(-reach_u, reach_u)
    return (float(start - length / 2), float(start + length / 2))


def _draw_shape(rng: np.random.Generator, numbers: PatternNumbers) -> LoopShape:
    kind = rng.random()
    size = SizeClass.ENLARGED if rng.random() < numbers.enlarged else SizeClass.NORMAL
    if kind < numbers.ramified:
        return build_ramified(rng, size)
    if kind < numbers.ramified + numbers.giant:
        hairpin = draw_hairpin(rng, SizeClass.GIANT, False)
        return build_hairpin(rng, replace(hairpin, wobble=hairpin.wobble * 2), Morphology.GIANT)
    if kind < numbers.ramified + numbers.giant + numbers.tortuous:
        return build_hairpin(rng, draw_hairpin(rng, size, True), Morphology.TORTUOUS)
    return build_hairpin(rng, draw_hairpin(rng, size, False), Morphology.NORMAL)


def _draw_loop(
    rng: np.random.Generator, numbers: PatternNumbers, look: Look, at_um: tuple[float, float], tilt: float, row: int
) -> Loop:
    shape = _flow(rng, _draw_shape(rng, numbers), look.gappy)
    fade = rng.uniform(130, 480) if row == 0 else rng.uniform(45, 220)
    shallow = look.shallow_um * rng.uniform(0.7, 1.5) + row * rng.uniform(0.3, 3.5)
    return Loop(
        shape=shape,
        at_um=at_um,
        tilt_rad=float(tilt),
        density=float(look.density * np.exp(rng.normal(0, 0.30)) * 0.86**row * (0.3 if rng.random() < 0.07 else 1)),
        shallow_um=float(shallow),
        deep_um=float(shallow + rng.uniform(3, 9)),
        fade_um=float(fade),
        row=row,
    )


def _flow(rng: np.random.Generator, shape: LoopShape, gappy: float) -> LoopShape:
    """Plasma gaps and unevenly filled limbs on the main stroke; the arterial limb is often the paler."""
    main = shape.strokes[0]
    count = len(main.points_um)
    index = np.arange(count)
    below_bend = np.clip(main.below_um / (2 * shape.head_um) - 0.5, 0, 1)
    paler = np.where(index < shape.apex, rng.uniform(0.5, 1.0), rng.uniform(0.75, 1.0))
    strength = 1 - below_bend * (1 - paler)
    strength = strength * (1 + 0.12 * np.clip(smooth_noise(rng, count, 20.0), -1.5, 1.5))
    if rng.random() < gappy:
        gaps = smooth_noise(rng, count, rng.uniform(5, 14)) + rng.uniform(-0.1, 0.6)
        open_ = np.clip(gaps * 3 + 0.5, rng.uniform(0, 0.4), 1)
        limb = rng.random()
        where = index < shape.apex if limb < 0.5 else index > shape.apex if limb < 0.75 else index >= 0
        strength = np.where(where & (main.below_um > shape.head_um), strength * open_, strength)
    return replace(shape, strokes=(with_strength(main, strength), *shape.strokes[1:]))
