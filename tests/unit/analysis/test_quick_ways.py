"""What was made quick in a live frame says the same as the plain way, which stands here."""

import numpy as np
import pytest

from appliance.analysis.assignment import cheapest_pairs
from appliance.analysis.counted_once import suppress
from appliance.analysis.counted_row import counted_row
from appliance.analysis.matching import IMPOSSIBLE, MAX_OFFSET, BoxPairing
from appliance.analysis.measure import MeasuredLoop, measure_loop
from appliance.analysis.row_fit import CURVATURE_PRIOR, OUTLIER, ROW_SCATTER, RowCurve, fit_row, length_of
from appliance.analysis.row_support import BENDS, NEAR_LOOP_WIDTHS, STEEPEST, not_astray
from appliance.analysis.track import LoopMeasurement, Track, smoothed
from appliance.domain.detection import BoundingBox, CapillaryDetection, Morphology, SizeClass
from appliance.domain.keypoints import LoopKeypoints, WidthSegment

SIZE = (640, 480)


def moved(segment: WidthSegment | None, by: tuple[float, float]) -> WidthSegment | None:
    if segment is None:
        return None
    (x0, y0), (x1, y1) = segment.start_px, segment.end_px
    return WidthSegment((x0 + by[0], y0 + by[1]), (x1 + by[0], y1 + by[1]))


def any_segment(rng: np.random.Generator, box: BoundingBox) -> WidthSegment | None:
    """Missing, possible, too long, too short or too far away."""
    if rng.random() < 0.15:
        return None
    x, y = box.x + rng.normal(0.5, 0.6) * box.w, box.y + rng.normal(0.3, 0.5) * box.h
    dx, dy = rng.normal(0, 0.4 * box.w, 2)
    return WidthSegment((float(x), float(y)), (float(x + dx), float(y + dy)))


@pytest.mark.parametrize("um_per_px", [1.41, None])
def test_a_loop_carried_on_is_the_smoothed_measure_of_its_moved_points(um_per_px: float | None) -> None:
    rng = np.random.default_rng(7)
    missing = 0
    for _ in range(500):
        box = BoundingBox(*(float(v) for v in rng.uniform((0, 0, 12, 30), (600, 400, 40, 120))))
        detection = CapillaryDetection(box, 0.9, Morphology.NORMAL, SizeClass.NORMAL)
        points = LoopKeypoints(*(any_segment(rng, box) for _ in range(3)))
        track = Track(box, 5, 7, track_id=3)
        track.remember(LoopMeasurement(points, box, 0.0), measure_loop(detection, points, um_per_px))
        by = (float(rng.normal(0, 9)), float(rng.normal(0, 9)))
        track.moved_px = by
        plain = LoopKeypoints(moved(points.apical, by), moved(points.arterial, by), moved(points.venous, by))
        expected = smoothed(measure_loop(detection, plain, um_per_px), track.usual_px, 3)
        assert track.carried(detection, um_per_px) == expected
        missing += expected.apical is None
    assert 100 < missing < 400, "possible and impossible widths were both among them"


@pytest.mark.parametrize("apices", [1, 2, 3, 15, 60])
def test_a_row_is_the_weighted_least_squares_of_its_apices(apices: int) -> None:
    rng = np.random.default_rng(apices)
    for _ in range(40):
        u = np.sort(rng.uniform(-320, 320, apices))
        v = rng.uniform(-80, 80) + rng.normal(0, 0.2) * u + rng.normal(0, 3e-4) * u**2 + rng.normal(0, 6, apices)
        v[rng.random(apices) < 0.1] += 150.0
        width, spread = float(rng.uniform(8, 60)), float(rng.uniform(0.1, 1.0))
        got = fit_row(np.stack([u, v], axis=1), 0.1, spread, width, SIZE)
        assert (got.level, got.slope * 320, got.bend * 320**2) == pytest.approx(
            plain_row(u, v, spread, width), rel=1e-8, abs=1e-8
        )


def plain_row(u: np.ndarray, v: np.ndarray, spread: float, loop_width: float) -> tuple[float, ...]:
    """Level, rise and bow over half a frame by numpy's least squares, the expectations as further observations."""
    scatter, half = max(1.0, ROW_SCATTER * loop_width), SIZE[0] / 2
    design = np.stack([np.ones_like(u), u / half, (u / half) ** 2], axis=1)
    held = np.diag([0.0, scatter / (half * spread), scatter / (half * CURVATURE_PRIOR)])
    weight = np.ones_like(v)
    for _ in range(3):
        root = np.sqrt(weight)
        rows, values = np.vstack([design * root[:, None], held]), np.concatenate([v * root, np.zeros(3)])
        solved = np.linalg.lstsq(rows, values, rcond=None)[0]
        weight = OUTLIER / np.maximum(np.abs(v - design @ solved) / scatter, OUTLIER)
    return tuple(solved.tolist())


def test_hints_tried_together_overlap_as_each_by_itself() -> None:
    rng = np.random.default_rng(3)
    for old, new in ((1, 1), (1, 9), (19, 20), (40, 3)):
        before, after = (rng.uniform((0, 0, 15, 40), (640, 480, 40, 110), (many, 4)) for many in (old, new))
        pairing = BoxPairing(before, after)
        shifts = [(0.0, 0.0), (3.5, -2.0), (-11.0, 6.25)]
        alone = [float(pairing.iou(shift).max(axis=1).sum()) for shift in shifts]
        assert pairing.overlaps(shifts).tolist() == alone


def test_a_row_of_which_nothing_is_hidden_counts_in_full_and_stays_as_it_was() -> None:
    curve = RowCurve(0.1, 20.0, 0.1, -2e-4, -250.0, 250.0, SIZE)
    _, points = curve.samples
    inside = curve.is_inside(points)
    counted = counted_row(curve, [], [])
    assert counted.length_px == length_of(points, inside) == curve.length_px()
    partly = counted_row(curve, [], [BoundingBox(200.0, 0.0, 160.0, 480.0)])
    assert partly.length_px < 0.85 * counted.length_px
    assert counted_row(curve, [], []) == counted, "what hid a part of it once is not remembered by the curve"


def test_boxes_that_contend_in_groups_are_paired_as_all_of_them_at_once() -> None:
    rng = np.random.default_rng(5)
    contended = 0
    for _ in range(60):
        before = rng.uniform((0, 100, 20, 60), (640, 180, 34, 90), (24, 4))
        after = np.concatenate([before[rng.random(24) < 0.8], before[:4]])
        after = after + rng.normal(0, 1.5, after.shape)
        pairing = BoxPairing(before, after)
        apart = after.T[:2, None, :] - before.T[:2, :, None]
        across, along = np.abs(apart) / ((before.T[2:, :, None] + after.T[2:, None, :]) / 2)
        possible = (across <= MAX_OFFSET) & (along <= MAX_OFFSET)
        cost = np.where(possible, 1 - pairing.iou((0.0, 0.0)) + np.hypot(across, along), IMPOSSIBLE)
        expected = tuple(pair for pair in cheapest_pairs(cost.tolist()) if possible[pair])
        assert pairing.assign((0.0, 0.0)) == expected
        contended += len(set(cost.argmin(axis=1).tolist())) < 24
    assert contended > 30, "boxes contended"


def test_of_boxes_that_overlap_the_surest_stays_as_one_by_one() -> None:
    rng = np.random.default_rng(9)
    for many in (0, 1, 2, 60, 250):
        boxes = rng.uniform((0, 100, 20, 60), (300, 140, 34, 90), (many, 4))
        named = [BoundingBox(*box) for box in boxes.tolist()]
        expected: list[int] = []
        for at, box in enumerate(named):
            if all(named[one].iou(box) <= 0.5 for one in expected):
                expected.append(at)
        stays, _ = suppress(boxes, np.linspace(0.9, 0.4, many))
        assert sorted(stays.tolist()) == expected
    exactly_half = np.array([[0.0, 0.0, 20.0, 60.0], [0.0, 0.0, 40.0, 60.0]])
    assert len(suppress(exactly_half, np.array([0.9, 0.8]))[0]) == 2, "half and no more is two things"


def test_classes_are_voted_by_weight_and_of_equals_the_latest_wins() -> None:
    track = Track(BoundingBox(0, 0, 20, 60), 4, 7)
    votes = [(Morphology.NORMAL, 0.5), (Morphology.GIANT, 0.9), (Morphology.NORMAL, 0.5), (Morphology.TORTUOUS, 1.0)]
    seen = [
        track.vote(CapillaryDetection(track.bbox, weight, shape, SizeClass.NORMAL)).morphology
        for shape, weight in votes
    ]
    assert seen == [Morphology.NORMAL, Morphology.GIANT, Morphology.NORMAL, Morphology.TORTUOUS]


def test_grains_ahead_of_a_row_are_those_that_its_best_curve_leaves() -> None:
    rng = np.random.default_rng(11)
    left = 0
    for _ in range(40):
        u = np.sort(rng.uniform(-300, 300, 18))
        v = 0.1 * u + 2e-4 * u**2 + rng.normal(0, 5, 18)
        v[rng.random(18) < 0.1] += 250.0
        boxes = [BoundingBox(float(x), float(-y), 26.0, 70.0) for x, y in zip(u, v, strict=True)]
        loops = [
            MeasuredLoop(CapillaryDetection(box, 0.9, Morphology.NORMAL, SizeClass.NORMAL), None, None, None, None)
            for box in boxes
        ]
        kept = not_astray(loops, np.stack([u, v], axis=1), 0.0, 26.0)
        lead = (v - plain_best_height(u, v, 26.0)) / 26.0
        assert kept == frozenset(np.flatnonzero(lead <= 7.0).tolist()) or (v > 150).sum() >= 3
        left += 18 - len(kept)
    assert left > 0


def plain_best_height(u: np.ndarray, v: np.ndarray, loop_width: float) -> np.ndarray:
    """Of the curves through two apices the one that has most of the others near it, pair by pair."""
    middle, half = (u.max() + u.min()) / 2, (u.max() - u.min()) / 2
    x, best, support = (u - middle) / half, v, -1.0
    for bend in BENDS:
        flat = v - bend * half * x**2
        for i in range(len(u)):
            for j in range(len(u)):
                if x[j] > x[i] and abs(v[j] - v[i]) <= STEEPEST * (x[j] - x[i]) * half:
                    slope = (flat[j] - flat[i]) / (x[j] - x[i])
                    curve = flat[i] + slope * (x - x[i])
                    near = np.exp(-0.5 * ((flat - curve) / (NEAR_LOOP_WIDTHS * loop_width)) ** 2).sum()
                    if near > support + 1e-9:
                        best, support = curve + bend * half * x**2, near
    return best
