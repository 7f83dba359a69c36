"""Where the red cells run: the columns of all loops as the renderer drew them, without dirt, skin or noise.

What a vessel mask is learnt from. A column reaches from edge to edge of its tube; what it holds there is the density
that is left of it after the blur, so that one map serves at every contrast.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.drawing import DrawnLoop
from engines.synthetic.scene import Scene

STRIDE = 2
"""Pixels of the image a cell, each way."""
UNIT = 0.002
"""Optical density of one step of the map."""
MOST, UNKNOWN = 254, 255
SURE_DENSITY, NO_DENSITY = 0.03, 0.01
"""Optical density from which on a column is a vessel, and up to which it is none: in between, experts differ."""
DEEP_DENSITY = 0.02
"""Plexus from this density on is a vessel, but no loop's column: neither the one nor the other is learnt there."""
CLOSEST_PX = 1.0
"""Points of a centre line closer than this, or than a third of the radius, add nothing."""
HIDDEN = 0.4
"""Share of dirt or glare over a column from which on it cannot be seen any more."""


def column_map(scene: Scene, hidden: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Optical density in green of the loops' columns, uint8 [height / 2, width / 2], in steps of UNIT.

    0 is no column, UNKNOWN a place that teaches nothing: a column under dirt, glare or spilt blood, or plexus.

    Args:
        hidden: share of each pixel under dirt or glare, float32 [height, width].
    """
    height, width = scene.ground.shape
    columns = np.zeros((height // STRIDE, width // STRIDE), np.uint8)
    samples = [sample for drawn in scene.drawn for sample in _samples(drawn)]
    # The densest last: where columns cross, it is what is seen.
    for x, y, radius, density in sorted(samples, key=lambda sample: sample[3]):
        at = (round(x * 16), round(y * 16))
        cv2.circle(columns, at, max(8, round(radius * 16)), density, -1, cv2.LINE_8, 4)
    size = (width // STRIDE, height // STRIDE)
    plexus = cv2.resize(scene.plexus, size, interpolation=cv2.INTER_AREA)
    spilt = cv2.resize(scene.ground, size, interpolation=cv2.INTER_AREA) - plexus
    is_covered = cv2.resize(hidden, size, interpolation=cv2.INTER_AREA) > HIDDEN
    is_covered |= spilt > UNIT * columns
    is_column = columns > 0
    columns[(plexus > DEEP_DENSITY) & ~is_column | is_covered & is_column] = UNKNOWN
    return columns


def _samples(drawn: DrawnLoop) -> list[tuple[float, float, float, int]]:
    """Points of a loop's centre lines in cells, radius in cells, density in steps: those inside the image."""
    patch = drawn.patch
    height, width = patch.total.shape[:2]
    found: list[tuple[float, float, float, int]] = []
    for tube in drawn.tubes:
        gap = float(np.hypot(*np.diff(tube.points_px, axis=0).T).mean())
        every = max(1, int(max(CLOSEST_PX, float(tube.radius_px.min()) / 3) / max(gap, 1e-6)))
        points, radii = tube.points_px[::every], tube.radius_px[::every]
        at = np.rint(points - (patch.x, patch.y)).astype(int)
        is_inside = (at >= 0).all(axis=1) & (at < (width, height)).all(axis=1)
        columns, rows = at[is_inside].T
        steps = np.minimum(np.rint(patch.total[rows, columns] / UNIT), MOST).astype(int)
        centres = (points[is_inside] + 0.5) / STRIDE - 0.5
        sizes = radii[is_inside] / STRIDE
        found += zip(*centres.T.tolist(), sizes.tolist(), steps.tolist(), strict=True)
    return [sample for sample in found if sample[3] > 0]
