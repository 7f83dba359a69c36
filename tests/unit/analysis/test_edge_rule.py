import math
from dataclasses import replace

import numpy as np
import pytest

from appliance.analysis.edge_rule import has_half_its_head_inside
from appliance.domain.detection import BoundingBox

FRAME = (640, 480)


def _counts(make_loop, box: BoundingBox, apex: tuple[float, float] | None, roll_deg: float = 0.0) -> bool:
    typical = make_loop((320, 200), size=(40.0, 80.0))
    loop = replace(typical, detection=replace(typical.detection, bbox=box), apex_px=apex)
    where = apex if apex is not None else box.centre
    counted = has_half_its_head_inside([typical, loop], np.array([(320, 200), where]), math.radians(roll_deg), FRAME)
    assert counted[0], "a loop that touches no border always counts"
    return counted[1]


@pytest.mark.parametrize(
    ("box", "apex", "counts"),
    [
        (BoundingBox(0, 100, 25, 80), (5.0, 100.0), True),  # the middle of the head is inside
        (BoundingBox(0, 100, 15, 80), (-3.0, 100.0), False),  # it is outside
        (BoundingBox(0, 100, 21, 80), None, True),  # more than half of a typical 40 px loop is to be seen
        (BoundingBox(0, 100, 19, 80), None, False),  # less
        (BoundingBox(620.5, 100, 19, 80), None, False),
        (BoundingBox(300, 0, 40, 60), (320.0, 2.0), True),  # the head just fits in
        (BoundingBox(300, 0, 40, 60), None, False),  # the head is cut off
        (BoundingBox(300, 440, 40, 39), None, True),  # only the limbs are cut off
    ],
)
def test_a_cut_loop_counts_if_half_of_its_head_is_inside(make_loop, box, apex, counts) -> None:
    assert _counts(make_loop, box, apex) is counts


def test_the_head_of_a_rolled_finger_lies_at_another_border(make_loop) -> None:
    left = BoundingBox(0, 200, 60, 40)
    assert not _counts(make_loop, left, None, roll_deg=-60)
    assert _counts(make_loop, BoundingBox(580, 200, 59, 40), None, roll_deg=-60)
