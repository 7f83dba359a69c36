"""Lines around what is taken for vessel."""

import numpy as np
import pytest

from appliance.analysis.vessel_outline import outlines


def test_a_block_is_outlined_at_its_edges_in_pixels_of_the_picture() -> None:
    chance = np.zeros((480, 640), np.float32)
    chance[100:200, 300:320] = 1.0
    (line,) = outlines(chance)
    points = np.array(line)
    assert points.min(axis=0) == pytest.approx((299.5, 99.5), abs=0.8)
    assert points.max(axis=0) == pytest.approx((319.5, 199.5), abs=0.8)
    assert len(line) < 30, "straight sides need no points"


def test_a_hole_is_outlined_too_and_a_speck_is_not() -> None:
    chance = np.zeros((480, 640), np.float32)
    chance[100:200, 300:400] = 0.9
    chance[130:170, 330:370] = 0.1
    chance[10:13, 10:13] = 1.0
    lines = outlines(chance)
    assert len(lines) == 2
    areas = sorted(float(np.ptp(np.array(line)[:, 0])) for line in lines)
    assert areas == pytest.approx([40, 100], abs=2)


def test_nothing_is_outlined_where_nothing_is_likely() -> None:
    assert outlines(np.full((1500, 2000), 0.4, np.float32)) == []
