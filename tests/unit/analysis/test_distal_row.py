import math
from dataclasses import replace

import numpy as np
import pytest

from appliance.analysis.density import measure_density
from appliance.analysis.distal_row import DistalRow, find_distal_row
from appliance.analysis.measure import MeasuredLoop, measure_loops
from appliance.domain.detection import BoundingBox, Row
from appliance.domain.keypoints import WidthSegment
from appliance.domain.measurement import MeasuredWidth
from engines.synthetic.truth import RenderedImage
from tests.support.rendered import TruthEngine

FRAME = (640, 480)
FRONT = [(60, 100), (160, 104), (260, 98), (360, 101), (460, 97), (560, 103)]


def _distal(loops: list[MeasuredLoop]) -> list[bool]:
    return list(find_distal_row(loops, *FRAME).is_distal)


def test_no_loops_make_no_row() -> None:
    row = find_distal_row([], *FRAME)
    assert row.is_distal == ()
    assert row.curve is None


def test_a_straight_row_is_wholly_distal(make_loop) -> None:
    assert _distal([make_loop(apex) for apex in FRONT]) == [True] * 6


@pytest.mark.parametrize(
    ("behind", "is_distal"),
    [
        ((310, 145), True),  # 45 px behind a gap of 100: the neighbours stand 48 degrees to either side
        ((310, 155), False),  # 55 px behind: 43 degrees, so their angle is 86
        ((265, 130), False),  # right behind one loop
        ((310, 300), False),  # a third row
        ((30, 190), False),  # behind the outermost loop
    ],
)
def test_the_right_angle_ahead_of_a_loop_decides(make_loop, behind, is_distal) -> None:
    loops = [make_loop(apex) for apex in [*FRONT, behind]]
    assert _distal(loops) == [True] * 6 + [is_distal]


def test_three_full_rows_leave_the_first(make_loop) -> None:
    rows = [make_loop((x + 40 * row, y + 110 * row)) for row in range(3) for x, y in FRONT]
    assert _distal(rows) == [True] * 6 + [False] * 12


def test_a_second_row_counts_where_the_first_is_gone(make_loop) -> None:
    avascular = [(60, 100), (160, 104), (560, 103)]
    second = [(110, 200), (310, 190), (360, 200), (410, 190)]
    assert _distal([make_loop(apex) for apex in avascular + second]) == [True] * 3 + [False, True, True, True]


def test_a_false_detection_far_ahead_does_not_hide_the_row(make_loop) -> None:
    long_row = [(x, 250) for x in range(20, 640, 60)]
    loops = [make_loop(apex) for apex in [*long_row, (325, 110)]]
    assert _distal(loops) == [True] * len(long_row) + [False]


def test_order_of_the_detections_does_not_matter(make_loop) -> None:
    loops = [make_loop(apex) for apex in [*FRONT, (310, 180), (110, 210)]]
    shuffled = np.random.default_rng(1).permutation(len(loops))
    expected = _distal(loops)
    assert _distal([loops[i] for i in shuffled]) == [expected[i] for i in shuffled]


@pytest.mark.parametrize("roll_deg", [-60, -45, -20, 0, 30, 60])
@pytest.mark.parametrize("has_keypoints", [True, False])
def test_a_rolled_finger_has_the_same_row(make_loop, roll_deg: float, has_keypoints: bool) -> None:
    roll = math.radians(roll_deg)
    turn = np.array([[math.cos(roll), math.sin(roll)], [-math.sin(roll), math.cos(roll)]])
    upright = np.array([(x, y) for y in (0, 90) for x in (-150, -75, 0, 75, 150)], dtype=float)
    apices = upright @ turn + (320, 240)
    loops = [_rolled(make_loop(tuple(apex), size=(30, 30)), roll, has_keypoints) for apex in apices]
    assert _distal(loops) == [True] * 5 + [False] * 5


def test_the_row_is_as_long_as_the_frame_is_wide(make_loop) -> None:
    curve = find_distal_row([make_loop((x, 100)) for x in (100, 250, 400, 540)], *FRAME).curve
    assert curve is not None
    assert curve.length_px() == pytest.approx(640, rel=0.005)


def test_a_rolled_row_is_longer_by_the_cosine(make_loop) -> None:
    slope = math.tan(math.radians(20))
    loops = [
        _rolled(make_loop((x, 240 + slope * (x - 320)), size=(30, 30)), math.radians(20), True)
        for x in (60, 190, 320, 450, 580)
    ]
    curve = find_distal_row(loops, *FRAME).curve
    assert curve is not None
    assert curve.length_px() == pytest.approx(640 / math.cos(math.radians(20)), rel=0.005)


def test_the_curve_does_not_run_away_beyond_the_last_loop(make_loop) -> None:
    bent = [(280, 130), (300, 105), (320, 100), (340, 105), (360, 130)]
    curve = find_distal_row([make_loop(apex, size=(16, 60)) for apex in bent], *FRAME).curve
    assert curve is not None
    assert 640 <= curve.length_px() < 1.25 * 640


@pytest.mark.parametrize("known_roll", [True, False])
def test_a_single_loop_has_a_row_across_the_frame(make_loop, known_roll: bool) -> None:
    loop = make_loop((320, 100), widths=(12.0 if known_roll else None, None, None))
    row = find_distal_row([loop], *FRAME)
    assert row.is_distal == (True,)
    assert row.curve is not None
    assert row.curve.length_px() == pytest.approx(640, rel=0.005)


def test_rows_agree_with_what_the_renderer_knows(scenes: tuple[RenderedImage, ...]) -> None:
    agreed = [
        found == (truth.row is Row.DISTAL)
        for scene in scenes
        for found, truth in zip(_rendered_row(scene).is_distal, TruthEngine(scene).loops, strict=True)
    ]
    assert len(agreed) > 400
    assert np.mean(agreed) > 0.97


def test_density_agrees_with_what_the_renderer_knows(scenes: tuple[RenderedImage, ...]) -> None:
    """AUTOCAPI, the published system that counts, lies within -1.6 to +1.1 per mm of human observers."""
    differences = []
    for scene in scenes:
        row = _rendered_row(scene)
        density = measure_density(row.curve, sum(row.is_distal), scene.um_per_px, is_evaluable=True)
        if density.per_mm is not None:
            differences.append(density.per_mm - scene.density_per_mm)
    assert len(differences) > 36
    assert abs(np.mean(differences)) < 0.2
    assert 1.96 * np.std(differences) < 1.2


def _rendered_row(scene: RenderedImage) -> DistalRow:
    engine = TruthEngine(scene)
    detections = engine.detect(scene.image_rgb).capillaries
    keypoints = engine.estimate(scene.image_rgb, [one.bbox for one in detections])
    return find_distal_row(measure_loops(detections, keypoints, scene.um_per_px), *scene.image_rgb.shape[1::-1])


def _rolled(loop: MeasuredLoop, roll: float, has_keypoints: bool) -> MeasuredLoop:
    """The loop turned about its apex, or with its box alone, centred half a box behind the apex."""
    (x, y), (right, down) = loop.apex_px or (0.0, 0.0), (-math.sin(roll), math.cos(roll))
    box = BoundingBox(x + 15 * right - 15, y + 15 * down - 15, 30, 30)
    bare = replace(loop, detection=replace(loop.detection, bbox=box), apical=None, arterial=None, venous=None)
    if not has_keypoints:
        return replace(bare, apex_px=None)
    segment = WidthSegment((x, y), (x + 12 * right, y + 12 * down))
    return replace(bare, apical=MeasuredWidth(segment, 12.0, 12.0))
