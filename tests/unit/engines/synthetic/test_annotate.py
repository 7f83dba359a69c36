"""Truth of hand-placed loops: what is boxed, measured, counted and ignored."""

from dataclasses import replace

import numpy as np
import pytest

from appliance.domain.detection import Morphology, Row, SizeClass
from engines.synthetic.annotate import annotate
from engines.synthetic.drawing import draw_loops
from engines.synthetic.hairpin import HairpinNumbers
from engines.synthetic.loop_shape import build_hairpin
from engines.synthetic.nailfold import Loop
from engines.synthetic.truth import LoopTruth, size_class_of
from engines.synthetic.view import RowShape, View

VIEW = View(640, 480, 2.0, 0.0, RowShape(0.0, 0.0, 0.0, 0.0, 1000.0, 0.0))
NUMBERS = HairpinNumbers(
    arterial=12.0,
    apical=16.0,
    venous=17.0,
    length=220.0,
    gap=30.0,
    neck=1.0,
    bend=15.0,
    crossings=0.0,
    wobble=0.0,
    unrest=0.0,
    wavelength=80.0,
    lean=0.0,
    side=1,
)


def _loop(at_um: tuple[float, float], numbers: HairpinNumbers = NUMBERS, density: float = 0.2) -> Loop:
    shape = build_hairpin(np.random.default_rng(1), numbers, Morphology.NORMAL)
    return Loop(shape, at_um, 0.0, density, 1.0, 3.0, 2000.0, 1.0, 0)


def _truth(*loops: Loop, view: View = VIEW) -> tuple[LoopTruth, ...]:
    return annotate(draw_loops(loops, view, 0.7), view, 0.01)


def test_box_of_a_hairpin_by_hand() -> None:
    (loop,) = _truth(_loop((0.0, -100.0)))
    x, y, w, h = loop.bbox_px
    # Apex at the centre column, 50 px above the middle; outer width 30 + 16 um, so 23 px; half an apical width on top.
    # Around it 0.4 of the blur, which is hypot(1.0 / 2, 0.7) = 0.86 px: the column's visible edge.
    margin = 0.4 * 0.86
    assert x + w / 2 == pytest.approx(319.5, abs=2)
    assert y == pytest.approx(239.5 - 50 - 4 - margin, abs=1.5)
    assert w == pytest.approx(23 + 2 * margin, abs=3)
    assert h == pytest.approx((220 + 8) / 2 + 2 * margin, abs=22)


def test_segments_have_the_widths_of_the_columns() -> None:
    (loop,) = _truth(_loop((0.0, -100.0)))
    segments = (loop.apical_px, loop.arterial_px, loop.venous_px)
    lengths = [2.0 * float(np.hypot(*np.subtract(s[1], s[0]))) for s in segments if s is not None]
    # Within the column's own unevenness of up to 13 %.
    assert lengths == pytest.approx([16.0, 12.0, 17.0], rel=0.15)
    assert loop.arterial_px is not None
    assert loop.venous_px is not None
    assert loop.arterial_px[0][0] < loop.apex_px[0] < loop.venous_px[0][0]


def test_apical_segment_runs_from_the_outer_to_the_inner_edge() -> None:
    (loop,) = _truth(_loop((0.0, -100.0)))
    assert loop.apical_px is not None
    assert loop.apical_px[0][1] < loop.apical_px[1][1]


def test_loop_seen_edge_on_is_boxed_but_has_no_apical_width() -> None:
    (loop,) = _truth(_loop((0.0, -100.0), replace(NUMBERS, gap=8.0, bend=4.0)))
    assert loop.apical_px is None
    assert (loop.arterial_px, loop.venous_px) == (None, None)  # one limb behind the other
    assert not loop.is_ignored
    assert loop.bbox_px[2] < 0.75 * _truth(_loop((0.0, -100.0)))[0].bbox_px[2]


def test_soft_loop_is_ignored_beside_sharp_ones_alone() -> None:
    sharp = [_loop((float(at), -100.0)) for at in (-300, -150, 0)]
    soft = replace(_loop((200.0, 0.0), density=0.5), shallow_um=20.0)
    assert [loop.is_ignored for loop in _truth(*sharp, soft)] == [False, False, False, True]
    assert [loop.is_ignored for loop in _truth(soft)] == [False]


def test_loop_paler_than_the_eye_sees_is_not_in_the_truth() -> None:
    assert _truth(_loop((0.0, -100.0), density=0.015)) == ()


def test_segments_do_not_grow_with_blur() -> None:
    sharp, soft = (annotate(draw_loops((_loop((0.0, 0.0)),), VIEW, blur), VIEW, 0.01)[0] for blur in (0.5, 2.5))
    assert sharp.apical_px == soft.apical_px


@pytest.mark.parametrize(
    ("width_um", "size"),
    [
        (19.9, SizeClass.NORMAL),
        (20.0, SizeClass.ENLARGED),
        (50.0, SizeClass.ENLARGED),
        (50.1, SizeClass.GIANT),
    ],
)
def test_calibre_cuts(width_um: float, size: SizeClass) -> None:
    assert size_class_of(width_um) is size


def test_plain_loop_of_sixty_micrometres_is_a_giant() -> None:
    wide = replace(NUMBERS, arterial=50.0, apical=64.0, venous=66.0, gap=95.0, bend=48.0, length=330.0)
    (loop,) = _truth(_loop((0.0, -150.0), wide))
    assert (loop.morphology, loop.size) == (Morphology.GIANT, SizeClass.GIANT)


def test_pale_loop_is_ignored_and_an_invisible_one_left_out() -> None:
    assert [t.is_ignored for t in _truth(_loop((0.0, 0.0), density=0.034))] == [True]
    assert _truth(_loop((0.0, 0.0), density=0.008)) == ()


def test_loop_without_its_head_in_the_image_is_ignored() -> None:
    (cut,) = _truth(_loop((0.0, -480.0 - 40.0)))
    assert cut.is_ignored
    assert cut.bbox_px[1] == 0.0


def test_loop_cut_through_its_head_counts_where_half_of_the_head_is_inside() -> None:
    # At 2 um a pixel the picture begins at -479 um; half an apical width is 8 um.
    more, less = (_truth(_loop((0.0, at_um)))[0] for at_um in (-476.0, -484.0))
    assert (more.is_ignored, more.is_counted) == (True, True)
    assert (less.is_ignored, less.is_counted) == (True, False)


def test_loop_in_the_shadow_of_another_is_not_distal() -> None:
    front, behind, beside = _truth(_loop((0.0, -200.0)), _loop((30.0, 0.0)), _loop((300.0, -150.0)))
    assert [t.row for t in (front, behind, beside)] == [Row.DISTAL, Row.OTHER, Row.DISTAL]


def test_rows_turn_with_the_finger() -> None:
    view = replace(VIEW, roll_deg=90.0)
    front, behind = _truth(_loop((0.0, -200.0)), _loop((30.0, 0.0)), view=view)
    assert front.apex_px[0] > behind.apex_px[0]
    assert (front.row, behind.row) == (Row.DISTAL, Row.OTHER)


def test_touching_limbs_are_not_measured_apart() -> None:
    narrow = replace(NUMBERS, gap=14.0, neck=0.6)
    (loop,) = _truth(_loop((0.0, -100.0), narrow))
    assert loop.arterial_px is None
    assert loop.venous_px is None


def test_loop_whose_head_lies_under_darker_ones_is_ignored() -> None:
    below, above = _loop((0.0, 0.0), density=0.12), _loop((3.0, -12.0), density=0.5)
    assert [t.is_ignored for t in _truth(below, above)] == [True, False]


def test_gap_in_the_flow_does_not_end_the_box() -> None:
    whole = _loop((0.0, -100.0))
    main = whole.shape.strokes[0]
    gap = np.where((main.below_um > 80) & (main.below_um < 105), 0.0, 1.0)
    dotted = replace(whole, shape=replace(whole.shape, strokes=(replace(main, strength=gap),)))
    assert _truth(dotted)[0].bbox_px[3] == pytest.approx(_truth(whole)[0].bbox_px[3], abs=2)
