"""The share of loops that the device puts in the right row, at any turn of the picture."""

import itertools
import math
from dataclasses import replace

import pytest

from appliance.analysis.turned_view import view_of_turn
from appliance.domain.detection import BoundingBox, Row, SizeBasis
from appliance.domain.measurement import Capillary
from engines.evaluation.rows import evaluate, found_loops
from engines.synthetic.render import render
from tests.support.rendered import TruthEngine

SEED = 500_000


def test_perfect_networks_find_the_whole_row_and_the_density() -> None:
    tally = evaluate(TruthEngine(render(SEED)).engines, 1, 0.0)
    assert len(tally.of_distal) > 3
    assert all(tally.of_distal)
    assert all(tally.of_called)
    assert tally.density_off == [pytest.approx(0, abs=0.5)]


def test_blind_networks_find_no_loop_and_give_no_density() -> None:
    blind = TruthEngine(render(SEED))
    blind.loops = ()
    tally = evaluate(blind.engines, 1, 0.0)
    assert (tally.of_distal, tally.of_called, tally.density_off, tally.without_density) == ([], [], [], 1)
    assert tally.line(0.0).split() == ["0", "-", "-", "+nan", "nan", "0", "1"]


def test_a_finding_in_a_turned_picture_belongs_to_the_loop_in_whose_box_its_middle_lies_once() -> None:
    scene = render(SEED)
    height, width = scene.image_rgb.shape[:2]
    view = view_of_turn(width, height, -math.pi / 2)
    true = next(one for one in scene.loops if one.is_counted)
    left, top, w, h = true.bbox_px
    everywhere = itertools.product(range(view.view_width_px), range(view.view_height_px))
    x, y = next(at for at in everywhere if math.dist(view.point_back(at), (left + w / 2, top + h / 2)) < 1)
    box = BoundingBox(x - 10.0, y - 10.0, 20.0, 20.0)
    sure, less_sure = (
        Capillary(box, score, None, Row.DISTAL, true.morphology, true.size, SizeBasis.APPEARANCE, *[None] * 4)
        for score in (0.9, 0.5)
    )
    assert found_loops([true], [less_sure, sure], view) == [(sure, true)]
    assert found_loops([true], [replace(sure, bbox=replace(box, x=-500.0))], view) == []
