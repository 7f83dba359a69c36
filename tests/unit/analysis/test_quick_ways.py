"""What was made quick in a live frame says the same as the plain way, which stands here."""

import numpy as np
import pytest

from appliance.analysis.counted_row import counted_row
from appliance.analysis.matching import BoxPairing
from appliance.analysis.measure import measure_loop
from appliance.analysis.row_fit import CURVATURE_PRIOR, OUTLIER, ROW_SCATTER, RowCurve, fit_row, length_of
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
