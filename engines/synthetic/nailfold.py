"""Which loops lie where: rows, spacing, bare stretches, and how well each is seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.synthetic.appearance import Appearance
from engines.synthetic.loop_choice import choose_shape
from engines.synthetic.loop_shape import LoopShape
from engines.synthetic.pattern import NUMBERS, Pattern, PatternNumbers, below_first_row
from engines.synthetic.view import View

FloatArray = NDArray[np.float64]
PALE_SHARE = 0.12
"""Share of loops at a quarter to three fifths of the density: seen by a patient expert only, or by none. Our choice."""


@dataclass(frozen=True)
class Loop:
    """A capillary in the nailfold.

    Attributes:
        at_um: apex in nailfold axes (u, v).
        tilt_rad: turn of the loop about its apex.
        density: peak optical density of a 16 um column in green, log10.
        shallow_um, deep_um: Gaussian blur of its top and of its limbs far below.
        fade_um: depth over which the limbs sink out of sight.
        rest: share of the density that the sunk limbs keep.
        row: 0 is the row nearest the cuticle.
    """

    shape: LoopShape
    at_um: tuple[float, float]
    tilt_rad: float
    density: float
    shallow_um: float
    deep_um: float
    fade_um: float
    rest: float
    row: int

    def to_um(self, points_um: FloatArray) -> FloatArray:
        """Loop axes to nailfold axes."""
        cos, sin = np.cos(self.tilt_rad), np.sin(self.tilt_rad)
        return np.asarray(points_um @ np.array([[cos, sin], [-sin, cos]]) + np.asarray(self.at_um))


@dataclass(frozen=True)
class _Lean:
    """How the loops of one picture lean: together, fanning out from the middle, and each by itself."""

    common_rad: float
    fan_rad_per_um: float
    spread_rad: float

    def tilt_rad(self, along_um: float) -> float:
        return self.common_rad + self.fan_rad_per_um * along_um


def _draw_lean(rng: np.random.Generator, reach_um: float) -> _Lean:
    """Mostly upright within a few degrees; in one picture of three up to 25 degrees together and as much in a fan."""
    is_leaning = rng.random() < 0.33
    common = rng.normal(0, 0.20) if is_leaning else rng.normal(0, 0.06)
    fan = rng.normal(0, 0.18) if is_leaning else rng.normal(0, 0.04)
    spread = np.deg2rad(rng.uniform(4, 11))
    return _Lean(float(np.clip(common, -0.45, 0.45)), float(np.clip(fan, -0.4, 0.4)) / reach_um, float(spread))


def lay_out(
    rng: np.random.Generator,
    view: View,
    pattern: Pattern,
    appearance: Appearance,
    density_per_mm: float | None = None,
    lean_per_row_rad: float = 0.0,
) -> tuple[Loop, ...]:
    """Loops in rows below the view's row curve. Spacing is 1 / density with 25 % variation."""
    if pattern is Pattern.EMPTY:
        return ()
    numbers = NUMBERS[pattern]
    drawn = float(np.clip(rng.normal(*numbers.density_per_mm), 0.8, 11.0))
    density = drawn if density_per_mm is None else density_per_mm
    lean = _draw_lean(rng, view.reach_um[0])
    loops: list[Loop] = []
    for row in range(appearance.rows):
        for at in _places(rng, view, appearance, density, row):
            loops.append(_draw_loop(rng, numbers, appearance, at, row))
    kept = [loop for loop in loops if not _collides(rng, loop, loops)]
    bare = _draw_bare(rng, numbers, view.reach_um[0])
    kept = [loop for loop in kept if not bare[0] < loop.at_um[0] < bare[1] or loop.row > 1]
    tilts = [lean.tilt_rad(loop.at_um[0]) + loop.row * lean_per_row_rad for loop in kept]
    return tuple(
        _tilted(loop, tilt + float(rng.normal(0, lean.spread_rad))) for loop, tilt in zip(kept, tilts, strict=True)
    )


def _places(
    rng: np.random.Generator, view: View, appearance: Appearance, density: float, row: int
) -> list[tuple[float, float]]:
    """Apices of one row that can reach the image."""
    reach_u, reach_v = view.reach_um
    places = []
    u = -reach_u - 100 + rng.uniform(0, 1000 / density)
    while u < reach_u + 100:
        v = float(view.row.height_um(np.array([u]))[0]) + row * appearance.row_gap_um + rng.normal(0, 22 + 25 * row)
        if v < reach_v + 60 and _can_show(view, u, v):
            places.append((float(u), v))
        u += max(35.0, 1000 / density * (1 + 0.25 * rng.normal()))
    return places


def _can_show(view: View, u: float, v: float) -> bool:
    """Whether a loop from an apex at u, v could touch the image, limbs of 600 um and 80 um of breadth allowed for."""
    ends = view.to_px(np.array([[u, v], [u, v + 600]]))
    margin = 80 / view.um_per_px
    low, high = ends.min(axis=0) - margin, ends.max(axis=0) + margin
    return bool((high >= 0).all() and low[0] < view.width and low[1] < view.height)


def _collides(rng: np.random.Generator, loop: Loop, loops: list[Loop]) -> bool:
    """Whether a wide neighbour's head already fills this place; a few overlaps remain, as in life."""
    if rng.random() < 0.12:
        return False
    for other in loops:
        du, dv = abs(loop.at_um[0] - other.at_um[0]), abs(loop.at_um[1] - other.at_um[1])
        room = (loop.shape.head_width_um + other.shape.head_width_um) / 2
        is_first = (other.shape.head_width_um, other.at_um) > (loop.shape.head_width_um, loop.at_um)
        if is_first and du < 0.8 * room and dv < 1.2 * room:
            return True
    return False


def _tilted(loop: Loop, tilt: float) -> Loop:
    return Loop(**{**loop.__dict__, "tilt_rad": tilt})


def _draw_bare(rng: np.random.Generator, numbers: PatternNumbers, reach_u: float) -> tuple[float, float]:
    """An avascular stretch of the first two rows, or an empty one."""
    if rng.random() > numbers.avascular:
        return (0.0, 0.0)
    length, start = rng.uniform(300, 800), rng.uniform(-reach_u, reach_u)
    return (float(start - length / 2), float(start + length / 2))


def _draw_loop(
    rng: np.random.Generator, numbers: PatternNumbers, appearance: Appearance, at_um: tuple[float, float], row: int
) -> Loop:
    shape = choose_shape(rng, numbers if row == 0 else below_first_row(numbers), appearance.gappy)
    shallow = appearance.shallow_um * rng.uniform(0.7, 1.5) + row * appearance.row_blur_um * rng.uniform(0.3, 1.7)
    pale = rng.uniform(0.25, 0.6) if rng.random() < PALE_SHARE else 1.0
    blood = float(appearance.blanching.remaining(np.array(at_um[0]), np.array(at_um[1])))
    return Loop(
        shape=shape,
        at_um=at_um,
        tilt_rad=0.0,
        density=float(appearance.density * np.exp(rng.normal(0, 0.27)) * appearance.row_fading**row * pale * blood),
        shallow_um=float(shallow),
        deep_um=float(shallow + rng.uniform(4, 13)),
        fade_um=float(rng.uniform(180, 560) if row == 0 else rng.uniform(110, 400)),
        rest=float(rng.beta(1.3, 2.4) * 0.6),
        row=row,
    )
