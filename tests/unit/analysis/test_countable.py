"""What hides a row is told from what is bare, and the row is counted along what can be seen."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from appliance.analysis.countable import areas_of
from appliance.analysis.counted_row import counted_row
from appliance.analysis.density import measure_density
from appliance.analysis.quality import measure_picture
from appliance.analysis.row_fit import RowCurve
from appliance.domain.detection import BoundingBox
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render

# A level row across the middle of a frame 1,000 pixels wide, a loop each 100 pixels.
CURVE = RowCurve(roll_rad=0.0, level=0.0, slope=0.0, bend=0.0, low=-450.0, high=450.0, size_px=(1000, 800))
LEFT = [(50.0 + 100 * at, 399.5) for at in range(6)]
RIGHT_HIDDEN = (BoundingBox(700.0, 300.0, 300.0, 200.0),)


def _hidden_share(image: np.ndarray, columns: slice) -> float:
    hidden = measure_picture(image).hidden
    assert hidden is not None
    return float(hidden[:, columns].mean())


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [render(seed, pattern=Pattern.HEALTHY).image_rgb for seed in range(700_000, 700_006)]


def test_a_picture_in_focus_hides_nothing(pictures) -> None:
    assert np.mean([_hidden_share(image, slice(None)) for image in pictures]) < 0.02


def test_a_bare_nailfold_in_focus_is_not_hidden() -> None:
    bare = [render(seed, pattern=Pattern.LATE).image_rgb for seed in range(700_000, 700_008)]
    assert np.mean([_hidden_share(image, slice(None)) for image in bare]) < 0.06


def test_the_side_that_is_out_of_focus_is_hidden(pictures) -> None:
    shares = []
    for image in pictures:
        soft = cv2.GaussianBlur(image, (0, 0), 8)
        half = np.concatenate([image[:, :400], soft[:, 400:]], axis=1)
        shares.append((_hidden_share(half, slice(0, 8)), _hidden_share(half, slice(11, 16))))
    sharp, soft_share = np.mean(shares, axis=0)
    assert sharp < 0.03
    assert soft_share > 0.6


@pytest.mark.parametrize("level", [255, 0])
def test_glare_and_empty_corners_are_hidden(pictures, level: int) -> None:
    image = pictures[0].copy()
    image[:120, :200] = level
    hidden = measure_picture(image).hidden
    assert hidden is not None
    assert hidden[:3, :5].all()
    assert not hidden[5:, 8:].any()


def test_hidden_cells_become_boxes_that_cover_them() -> None:
    hidden = np.zeros((12, 16), dtype=np.bool_)
    hidden[2, 3:5] = hidden[2, 9] = hidden[11, 15] = True
    assert areas_of(hidden, 640, 480) == (
        BoundingBox(119.5, 79.5, 80.0, 40.0),
        BoundingBox(359.5, 79.5, 40.0, 40.0),
        BoundingBox(599.5, 439.5, 40.0, 40.0),
    )


def test_the_hidden_end_of_a_row_does_not_count() -> None:
    row = counted_row(CURVE, LEFT, RIGHT_HIDDEN)
    (line,) = row.stretches_px
    assert line[0][0] < 5
    assert line[-1][0] == pytest.approx(700, abs=10)
    assert row.length_px == pytest.approx(700, abs=10)
    whole, seen = (measure_density(CURVE, 6, 1.5, True, one) for one in (None, row))
    assert whole.per_mm == pytest.approx(4.0, rel=0.01)
    assert seen.per_mm == pytest.approx(6 / 1.05, rel=0.02)


def test_a_hidden_middle_leaves_two_stretches() -> None:
    row = counted_row(CURVE, [*LEFT[:3], (950.0, 399.5)], (BoundingBox(400.0, 300.0, 300.0, 200.0),))
    assert [round(line[0][0], -1) for line in row.stretches_px] == [0, 700]


def test_where_a_loop_is_seen_the_row_is_seen_half_way_to_the_next() -> None:
    row = counted_row(CURVE, [*LEFT, (850.0, 399.5)], RIGHT_HIDDEN)
    assert [(round(line[0][0], -1), round(line[-1][0], -1)) for line in row.stretches_px] == [(0, 700), (790, 910)]


def test_what_is_shorter_than_a_loop_hides_nothing() -> None:
    row = counted_row(CURVE, [], (BoundingBox(500.0, 300.0, 50.0, 200.0),))
    assert len(row.stretches_px) == 1
    assert row.length_px == pytest.approx(1000, abs=10)


def test_what_is_hidden_ahead_of_the_row_does_not_matter() -> None:
    row = counted_row(CURVE, [], (BoundingBox(0.0, 0.0, 1000.0, 390.0),))
    assert row.length_px == pytest.approx(1000, abs=10)


def test_half_a_millimetre_is_the_least_that_is_counted() -> None:
    almost_all = (BoundingBox(300.0, 300.0, 700.0, 200.0),)
    row = counted_row(CURVE, LEFT[:3], almost_all)
    density = measure_density(CURVE, 3, 1.5, True, row)
    assert density.row_mm == pytest.approx(0.45, abs=0.02)
    assert (density.per_mm, density.unmeasurable_because) == (None, "row_hidden")
    assert measure_density(CURVE, 3, 2.0, True, row).per_mm == pytest.approx(5.0, rel=0.05)


def test_a_turned_row_is_counted_the_same() -> None:
    turned = replace(CURVE, roll_rad=np.pi, low=-450.0, high=450.0)
    row = counted_row(turned, LEFT, RIGHT_HIDDEN)
    assert row.length_px == pytest.approx(700, abs=10)


def test_black_beside_a_picture_hides_a_row_that_runs_along_the_lower_edge() -> None:
    """What would show the heads lies below the frame there, where nothing is said to be hidden."""
    low = replace(CURVE, level=-395.0)
    loops = [(50.0 + 100 * at, 794.5) for at in range(6)]
    black = (BoundingBox(699.5, -0.5, 300.0, 800.0),)
    assert counted_row(low, loops, black).length_px == pytest.approx(700, abs=10)
