"""How much of a drawn loop an expert can follow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.synthetic.drawing import DrawnLoop
from engines.synthetic.loop_shape import STEP_UM
from engines.synthetic.rasterise import Patch, Tube

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
SEEN_DENSITY = 0.022
"""Green optical density that the eye still follows on clean skin; the palest 5 % of labelled real loops have 0.065 at
their darkest."""
FAINTER_THAN_HEAD = 0.25
"""A limb ends where what is in focus of it has faded to this share of its own head."""
DEEP_WEIGHT = 0.55
"""How much blood out of focus counts: experts end a box where a limb turns into a soft streak that goes on below
(190 labelled real loops: 0.44 of the head's contrast at the box's lower edge, 0.27 half a box below it)."""
BRIDGED_UM = 50.0
"""A plasma gap this long does not end a limb."""


@dataclass(frozen=True)
class Visibility:
    """What can be seen of a drawn loop.

    Attributes:
        along: density along each tube.
        run: first and last visible sample of the main one.
        peak: density of its head, the darkest fifth left out.
        least: density that can be seen at all here.
        threshold: density below which this loop's limbs end.
        share: 0 (nothing to see) to 1 (unmistakable).
    """

    along: tuple[FloatArray, ...]
    run: tuple[int, int]
    peak: float
    least: float
    threshold: float
    share: float


def see(drawn: DrawnLoop, noise: float) -> Visibility:
    """What can be seen; `noise` is the sensor noise as a share of the mean level."""
    below = drawn.loop.shape.strokes[0].below_um
    along = tuple(sample_patch(drawn.patch, tube, DEEP_WEIGHT) for tube in drawn.tubes)
    peak = float(np.percentile(along[0][below <= drawn.loop.shape.head_um + 40], 80))
    least = SEEN_DENSITY + 0.8 * noise
    threshold = max(least, FAINTER_THAN_HEAD * peak)
    head = np.flatnonzero(below <= drawn.loop.shape.head_um)
    run = _visible_run(along[0] > threshold, drawn.loop.shape.apex, (int(head[0]), int(head[-1])))
    return Visibility(along, run, peak, least, threshold, float(np.clip((peak / least - 0.5) / 3.0, 0, 1)))


def sample_patch(patch: Patch, tube: Tube, deep_weight: float = 1.0) -> FloatArray:
    """Blurred density along a tube's centre line, its deep part weighted; 0 outside the image."""
    total = patch.total
    if deep_weight != 1.0:
        total = patch.density[:, :, 0] + np.float32(deep_weight) * patch.density[:, :, 1]
    x = np.rint(tube.points_px[:, 0]).astype(np.int64) - patch.x
    y = np.rint(tube.points_px[:, 1]).astype(np.int64) - patch.y
    inside = (x >= 0) & (y >= 0) & (x < total.shape[1]) & (y < total.shape[0])
    values = np.zeros(len(x))
    values[inside] = total[y[inside], x[inside]]
    return values


def _visible_run(seen: BoolArray, apex: int, head: tuple[int, int]) -> tuple[int, int]:
    """First and last sample that can be followed from the head without a long gap."""
    bridge = int(BRIDGED_UM / STEP_UM)
    first, last = head
    for i in range(apex, -1, -1):
        if seen[i] and first - i <= bridge:
            first = min(first, i)
    for i in range(apex, len(seen)):
        if seen[i] and i - last <= bridge:
            last = max(last, i)
    return first, last
