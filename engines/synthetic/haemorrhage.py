"""Microhaemorrhages: dark brown-red patches beyond the apices, stacked towards the cuticle."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.fields import random_field
from engines.synthetic.nailfold import Loop
from engines.synthetic.pattern import NUMBERS, Pattern
from engines.synthetic.rasterise import Patch
from engines.synthetic.truth import HaemorrhageTruth
from engines.synthetic.view import View

FloatImage = NDArray[np.float32]
SEEN_DENSITY = 0.025
IGNORED_DENSITY = 0.05


@dataclass(frozen=True)
class Haemorrhage:
    """One patch: centre in nailfold axes, half axes along and across the row, turn, green optical density, softness."""

    at_um: tuple[float, float]
    half_um: tuple[float, float]
    turn_rad: float
    density: float
    soft_um: float


def place_haemorrhages(
    rng: np.random.Generator, view: View, pattern: Pattern, loops: tuple[Loop, ...]
) -> tuple[Haemorrhage, ...]:
    """Stacks of patches of 30 to 150 um, each distal to an apex of the first row (or to a bare stretch of it)."""
    patches: list[Haemorrhage] = []
    first_row = [loop.at_um for loop in loops if loop.row == 0]
    for _ in range(int(rng.poisson(NUMBERS[pattern].haemorrhages))):
        if first_row and rng.random() < 0.8:
            u, v = first_row[int(rng.integers(len(first_row)))]
        else:
            u = float(rng.uniform(-1, 1) * view.reach_um[0])
            v = float(view.row.height_um(np.array([u]))[0])
        patches += _stack(rng, u, v - float(rng.uniform(5, 60)))
    return tuple(patches)


def _stack(rng: np.random.Generator, u: float, v: float) -> list[Haemorrhage]:
    density = float(0.22 * np.exp(rng.normal(0, 0.4)))
    patches = []
    for _ in range(int(rng.choice([1, 2, 3, 4], p=[0.5, 0.27, 0.15, 0.08]))):
        half_u = float(np.clip(np.exp(rng.normal(np.log(30), 0.4)), 15, 75))
        half_v = half_u * float(rng.uniform(0.4, 1.0))
        v -= half_v
        at = (u + float(rng.normal(0, 8)), v)
        patches.append(Haemorrhage(at, (half_u, half_v), float(rng.normal(0, 0.2)), density, float(rng.uniform(2, 9))))
        v -= half_v + float(rng.uniform(6, 40))
        density *= float(rng.uniform(0.6, 1.0))
    return patches


def draw_haemorrhage(rng: np.random.Generator, patch: Haemorrhage, view: View, blur_px: float) -> Patch | None:
    """Optical density of a patch, float32 (h, w, 1): lobes with a ragged soft edge and a mottled inside."""
    centre = view.to_px(np.array([patch.at_um]))[0]
    reach = int(1.7 * max(patch.half_um) / view.um_per_px + 3 * blur_px) + 3
    x0, y0 = max(0, int(centre[0]) - reach), max(0, int(centre[1]) - reach)
    x1, y1 = min(view.width, int(centre[0]) + reach + 1), min(view.height, int(centre[1]) + reach + 1)
    if x1 - x0 < 4 or y1 - y0 < 4:
        return None
    turn = patch.turn_rad + np.deg2rad(view.roll_deg)
    x, y = np.meshgrid(np.arange(x0, x1) - centre[0], np.arange(y0, y1) - centre[1])
    along = (x * np.cos(turn) + y * np.sin(turn)) * view.um_per_px / patch.half_um[0]
    across = (y * np.cos(turn) - x * np.sin(turn)) * view.um_per_px / patch.half_um[1]
    size = (x1 - x0, y1 - y0)
    scale = max(1.0, patch.half_um[1] / view.um_per_px)
    ragged = rng.uniform(0.08, 0.32) * random_field(rng, size, max(1.0, rng.uniform(0.3, 0.8) * scale))
    ragged += rng.uniform(0.0, 0.12) * random_field(rng, size, max(0.8, 0.15 * scale))
    edge = (1 - _lobed(rng, along, across) + ragged) * patch.half_um[1] / patch.soft_um
    inside = 1 / (1 + np.exp(-np.clip(2 * edge, -30, 30)))
    mottled = 1 + rng.uniform(0.05, 0.35) * random_field(rng, size, max(1.0, 8 / view.um_per_px))
    density = cv2.GaussianBlur((patch.density * inside * mottled).astype(np.float32), (0, 0), max(blur_px, 0.3))
    return Patch(x0, y0, density[:, :, None])


def _lobed(rng: np.random.Generator, along: NDArray[np.floating], across: NDArray[np.floating]) -> FloatImage:
    """Distance from the patch's middle, 1 at its edge: of an ellipse, or of up to three that run into one another."""
    nearest = np.hypot(along, across)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.45, 0.35, 0.2]))):
        u, v, size = rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8), rng.uniform(0.3, 0.7)
        nearest = np.minimum(nearest, np.hypot(along - u, across - v) / size)
    return np.asarray(nearest, dtype=np.float32)


def annotate_haemorrhage(drawn: Patch, noise: float) -> HaemorrhageTruth | None:
    """The box of what rises above a third of the patch's peak; None where nothing can be seen."""
    total = drawn.total
    peak = float(total.max())
    if peak < SEEN_DENSITY:
        return None
    rows, columns = np.nonzero(total > max(0.35 * peak, SEEN_DENSITY))
    x, y = float(drawn.x + columns.min()), float(drawn.y + rows.min())
    w, h = float(np.ptp(columns)), float(np.ptp(rows))
    is_ignored = peak < IGNORED_DENSITY + 2 * noise or min(w, h) < 5
    return HaemorrhageTruth((x, y, w, h), is_ignored) if min(w, h) >= 3 else None
