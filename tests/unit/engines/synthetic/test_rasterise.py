"""Drawn columns have the width that the truth says they have."""

import numpy as np
import pytest

from engines.synthetic.curves import resample
from engines.synthetic.rasterise import Tube, draw_tubes


def _straight(radius: float, angle_deg: float) -> Tube:
    angle = np.deg2rad(angle_deg)
    line = np.array([[50.3, 50.7] - 35 * np.array([np.cos(angle), np.sin(angle)]), [50.3, 50.7]])
    line[1] += 35 * np.array([np.cos(angle), np.sin(angle)])
    points = resample(line, 0.7)
    count = len(points)
    return Tube(points, np.full(count, radius), np.ones(count), np.zeros(count))


@pytest.mark.parametrize("angle_deg", [0, 17, 45, 90])
@pytest.mark.parametrize("radius", [1.5, 4.0, 11.0])
def test_cross_section_of_a_column_holds_half_a_disc(radius: float, angle_deg: float) -> None:
    patch = draw_tubes([_straight(radius, angle_deg)], 101, 101, (0.3, 0.3))
    assert patch is not None
    # Total density is length times the area under sqrt(1 - (d / r)^2), plus two rounded ends.
    expected = 70 * np.pi * radius / 2 + 2 * np.pi * radius**2 / 3
    assert float(patch.total.sum()) == pytest.approx(expected, rel=0.05)


def test_density_vanishes_at_the_true_edge() -> None:
    patch = draw_tubes([_straight(6.0, 0.0)], 101, 101, (0.1, 0.1))
    assert patch is not None
    column = patch.total[:, 50 - patch.x]
    rows = np.flatnonzero(column > 0.15) + patch.y
    assert rows.min() == pytest.approx(50.7 - 6, abs=1.0)
    assert rows.max() == pytest.approx(50.7 + 6, abs=1.0)


def test_column_outside_the_image_leaves_nothing() -> None:
    tube = _straight(4.0, 0.0)
    away = Tube(tube.points_px + 500, tube.radius_px, tube.density, tube.deep)
    assert draw_tubes([away], 101, 101, (1.0, 1.0)) is None
