"""Nailfolds at the edge of what a scope sees: crowded, many rows deep, steep, curved, small.

Half of a training's pictures may be such; figures are measured on ordinary ones. Shares and ranges are our choice,
after real pictures in which dense and steep rows were lost.
"""

from dataclasses import dataclass, replace

import numpy as np

from engines.synthetic.appearance import Appearance
from engines.synthetic.view import View

CROWDED_SHARE = 0.6
CROWDED_PER_MM = (8.0, 13.0)
ROWS = (3, 4, 6, 8)
ROW_GAP_UM = (70.0, 170.0)
TURNED_SHARE, MAX_ROLL_DEG = 0.4, 40.0
"""Stills are turned upright from 20 degrees on; live pictures are not turned."""
COARSE_SHARE, COARSEST = 0.4, 1.5
"""So many are seen at up to this many times the micrometres a pixel."""


@dataclass(frozen=True)
class Crowd:
    """How a crowded nailfold differs.

    Attributes:
        density_per_mm: of the first row; None leaves it to the pattern.
        lean_per_row_rad: by which each further row leans more than the one before it.
    """

    density_per_mm: float | None
    lean_per_row_rad: float


def draw_crowd(rng: np.random.Generator) -> Crowd:
    """Density and lean at random."""
    density = float(rng.uniform(*CROWDED_PER_MM)) if rng.random() < CROWDED_SHARE else None
    return Crowd(density, float(rng.normal(0, 0.09)))


def crowd(rng: np.random.Generator, appearance: Appearance) -> Appearance:
    """The appearance with more rows, closer to one another, the deep ones paler and softer."""
    return replace(
        appearance,
        rows=int(rng.choice(ROWS)),
        row_gap_um=float(rng.uniform(*ROW_GAP_UM)),
        row_fading=float(rng.uniform(0.7, 0.97)),
        row_blur_um=float(rng.uniform(0.0, 2.5)),
    )


def tilt_view(rng: np.random.Generator, view: View) -> View:
    """The view with a steep or curved row, turned, or from farther away."""
    far = float(rng.uniform(1, COARSEST)) if rng.random() < COARSE_SHARE else 1.0
    roll = float(rng.uniform(-MAX_ROLL_DEG, MAX_ROLL_DEG)) if rng.random() < TURNED_SHARE else view.roll_deg
    um_per_px = view.um_per_px * far
    reach = view.width * um_per_px / 2
    row = replace(
        view.row,
        level_um=view.row.level_um * far,
        slope=float(rng.normal(0, 0.25)),
        curvature_per_um=float(rng.uniform(-0.08, 0.4)) / reach,
    )
    return replace(view, um_per_px=um_per_px, roll_deg=roll, row=row)
