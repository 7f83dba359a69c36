"""What a figure is computed from and what stands beside it, worked out by hand, for each that has several inputs."""

import math
from dataclasses import replace

import numpy as np
import pytest

from appliance.analysis.exam_figures import exam_figures
from appliance.analysis.exam_scores import csuri_of, mes_of
from appliance.analysis.group_figures import group_figures
from appliance.analysis.image_tally import ImageTally, tally
from appliance.analysis.matching import BoxPairing
from appliance.analysis.recorded_analysis import record_analysis
from appliance.analysis.uncertainty import Width
from appliance.domain.exam import Finger, Hand, Placement, Sector, SkippedPlacement
from appliance.domain.exam_figures import Figure
from appliance.domain.exam_protocol import PROTOCOLS
from appliance.domain.figure_definition import Place
from appliance.domain.figure_definitions import METRICS, figures_at
from tests.support.reviewed_exams import LEFT_RING_B, Loop, every_finger, exam_of, image_of

A, C = (Placement(Hand.LEFT, Finger.RING, sector) for sector in (Sector.A, Sector.C))
LEFT_RING = (Hand.LEFT, Finger.RING)


def of(*loops: Loop, row_mm: float | None = 1.0, um_per_px: float | None = 1.0, number: int = 1) -> ImageTally:
    return tally(image_of(loops, row_mm=row_mm, um_per_px=um_per_px, number=number))


def test_one_image_keeps_the_density_that_it_states_itself() -> None:
    stated = replace(of(*[Loop()] * 8), density_per_mm=7.9)
    assert group_figures([stated])["density_per_mm"].value == 7.9
    both = group_figures([stated, of(*[Loop()] * 4, number=2)])["density_per_mm"]
    assert both.value == 6.0
    assert group_figures([of(*[Loop()] * 3, row_mm=1.23456)])["density_per_mm"].basis["evaluable_mm"] == 1.235


def test_a_missing_scale_is_the_reason_that_is_told_first() -> None:
    no_row, no_scale = of(Loop(row="other"), row_mm=None), of(Loop(), um_per_px=None, number=2)
    assert group_figures([no_row, no_scale])["density_per_mm"].because == "no_calibration"
    assert group_figures([no_row])["density_per_mm"].because == "no_distal_row"


def test_the_bands_of_a_grey_zone_are_told_apart_by_commas_and_an_exact_density_has_none() -> None:
    # 5 +- 2.6 reaches below 3 and above 7.
    density = group_figures([of(*[Loop()] * 5)])
    assert density["density_band"].basis == {"grey_zone": "extremely_lowered,normal"}


def test_dilated_loops_count_where_density_was_measured_alone() -> None:
    seen = of(Loop(35), Loop(15), row_mm=2.0)
    unmeasured = replace(of(Loop(40), row_mm=3.0, number=2), density_missing_because="no_distal_row")
    dilated = group_figures([seen, unmeasured])["dilated_per_mm"]
    assert (dilated.value, dilated.basis) == (0.5, {"loops": 1})
    assert dilated.uncertainty == pytest.approx(1.96 / 2.0)
    assert group_figures([seen, unmeasured])["evaluable_mm"].value == 2.0


def test_what_stands_behind_widths_and_giants() -> None:
    found = group_figures([of(Loop(12), Loop(16), Loop(26), Loop(50.4, "ramified"), Loop(80, "giant", "other"))])
    for key in ("mean_apical_um", "median_apical_um"):
        assert found[key].basis == {"capillaries": 4}
    assert found["median_apical_um"].uncertainty == pytest.approx(
        math.sqrt(math.pi / 2) * (found["mean_apical_um"].uncertainty or 0), rel=0.001
    )
    assert found["largest_width_um"].basis == {"image_id": "00000000-0000-7000-8000-000000000001"}
    assert found["giants"].basis == {
        "in_grey_zone": 1,
        "possible_giants": 0,
        "ramified_giants": 1,
        "ramified_giants_aside": 0,
        "ramified_rule": "ramified_count",
    }
    assert found["score_enlarged"].basis == {"images": 1}


def test_what_an_image_counts() -> None:
    loops = [Loop(20.4), Loop(19.5), Loop(21.2), Loop(50.5), Loop(15, "tortuous"), Loop(16, "ramified", "other")]
    counted = of(*loops)
    assert (counted.enlarged, counted.enlarged_in_grey_zone, counted.near_20_um, counted.near_50_um) == (2, 1, 2, 1)
    assert (counted.giants, counted.ramified_giants, counted.tortuous, counted.ramified) == (1, 0, 1, 1)
    assert (counted.image_width_mm, counted.largest) == (1.28, Width(50.5, 1.0, 0.0))
    assert [width.um for width in counted.apical] == [20.4, 19.5, 21.2, 50.5, 15.0]


def test_an_image_without_a_scale_has_no_width_and_no_grey_zone() -> None:
    counted = of(Loop(20.4), Loop(50.2), um_per_px=None)
    assert (counted.image_width_mm, counted.apical, counted.largest) == (None, (), None)
    assert (counted.near_20_um, counted.near_50_um, counted.enlarged_in_grey_zone) == (0, 0, 0)


def test_the_share_of_the_scale_goes_into_every_width() -> None:
    plain = image_of([Loop(40)], um_per_px=0.5)
    stated = replace(plain, recorded=record_analysis(replace(plain.analysis, um_per_px_uncertainty=0.0098), None))
    share = 0.0098 / 1.96 / 0.5
    assert tally(stated).scale_share == pytest.approx(share)
    assert [one.scale_share for one in tally(stated).apical] == [pytest.approx(share)]


def test_figures_of_an_exam_say_over_how_many_fingers_or_images_they_are() -> None:
    one, two = image_of([Loop()] * 8, number=1), image_of([Loop()] * 4, C, number=2)
    other = image_of([Loop()] * 5, Placement(Hand.RIGHT, Finger.INDEX, Sector.B), number=3)
    figures = exam_figures(exam_of(one, two, other))
    assert figures.exam["score_enlarged"].basis == {"fingers": 2}
    fingers = [figures.fingers[key]["density_per_mm"] for key in (LEFT_RING, (Hand.RIGHT, Finger.INDEX))]
    off = math.hypot(*(finger.uncertainty or 0.0 for finger in fingers)) / 2
    assert figures.exam["density_per_mm"].uncertainty == pytest.approx(off)
    # No dilated loop in either: a mean of zeros is zero.
    assert figures.exam["dilated_per_mm"].value == 0.0
    nothing = exam_figures(exam_of(image_of([Loop()], reasons=("glare",))))
    assert nothing.exam["density_per_mm"].basis == {"images": 1}


def test_a_sector_has_its_own_reasons_and_its_own_pictures_aside() -> None:
    still = image_of([Loop()] * 8, number=1)
    glaring = image_of([Loop(80, "giant")], C, number=2, reasons=("glare", "motion"))
    skips = (SkippedPlacement(A, "bandage"), SkippedPlacement(Placement(Hand.LEFT, Finger.RING, Sector.D), "pain"))
    figures = exam_figures(exam_of(still, glaring, skipped=skips))
    assert figures.sectors[A]["giants"].basis["reason"] == "bandage"
    assert figures.sectors[C]["giants"].basis == {"reason": "glare, motion", "seen_aside": 1}
    assert "seen_aside" not in figures.sectors[LEFT_RING_B]["giants"].basis
    finger = exam_figures(exam_of(skipped=skips)).fingers[LEFT_RING]["giants"]
    assert finger.basis["reason"] == "bandage; pain"


def test_scores_say_what_they_lack() -> None:
    seven = exam_figures(exam_of(*every_finger([Loop()] * 8)[:7])).exam
    assert seven["loss_index"].basis == {"fingers": 7, "needed": 8}
    assert seven["nemo"].basis["fingers"] == 7
    three = exam_figures(exam_of(*every_finger([Loop()] * 9)[:3])).exam
    assert three["fast_track"].basis == {"fingers": 3, "needed": 4}
    thirds = Figure(1 / 3)
    assert mes_of(thirds, Figure(None, because="x"), thirds).basis == {"score_loss": 0.33, "score_ramified": 0.33}


def test_an_index_near_its_border_and_at_the_edge_of_the_studys_width() -> None:
    image = of(*[Loop()] * 4, Loop(73.4, "giant"))
    index = csuri_of([image])
    # 73.4 / 25 = 2.936, +- 0.11: the border is 2.94.
    assert (index.value, index.basis["in_grey_zone"], index.basis["largest_um"]) == (2.936, 1, 73.4)
    assert "in_grey_zone" not in csuri_of([of(*[Loop()] * 4, Loop(60, "giant"))]).basis
    assert csuri_of([of(Loop(), Loop(60.26, "giant"))]).basis["largest_um"] == 60.3
    none = csuri_of([of(Loop(), Loop(60, "giant"), um_per_px=None)])
    assert (none.because, none.basis) == ("no_calibration", {"image_id": "00000000-0000-7000-8000-000000000001"})
    assert csuri_of([replace(image, image_width_mm=1.5749)]).basis["image_width_mm"] == 1.57


def test_boxes_at_the_farthest_offset_still_match_and_equal_crowds_are_paired_one_to_one() -> None:
    one = np.array([[0.0, 0.0, 20.0, 60.0]])
    assert BoxPairing(one, one + np.array([12.0, 0.0, 0.0, 0.0])).assign((0.0, 0.0)) == ((0, 0),)
    # Both old boxes are nearest to the second new one: together they are cheapest one to one.
    before = np.array([[0.0, 0.0, 20.0, 60.0], [4.0, 0.0, 20.0, 60.0]])
    after = np.array([[-8.0, 0.0, 20.0, 60.0], [2.0, 0.0, 20.0, 60.0]])
    assert BoxPairing(before, after).assign((0.0, 0.0)) == ((0, 0), (1, 1))
    assert BoxPairing(after, before).assign((0.0, 0.0)) == ((0, 0), (1, 1))


def test_every_protocol_goes_hand_by_hand_and_finger_by_finger() -> None:
    for protocol in PROTOCOLS.values():
        hands = [place.hand for place in protocol.placements]
        assert hands == sorted(hands, key=list(Hand).index)
        assert len(set(protocol.placements)) == len(protocol.placements)
        assert {place.finger for place in protocol.placements} == {
            Finger.INDEX, Finger.MIDDLE, Finger.RING, Finger.LITTLE
        }  # fmt: skip


@pytest.mark.parametrize("place", list(Place))
def test_a_place_shows_the_figures_that_name_it_and_no_other(place: Place) -> None:
    shown = figures_at(place)
    assert len(set(shown)) == len(shown)
    assert set(shown) >= {key for key, one in METRICS.items() if place in one.places}
    assert [key for key in shown if place not in METRICS[key].places] == []
