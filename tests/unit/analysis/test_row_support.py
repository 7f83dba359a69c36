"""Dirt ahead of a row is left out; a sparse row ahead of a dense one is not."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from appliance.analysis.distal_row import find_distal_row
from appliance.analysis.measure import MeasuredLoop, measure_loops
from appliance.domain.detection import Row
from engines.synthetic.truth import RenderedImage
from tests.support.rendered import TruthEngine

MakeLoop = Callable[..., MeasuredLoop]
FRAME = (640, 480)


def distal(loops: list[MeasuredLoop]) -> list[bool]:
    return list(find_distal_row(loops, *FRAME).is_distal)


def row_at(make_loop: MakeLoop, y: float, count: int, sag: float = 0.0) -> list[MeasuredLoop]:
    xs = [60 + 520 * at / (count - 1) for at in range(count)]
    return [make_loop((x, y + sag * ((x - 320) / 260) ** 2)) for x in xs]


def grain(make_loop: MakeLoop, at: tuple[float, float]) -> MeasuredLoop:
    return make_loop(at, size=(22, 30), widths=(None, None, None), score=0.6)


def test_grains_ahead_of_a_row_hide_none_of_it(make_loop: MakeLoop) -> None:
    loops = row_at(make_loop, 220, 10)
    grains = [grain(make_loop, (x, y)) for x, y in ((100, 60), (240, 90), (330, 40), (450, 110), (560, 70))]
    assert distal(loops + grains) == [True] * 10 + [False] * 5


def test_a_curved_row_stays_one(make_loop: MakeLoop) -> None:
    loops = row_at(make_loop, 150, 11, sag=90)
    assert distal([*loops, grain(make_loop, (320, 40))]) == [True] * 11 + [False]


def test_a_sparse_row_ahead_of_a_dense_one_is_the_distal_one(make_loop: MakeLoop) -> None:
    front, behind = row_at(make_loop, 100, 4), row_at(make_loop, 280, 9)
    found = distal(front + behind)
    assert found[:4] == [True] * 4


def test_a_lone_loop_as_sound_as_the_row_s_may_stand_ahead(make_loop: MakeLoop) -> None:
    ahead = make_loop((320, 130))
    assert distal([*row_at(make_loop, 220, 10), ahead])[-1]


def test_a_bend_that_looks_the_other_way_says_nothing_of_the_row(make_loop: MakeLoop) -> None:
    loops = row_at(make_loop, 220, 10)
    astray = make_loop((320, 90), size=(28, 60))
    assert astray.apical is not None
    segment = astray.apical.segment
    around = replace(astray.apical, segment=replace(segment, start_px=segment.end_px, end_px=segment.start_px))
    assert distal([*loops, replace(astray, apical=around, apex_px=segment.end_px)]) == [True] * 10 + [False]


def test_ten_grains_ahead_of_rendered_rows_leave_most_loops_where_they_belong(
    make_loop: MakeLoop, scenes: tuple[RenderedImage, ...]
) -> None:
    """Without row_support six loops in ten stay right."""
    rng = np.random.default_rng(0)
    agreed = []
    for scene in scenes[::2]:
        engine = TruthEngine(scene)
        seen = engine.detect(scene.image_rgb).capillaries
        if len(seen) < 3:
            continue
        loops = measure_loops(seen, engine.estimate(scene.image_rgb, [one.bbox for one in seen]), scene.um_per_px)
        top = max(5.0, float(np.quantile([one.bbox.y for one in seen], 0.3)) - 45)
        grains = [grain(make_loop, (rng.uniform(0, 640), rng.uniform(0, top))) for _ in range(10)]
        is_distal = find_distal_row([*loops, *grains], *FRAME).is_distal
        agreed += [found == (truth.row is Row.DISTAL) for found, truth in zip(is_distal, engine.loops, strict=False)]
    assert len(agreed) > 150
    assert np.mean(agreed) > 0.82
