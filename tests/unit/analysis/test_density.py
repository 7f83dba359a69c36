from dataclasses import replace

import pytest

from appliance.analysis.density import measure_density
from appliance.analysis.row_fit import RowCurve

# A level row across a frame 1,000 pixels wide.
CURVE = RowCurve(roll_rad=0.0, level=0.0, slope=0.0, bend=0.0, low=-400.0, high=400.0, size_px=(1000, 800))


def test_density_is_loops_over_millimetres_of_row() -> None:
    density = measure_density(CURVE, 12, um_per_px=1.5, is_evaluable=True)
    assert density.row_mm == pytest.approx(1.5, rel=0.005)
    assert density.per_mm == pytest.approx(8.0, rel=0.005)
    assert density.unmeasurable_because is None


def test_density_is_unmeasurable_without_calibration() -> None:
    density = measure_density(CURVE, 12, um_per_px=None, is_evaluable=True)
    assert (density.row_mm, density.per_mm, density.unmeasurable_because) == (None, None, "no_calibration")


def test_density_of_a_frame_that_is_not_evaluable_is_withheld() -> None:
    density = measure_density(CURVE, 12, um_per_px=1.5, is_evaluable=False)
    assert density.row_mm == pytest.approx(1.5, rel=0.005)
    assert (density.per_mm, density.unmeasurable_because) == (None, "not_evaluable")


@pytest.mark.parametrize(("curve", "distal"), [(None, 0), (CURVE, 0)])
def test_a_frame_without_a_distal_row_has_no_density_of_zero(curve: RowCurve | None, distal: int) -> None:
    density = measure_density(curve, distal, um_per_px=1.5, is_evaluable=True)
    assert (density.per_mm, density.unmeasurable_because) == (None, "no_distal_row")


def test_a_row_that_mostly_lies_outside_the_frame_has_no_density() -> None:
    leaving = replace(CURVE, level=300.0, slope=1.0)  # through the top border 600 px from the left one
    density = measure_density(leaving, 2, um_per_px=1.5, is_evaluable=True)
    assert density.row_mm == pytest.approx(1.5 * 0.6 * 2**0.5, rel=0.01)
    assert density.per_mm == pytest.approx(2 / (1.5 * 0.6 * 2**0.5), rel=0.01)
    cut_off = replace(leaving, level=750.0)  # 150 px from it
    density = measure_density(cut_off, 2, um_per_px=1.5, is_evaluable=True)
    assert (density.per_mm, density.unmeasurable_because) == (None, "no_distal_row")
