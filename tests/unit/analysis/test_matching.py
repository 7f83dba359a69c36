"""Boxes of one frame matched with those of the next, worked out by hand."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from appliance.analysis.matching import MAX_OFFSET, BoxPairing, match_boxes
from appliance.domain.detection import BoundingBox

ROW = [BoundingBox(x, 100.0, 20.0, 60.0) for x in (0.0, 40.0, 80.0)]


def moved(boxes: list[BoundingBox], dx: float, dy: float) -> list[BoundingBox]:
    return [BoundingBox(box.x + dx, box.y + dy, box.w, box.h) for box in boxes]


def test_the_shift_is_that_of_the_centres_also_where_boxes_grow() -> None:
    grown = [BoundingBox(box.x + 5.0 - 2.0, box.y - 3.0 - 4.0, box.w + 4.0, box.h + 8.0) for box in ROW]
    found = match_boxes(ROW, grown, [(0.0, 0.0)])
    assert found.pairs == ((0, 0), (1, 1), (2, 2))
    assert found.shift_px == pytest.approx((5.0, -3.0))


def test_the_hint_that_lays_most_boxes_on_each_other_wins_over_the_first() -> None:
    found = match_boxes(ROW, moved(ROW, 40.0, 0.0), [(0.0, 0.0), (40.0, 0.0)])
    assert found.pairs == ((0, 0), (1, 1), (2, 2))
    assert found.shift_px == (40.0, 0.0)


def test_of_two_near_ones_the_nearer_is_taken_in_either_direction() -> None:
    for near, far in ((moved(ROW[:1], 3, 0), moved(ROW[:1], -9, 0)), (moved(ROW[:1], 0, 5), moved(ROW[:1], 0, -30))):
        assert match_boxes(ROW[:1], [*far, *near], [(0.0, 0.0)]).pairs == ((0, 1),)


def test_the_farthest_match_is_counted_in_mean_sides_of_both_boxes() -> None:
    # Widths 20 and 40, so mean 30: 18 px at most along x; heights 60 and 20, so mean 40: 24 px along y.
    old = [BoundingBox(0.0, 0.0, 20.0, 60.0)]
    for dx, dy, pairs in ((17.9, 0.0, 1), (18.1, 0.0, 0), (0.0, 23.9, 1), (0.0, 24.1, 0)):
        new = [BoundingBox(10.0 + dx - 20.0, 30.0 + dy - 10.0, 40.0, 20.0)]
        assert len(match_boxes(old, new, [(0.0, 0.0)]).pairs) == pairs, (dx, dy)
    assert MAX_OFFSET == 0.6


@pytest.mark.parametrize("seed", range(5))
def test_overlap_is_that_of_the_boxes(seed: int) -> None:
    draw = np.random.default_rng(seed)
    boxes = [BoundingBox(*draw.uniform(0, 30, 2), *draw.uniform(5, 40, 2)) for _ in range(8)]
    arrays = np.array([(*box.centre, box.w, box.h) for box in boxes])
    found = BoxPairing(arrays, arrays).iou((0.0, 0.0))
    np.testing.assert_allclose(found, [[one.iou(other) for other in boxes] for one in boxes], atol=1e-12)


def test_nothing_to_match_keeps_the_hint() -> None:
    assert match_boxes([], ROW, [(1.0, 2.0)]).shift_px == (1.0, 2.0)
    assert match_boxes(ROW, [], [(1.0, 2.0)]).pairs == ()


@pytest.mark.parametrize("seed", range(40))
def test_no_other_assignment_of_crowded_boxes_is_better(seed: int) -> None:
    draw = np.random.default_rng(seed)

    def crowd(count: int) -> np.ndarray:
        return np.column_stack([draw.uniform(0, 90, (count, 2)), draw.uniform(15, 40, (count, 2))])

    before, after = crowd(draw.integers(1, 16)), crowd(draw.integers(1, 16))
    pairing = BoxPairing(before, after)
    distance = np.abs(after[None, :, :2] - before[:, None, :2]) / ((before[:, None, 2:] + after[None, :, 2:]) / 2)
    is_possible = (distance <= MAX_OFFSET).all(axis=2)
    cost = np.where(is_possible, 1 - pairing.iou((0.0, 0.0)) + np.hypot(*np.moveaxis(distance, 2, 0)), 1e6)
    best = [(i, j) for i, j in zip(*linear_sum_assignment(cost), strict=True) if is_possible[i, j]]
    found = pairing.assign((0.0, 0.0))
    assert len(found) == len(best)
    assert len({i for i, _ in found}) == len({j for _, j in found}) == len(found)
    assert sum(cost[pair] for pair in found) == pytest.approx(sum(cost[pair] for pair in best))
