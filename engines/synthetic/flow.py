"""Plasma gaps that travel along the loops, from the arterial to the venous side."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engines.synthetic.drawing import DrawnLoop
from engines.synthetic.loop_shape import STEP_UM
from engines.synthetic.rasterise import nearest_sample

PHASES = 256
CLASSES = 6
"""Loops fall into this many classes of speed and gap pattern; class 0 is still."""
PERIOD_UM = 260.0
"""Length after which a class's pattern of gaps repeats. Our choice."""
SPEED_UM_PER_S = (0.0, 90.0, 140.0, 210.0, 300.0, 420.0)
"""Red cells in nailfold loops travel at about 0.1 to 1 mm/s [confirm]; the lower end can be followed by eye."""


WIDEST_FLOWING_UM = 32.0
"""Gaps span a narrow column; in wider ones the cells stream past them."""


@dataclass(frozen=True)
class FlowMap:
    """Where plasma gaps can show.

    Attributes:
        index: uint16 (height, width), the entry of the gap table a pixel reads: class * 256 + phase.
        share: float32 (height, width), share of the pixel's blood that belongs to that loop and lies in focus.
    """

    index: NDArray[np.uint16]
    share: NDArray[np.float32]


def draw_flow_map(
    rng: np.random.Generator, drawn: tuple[DrawnLoop, ...], density: NDArray[np.float32], um_per_px: float
) -> FlowMap:
    """Class and phase around every flowing loop; 0, which never gaps, elsewhere.

    `density` is the sum of all loops' patches, float32 (height, width, 2).
    """
    total = np.maximum(density.sum(axis=2), 1e-3)
    index = np.zeros(total.shape, np.uint16)
    share = np.zeros(total.shape, np.float32)
    for one in drawn:
        patch, tube = one.patch, one.tubes[0]
        h, w = patch.density.shape[:2]
        near = nearest_sample(tube.points_px - (patch.x, patch.y), w, h)
        if near is None or 2 * tube.radius_px.max() * um_per_px > WIDEST_FLOWING_UM:
            continue
        kind = int(rng.integers(1, CLASSES))
        phase = (near * STEP_UM / PERIOD_UM * PHASES + int(rng.integers(PHASES))) % PHASES
        window = (slice(patch.y, patch.y + h), slice(patch.x, patch.x + w))
        own = patch.density[:, :, 0] / total[window]
        reaches = own > share[window]
        index[window][reaches] = (kind * PHASES + phase.astype(np.int64))[reaches].astype(np.uint16)
        share[window][reaches] = own[reaches]
    return FlowMap(index, share)


def gap_table(elapsed_s: float) -> NDArray[np.uint8]:
    """How open the column is for every class and phase at a time: uint8 (1536,), 0 full of cells, 255 all plasma."""
    table = np.zeros((CLASSES, PHASES), np.uint8)
    phase = np.arange(PHASES)
    for kind in range(1, CLASSES):
        travelled = SPEED_UM_PER_S[kind] * elapsed_s / PERIOD_UM * PHASES
        table[kind] = np.interp((phase - travelled) % PHASES, phase, _pattern(kind), period=PHASES)
    return table.ravel()


@lru_cache(maxsize=CLASSES)
def _pattern(kind: int) -> NDArray[np.float64]:
    """One period of gaps, 0 to 255: a few soft-edged gaps of 8 to 30 um, never fully empty of cells."""
    rng = np.random.default_rng([kind, 11])
    phase = np.arange(PHASES)
    gaps = np.zeros(PHASES)
    for _ in range(int(rng.integers(2, 6))):
        distance = np.abs((phase - rng.uniform(0, PHASES) + PHASES / 2) % PHASES - PHASES / 2)
        half = rng.uniform(4, 15) / PERIOD_UM * PHASES
        gaps = np.maximum(gaps, rng.uniform(90, 200) / (1 + np.exp((distance - half) / 2.0)))
    return gaps
