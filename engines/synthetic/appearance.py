"""How clearly a nailfold shows its capillaries, whatever they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.synthetic.view import View

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Blanching:
    """A place pressed bloodless: centre and radius in nailfold axes, share of the blood that is gone."""

    at_um: tuple[float, float]
    radius_um: float
    share: float

    def remaining(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """Share of the blood left at nailfold coordinates."""
        distance = ((u - self.at_um[0]) ** 2 + (v - self.at_um[1]) ** 2) / self.radius_um**2
        return np.asarray(1 - self.share * np.exp(-distance))


@dataclass(frozen=True)
class Appearance:
    """How clearly this nailfold shows its capillaries; common to all its loops.

    Attributes:
        density: median peak optical density in green (real loops: 0.065, 0.134, 0.241 at p5, p50, p95 after blur).
        shallow_um: blur of the first row.
        row_gap_um: distance between rows.
        rows: how many rows are seen.
        row_fading: density of a row as a share of the row before it.
        row_blur_um: blur that each further row adds.
        gappy: share of loops with plasma gaps.
    """

    density: float
    shallow_um: float
    row_gap_um: float
    rows: int
    row_fading: float
    row_blur_um: float
    gappy: float
    blanching: Blanching


def draw_appearance(rng: np.random.Generator, view: View, difficulty: float) -> Appearance:
    """An appearance at random; difficulty widens it towards pale and blurred."""
    reach_u, reach_v = view.reach_um
    is_pressed = rng.random() < 0.15 * difficulty
    return Appearance(
        density=float(0.18 * np.exp(rng.normal(0, 0.33) * (0.3 + 0.7 * difficulty))),
        shallow_um=float(rng.uniform(0.5, 1.5 + 2.5 * difficulty)),
        row_gap_um=float(rng.uniform(90, 260)),
        rows=int(rng.choice([1, 2, 3, 4, 6], p=[0.16, 0.27, 0.25, 0.20, 0.12])),
        row_fading=float(rng.uniform(0.78, 1.0)),
        row_blur_um=float(rng.uniform(0.0, 3.0)),
        gappy=float(rng.choice([0.0, 0.12, 0.5], p=[0.4, 0.4, 0.2])),
        blanching=Blanching(
            at_um=(float(rng.uniform(-reach_u, reach_u)), float(rng.uniform(-reach_v, reach_v))),
            radius_um=float(rng.uniform(150, 700)),
            share=float(rng.uniform(0.3, 0.9)) if is_pressed else 0.0,
        ),
    )
