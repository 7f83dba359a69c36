import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance import schemas
from appliance.analysis.exam_figures import EXAM_KEYS, GROUP_KEYS, IMAGE_KEYS, exam_figures
from appliance.analysis.figures_document import figures_document
from appliance.analysis.recorded_analysis import record_analysis
from appliance.domain.exam import Finger, Hand, ImageKind, Placement, Sector, SkippedPlacement
from tests.support.reviewed_exams import Loop, every_finger, exam_of, image_of

LEFT_RING = (Hand.LEFT, Finger.RING)
B = Placement(Hand.LEFT, Finger.RING, Sector.B)
C = Placement(Hand.LEFT, Finger.RING, Sector.C)
loops = st.lists(
    st.builds(
        Loop,
        st.floats(5, 120),
        st.sampled_from(("normal", "tortuous", "ramified", "giant")),
        st.sampled_from(("distal", "other")),
    ),
    min_size=1,
    max_size=20,
)


def test_density_of_a_finger_is_all_loops_over_all_millimetres() -> None:
    figures = exam_figures(
        exam_of(
            image_of([Loop()] * 8, B, row_mm=1.0, number=1),
            image_of([Loop()] * 5, C, row_mm=1.5, number=2),
        )
    )
    finger = figures.fingers[LEFT_RING]["density_per_mm"]
    assert finger.value == pytest.approx(13 / 2.5)
    assert finger.basis == {"capillaries": 13, "evaluable_mm": 2.5, "images": 2, "images_without_density": 0}
    assert figures.sectors[B]["density_per_mm"].value == pytest.approx(8.0)
    # 1.96 x sqrt(0.25^2 x 13 + 2/6) / 2.5
    assert finger.uncertainty == pytest.approx(1.96 * math.sqrt((0.0625 + 0.188) * 13 + 1 / 3) / 2.5)


def test_density_of_an_exam_is_the_mean_of_its_fingers() -> None:
    ring = image_of([Loop()] * 8, B, number=1)
    middle = image_of([Loop()] * 4, Placement(Hand.LEFT, Finger.MIDDLE, Sector.A), number=2)
    density = exam_figures(exam_of(ring, middle)).exam["density_per_mm"]
    assert density.value == pytest.approx(6.0)
    assert density.basis == {"fingers": 2}


def test_widths_by_hand() -> None:
    figures = exam_figures(exam_of(image_of([Loop(12), Loop(16), Loop(26), Loop(70, row="other")])))
    image = figures.images["00000000-0000-7000-8000-000000000001"]
    assert image["mean_apical_um"].value == pytest.approx(18.0)
    assert image["median_apical_um"].value == pytest.approx(16.0)
    assert image["largest_width_um"].value == pytest.approx(70.0)
    assert image["largest_width_um"].uncertainty == pytest.approx(1.96 * math.sqrt(2))
    # The spread of 12, 16 and 26 has variance 52, more than the 2 of the end points; 0.26 px are common to all.
    assert image["mean_apical_um"].uncertainty == pytest.approx(1.96 * math.sqrt(52 / 3 + 0.26**2))
    assert image["share_enlarged"].value == pytest.approx(100 / 3)
    # Wilson: (1/3 + 0.64027 -+ 0.85283) / 2.28053
    assert image["share_enlarged"].basis == {"enlarged": 1, "capillaries": 3, "low": 6.1, "high": 79.2}
    assert image["share_enlarged"].uncertainty == pytest.approx(36.54, abs=0.01)
    assert image["giants"].value == 1


def test_a_known_scale_uncertainty_widens_every_width() -> None:
    plain = image_of([Loop(40)])
    stated = replace(plain, recorded=record_analysis(replace(plain.analysis, um_per_px_uncertainty=0.05), None))
    off = exam_figures(exam_of(stated)).exam["largest_width_um"].uncertainty
    # The document states half the 95 % interval of the scale: 5 % of 40 um, beside 1.96 x sqrt(2) um of the end points.
    assert off == pytest.approx(math.hypot(1.96 * math.sqrt(2), 40 * 0.05))


def test_a_ramified_loop_above_50_um_is_a_giant_for_every_rule() -> None:
    figures = exam_figures(exam_of(image_of([*[Loop()] * 8, Loop(64, "ramified")])))
    assert figures.exam["giants"].value == 1
    assert figures.exam["fast_track"].value == "scleroderma"
    assert figures.exam["fast_track"].basis["rule"] == "fast_track_2a"


def test_a_giant_within_a_pixel_of_the_cut_is_told() -> None:
    category = exam_figures(exam_of(image_of([*[Loop()] * 8, Loop(50.6, "giant")]))).exam["fast_track"]
    assert category.basis["giants"] == 1
    assert category.basis["in_grey_zone"] == 1


def test_grey_zones_by_hand() -> None:
    image = exam_figures(exam_of(image_of([Loop(19.2), Loop(20.9), Loop(22), Loop(49.5), Loop(51.2)]))).exam
    assert image["grey_zone_20_um"].value == 2
    assert image["grey_zone_50_um"].value == 1


def test_semiquantitative_scores_are_means_of_images_then_fingers() -> None:
    # 3 of 9 enlarged: 1; 6 of 9 enlarged: 3; mean 2. The other finger: none of 9: 0. Exam: 1.
    one = image_of([Loop(30)] * 3 + [Loop()] * 6, B, number=1)
    two = image_of([Loop(30)] * 6 + [Loop()] * 3, C, number=2)
    three = image_of([Loop()] * 9, Placement(Hand.RIGHT, Finger.RING, Sector.B), number=3)
    figures = exam_figures(exam_of(one, two, three))
    assert figures.fingers[LEFT_RING]["score_enlarged"].value == 2
    assert figures.exam["score_enlarged"].value == 1


def test_mes_waits_for_the_physicians_rating() -> None:
    # 2 loops per mm of 7: 71 % lost, score 3; 1 of 2 ramified: score 2.
    reviewed = exam_of(*every_finger([Loop(), Loop(shape="ramified")]))
    unrated = exam_figures(reviewed).exam["mes"]
    assert unrated.because == "disorganisation_not_rated"
    assert unrated.basis == {"score_loss": 3.0, "score_ramified": 2.0}
    rated = exam_figures(reviewed, disorganisation=1.255).exam["mes"]
    assert rated.value == pytest.approx(6.255)
    assert rated.basis == {"score_loss": 3.0, "score_disorganisation": 1.25, "score_ramified": 2.0}


def test_csuri_is_taken_where_the_fewest_loops_with_a_giant_are() -> None:
    many = image_of([Loop()] * 9 + [Loop(90, "giant")], B, number=1)
    few = image_of([Loop()] * 3 + [Loop(60, "giant"), Loop(72, "giant")], C, number=2)
    fewest = image_of([Loop()] * 2, Placement(Hand.RIGHT, Finger.RING, Sector.A), number=3)
    index = exam_figures(exam_of(many, few, fewest)).exam["csuri"]
    assert index.value == pytest.approx(72 * 2 / 25)
    # The two end points of the width, 1 px of 1 um each, twice over 5 loops squared.
    assert index.uncertainty == pytest.approx(1.96 * math.sqrt(2) * 2 / 25)
    assert index.basis["image_width_mm"] == 1.28
    assert [index.basis[key] for key in ("largest_um", "giants", "capillaries", "cut_off")] == [72.0, 2, 5, 2.94]
    assert index.basis["image_id"] == few.image.image_id
    assert (index.basis["reading"], index.basis["is_other_width"], index.basis["reference_width_mm"]) == (
        "above",
        1,
        1.57,
    )


def test_csuri_warns_of_no_width_near_that_of_the_study() -> None:
    image = image_of([Loop()] * 9 + [Loop(90, "giant")], B, um_per_px=1.25)
    index = exam_figures(exam_of(image)).exam["csuri"]
    assert index.basis["image_width_mm"] == 1.6
    assert index.basis["reading"] == "not_above"
    assert "is_other_width" not in index.basis


def test_csuri_breaks_a_tie_by_the_most_giants() -> None:
    one = image_of([Loop()] * 4 + [Loop(80, "giant")], B, number=1)
    two = image_of([Loop()] * 3 + [Loop(60, "giant")] * 2, C, number=2)
    assert exam_figures(exam_of(one, two)).exam["csuri"].value == pytest.approx(60 * 2 / 25)


@pytest.mark.parametrize(
    ("images", "because"),
    [
        ([image_of([Loop()] * 9)], "no_giants"),
        ([image_of([Loop(90, "giant")] + [Loop()] * 8, B, um_per_px=None)], "no_calibration"),
    ],
)
def test_csuri_abstains(images: list, because: str) -> None:  # type: ignore[type-arg]
    assert exam_figures(exam_of(*images)).exam["csuri"].because == because


def test_nemo_counts_eight_fingers_and_says_what_is_not_detected() -> None:
    nemo = exam_figures(exam_of(*every_finger([Loop()] * 8, haemorrhages=2))).exam["nemo"]
    assert nemo.value == 16
    assert (nemo.basis["microthromboses"], nemo.basis["bound"]) == ("not_detected", "lower")
    seven = exam_figures(exam_of(*every_finger([Loop()] * 8, haemorrhages=2)[:7])).exam["nemo"]
    assert seven.because == "too_few_fingers"
    assert seven.basis["haemorrhages"] == 14


def test_three_normal_fingers_do_not_make_a_normal_patient() -> None:
    images = every_finger([Loop()] * 9)
    assert exam_figures(exam_of(*images[:3])).exam["fast_track"].because == "too_few_fingers"
    assert exam_figures(exam_of(*images[:3])).exam["sub_pattern"].because == "too_few_fingers"
    assert exam_figures(exam_of(*images[:4])).exam["fast_track"].value == "non_scleroderma"
    assert exam_figures(exam_of(*images[:4])).exam["sub_pattern"].value == "normal"


def test_the_exam_has_the_category_of_its_gravest_finger() -> None:
    images = every_finger([Loop()] * 9)
    bare = image_of([Loop(), Loop(shape="ramified")], images[0].image.placement, number=1)
    category = exam_figures(exam_of(bare, *images[1:])).exam["fast_track"]
    assert category.value == "scleroderma"
    assert category.basis["rule"] == "fast_track_2b"
    assert (category.basis["hand"], category.basis["finger"]) == ("left", "index")


def test_the_worst_image_decides_a_finger_not_pooled_counts() -> None:
    # Pooled 18 loops over 2 mm with a branching one: category 1. The second image alone: 2 per mm and branching.
    full = image_of([Loop()] * 16, B, number=1)
    bare = image_of([Loop(), Loop(shape="ramified")], C, number=2)
    finger = exam_figures(exam_of(full, bare)).fingers[LEFT_RING]
    assert finger["density_per_mm"].value == pytest.approx(9.0)
    assert (finger["fast_track"].value, finger["sub_pattern"].value) == ("scleroderma", "late")
    assert finger["fast_track"].basis["rule"] == "fast_track_2b"
    assert finger["fast_track"].basis["image_id"] == bare.image.image_id
    assert finger["fast_track"].basis["sector"] == "C"


def test_pooling_never_makes_a_category_that_no_image_has() -> None:
    # 3 per mm pooled with a branching loop, but the image with the branching loop has 5 per mm.
    branching = image_of([*[Loop()] * 4, Loop(shape="ramified")], B, number=1)
    bare = image_of([Loop()], C, number=2)
    finger = exam_figures(exam_of(branching, bare)).fingers[LEFT_RING]
    assert finger["density_per_mm"].value == pytest.approx(3.0)
    assert (finger["fast_track"].value, finger["sub_pattern"].value) == ("non_scleroderma", "non_specific")


def test_an_image_without_a_density_is_told_beside_the_category_of_the_others() -> None:
    seen = image_of([Loop()] * 9, B, number=1)
    blind = image_of([Loop()] * 9, C, number=2, row_mm=None)
    assert exam_figures(exam_of(seen, blind)).fingers[LEFT_RING]["fast_track"].basis["images_without_category"] == 1


def test_a_ramified_giant_is_told_beside_the_category() -> None:
    figures = exam_figures(exam_of(image_of([*[Loop()] * 8, Loop(64, "ramified")])))
    assert figures.exam["fast_track"].basis["ramified_giants"] == 1


def test_the_loss_index_is_the_mean_of_eight_fingers() -> None:
    # 5 per mm of 7: 29 % lost, score 1; one finger with 2 per mm: 71 %, score 3. Mean (7 x 1 + 3) / 8.
    images = every_finger([Loop()] * 5)
    bare = image_of([Loop()] * 2, images[0].image.placement, number=1)
    index = exam_figures(exam_of(bare, *images[1:])).exam["loss_index"]
    assert index.value == pytest.approx(1.25)
    assert index.basis == {"fingers": 8, "cut_off": 1.67, "reading": "below"}
    assert exam_figures(exam_of(*images[:7])).exam["loss_index"].because == "too_few_fingers"


def test_dilated_loops_per_mm_by_hand() -> None:
    image = image_of([Loop(29.9), Loop(30), Loop(50), Loop(50.1), Loop(40, row="other")], row_mm=2.0)
    dilated = exam_figures(exam_of(image)).exam["dilated_per_mm"]
    assert dilated.value == pytest.approx(1.0)


def test_a_giant_in_a_picture_that_does_not_count_is_said_beside_the_number() -> None:
    still = image_of([Loop()] * 8, B, number=1)
    wide = image_of([Loop(56, "giant")], C, number=2, kind=ImageKind.PANORAMA)
    glaring = image_of([Loop(80, "giant")], C, number=3, reasons=("glare",))
    figures = exam_figures(exam_of(still, wide, glaring))
    for found in (figures.exam, figures.fingers[LEFT_RING]):
        assert (found["giants"].value, found["giants"].basis["seen_aside"]) == (0, 2)
        assert found["fast_track"].basis["giants_aside"] == 2
        assert found["largest_width_um"].basis["seen_aside_um"] == 80.0
    # The picture itself has no figure left, and says what is in it.
    image = figures.images[glaring.image.image_id]
    assert all(figure.value is None for figure in image.values())
    assert image["giants"].basis["seen_aside"] == 1
    assert "seen_aside" not in figures.images[wide.image.image_id]["giants"].basis


def test_clips_and_panoramas_are_no_images_in_any_count() -> None:
    still = image_of([Loop()] * 8, B, number=1)
    wide = image_of([Loop()] * 8, C, number=2, kind=ImageKind.PANORAMA)
    clip = image_of([Loop()], C, number=3, kind=ImageKind.CLIP)
    marked = image_of([Loop()] * 8, replace(B, sector=Sector.PANORAMIC), number=4)
    reviewed = exam_of(still, wide, clip, marked)
    assert [image.image_id for image in reviewed.exam.single_images] == [still.image.image_id]
    assert exam_figures(reviewed).exam["images_evaluable"].basis == {"images": 1}
    only = exam_of(wide, clip)
    assert exam_figures(only).exam["density_per_mm"].because == "only_panorama"


def test_a_value_within_its_error_of_a_border_is_in_a_grey_zone() -> None:
    figures = exam_figures(exam_of(image_of([Loop()] * 7))).fingers[LEFT_RING]
    assert figures["density_band"].basis == {"grey_zone": "lowered"}
    assert figures["sub_pattern"].basis["grey_zone"] == "non_specific"
    wide = exam_figures(exam_of(image_of([Loop()] * 100, row_mm=10.0))).fingers[LEFT_RING]
    assert wide["density_band"].basis == {}
    nearly = exam_figures(exam_of(image_of([*[Loop()] * 12, Loop(49.5)]))).fingers[LEFT_RING]
    assert nearly["fast_track"].value == "non_scleroderma"
    assert nearly["fast_track"].basis["grey_zone"] == "scleroderma"


def test_without_a_scale_counts_stand_and_lengths_abstain() -> None:
    exam = exam_figures(exam_of(image_of([Loop(30)] * 3, um_per_px=None))).exam
    assert exam["capillaries_distal"].value == 3
    for key in (
        "density_per_mm",
        "evaluable_mm",
        "mean_apical_um",
        "largest_width_um",
        "grey_zone_50_um",
        "score_loss",
    ):
        assert exam[key].because == "no_calibration", key


def test_what_does_not_count_says_why() -> None:
    glaring = image_of([Loop()] * 5, B, number=1, reasons=("glare",))
    dismissed = replace(
        image_of([Loop()] * 5, Placement(Hand.RIGHT, Finger.INDEX, Sector.A), number=2),
        not_evaluable_because="hair over the row",
    )
    skipped = SkippedPlacement(Placement(Hand.RIGHT, Finger.LITTLE, Sector.A), "bandage")
    reviewed = exam_of(glaring, dismissed, skipped=(skipped,))
    figures = exam_figures(reviewed)
    density = figures.fingers[LEFT_RING]["density_per_mm"]
    assert (density.because, density.basis) == ("not_evaluable", {"reason": "glare"})
    density = figures.fingers[(Hand.RIGHT, Finger.INDEX)]["density_per_mm"]
    assert (density.because, density.basis) == ("excluded_by_physician", {"reason": "hair over the row"})
    density = figures.fingers[(Hand.RIGHT, Finger.LITTLE)]["density_per_mm"]
    assert (density.because, density.basis) == ("skipped", {"reason": "bandage"})
    assert figures.fingers[(Hand.LEFT, Finger.INDEX)]["density_per_mm"].because == "no_images"
    assert figures.exam["density_per_mm"].because == "no_evaluable_image"
    assert exam_figures(exam_of()).exam["giants"].because == "no_images"


def test_a_panorama_has_its_own_figures_and_enters_no_other() -> None:
    still = image_of([Loop()] * 8, B, number=1)
    wide = image_of([Loop(80, "giant")] * 20, C, row_mm=5.0, number=2, kind=ImageKind.PANORAMA)
    clip = image_of([Loop(80, "giant")], C, number=3, kind=ImageKind.CLIP)
    figures = exam_figures(exam_of(still, wide, clip))
    assert figures.images[wide.image.image_id]["density_per_mm"].value == pytest.approx(4.0)
    assert figures.images[wide.image.image_id]["fast_track"].because == "panorama"
    assert figures.images[clip.image.image_id]["giants"].because == "clip"
    assert figures.exam["giants"].value == 0
    assert figures.sectors[C]["giants"].because == "only_panorama"


@settings(max_examples=60, deadline=None)
@given(st.lists(loops, min_size=1, max_size=8), st.sampled_from((None, 0.8, 1.4)), st.floats(0.4, 3))
def test_every_figure_is_there_and_the_document_fits_its_schema(
    fingers: list[list[Loop]], scale: float | None, row_mm: float
) -> None:
    images = [
        image_of(found, one.image.placement, number=number, um_per_px=scale, row_mm=row_mm)
        for number, (found, one) in enumerate(zip(fingers, every_finger([]), strict=False), start=1)
    ]
    reviewed = exam_of(*images)
    figures = exam_figures(reviewed, disorganisation=2.0)
    assert tuple(figures.exam) == EXAM_KEYS
    assert len(figures.fingers) == 8
    assert all(tuple(found) == GROUP_KEYS for found in (*figures.fingers.values(), *figures.sectors.values()))
    assert all(tuple(found) == IMAGE_KEYS for found in figures.images.values())
    document = figures_document(reviewed, figures)
    schemas.validate("nailfold.figures-2", json.loads(json.dumps(document, allow_nan=False)))


@settings(max_examples=60, deadline=None)
@given(st.lists(loops, min_size=1, max_size=8))
def test_counts_add_up_and_scores_stay_in_range(fingers: list[list[Loop]]) -> None:
    images = [
        image_of(found, one.image.placement, number=number, haemorrhages=number)
        for number, (found, one) in enumerate(zip(fingers, every_finger([]), strict=False), start=1)
    ]
    figures = exam_figures(exam_of(*images), disorganisation=3)
    for key in ("capillaries_total", "capillaries_distal", "giants", "tortuous", "ramified", "haemorrhages"):
        present = [found[key].value for found in figures.fingers.values() if found[key].value is not None]
        assert figures.exam[key].value == sum(present)  # type: ignore[arg-type]
    for key in ("score_loss", "score_enlarged", "score_giants", "score_haemorrhages", "score_ramified"):
        value = figures.exam[key].value
        assert value is None or 0 <= float(value) <= 3
    mes = figures.exam["mes"].value
    assert mes is None or 0 <= float(mes) <= 9
    assert (figures.exam["fast_track"].value == "scleroderma") >= (figures.exam["giants"].value != 0)


@pytest.mark.parametrize(
    ("score", "judged", "category"),
    [(0.7, (), "non_scleroderma"), (0.96, (), "scleroderma"), (0.7, (8,), "scleroderma")],
)
def test_a_giant_that_the_machine_is_not_sure_of_waits_for_a_person(
    score: float, judged: tuple[int, ...], category: str
) -> None:
    """A false giant made one healthy hand in three a scleroderma pattern."""
    loops = [*[Loop()] * 8, Loop(64, "giant", score=score)]
    images = [replace(one, judged=frozenset(judged)) for one in every_finger(loops)]
    found = exam_figures(exam_of(*images)).exam
    waiting = 0 if category == "scleroderma" else 8
    assert found["giants"].value == 8
    assert found["giants"].basis["possible_giants"] == waiting
    assert found["fast_track"].value == category
    assert found["fast_track"].basis.get("possible_giants", 0) == waiting
    assert found["score_giants"].value == (0 if waiting else 1)
    assert found["csuri"].because == ("unconfirmed_giants" if waiting else None)
    if waiting:
        assert found["fast_track"].basis["grey_zone"] == "scleroderma"


def test_an_exam_is_its_eight_fingers_and_a_thumb_is_seen_and_not_counted() -> None:
    """Every mean, count and category alike; the thumb keeps its own figures."""
    images = every_finger([Loop(16)] * 8)
    place = Placement(Hand.LEFT, Finger.THUMB, Sector.B)
    thumb = image_of([Loop(60, "giant"), Loop(16, "ramified")], place, haemorrhages=2, number=20)
    without, found = exam_figures(exam_of(*images)), exam_figures(exam_of(*images, thumb))
    for key, figure in found.exam.items():
        assert (figure.value, figure.uncertainty) == (without.exam[key].value, without.exam[key].uncertainty), key
        assert figure.basis["thumbs_aside"] == 1, key
    assert (found.exam["giants"].basis["seen_aside"], found.exam["fast_track"].basis["giants_aside"]) == (1, 1)
    assert found.exam["haemorrhages"].basis["seen_aside"] == 2
    of_thumb = found.fingers[Hand.LEFT, Finger.THUMB]
    assert (of_thumb["giants"].value, of_thumb["fast_track"].value) == (1, "scleroderma")
    alone = exam_figures(exam_of(thumb)).exam
    assert {figure.because for figure in alone.values()} == {"only_thumbs"}


def test_an_exam_from_before_the_eight_fingers_keeps_its_figures() -> None:
    """What was validated with thumbs counted stays so; loss index and NEMO were of eight fingers then too."""
    images = every_finger([Loop()] * 9)
    place = Placement(Hand.LEFT, Finger.THUMB, Sector.B)
    thumb = image_of([*[Loop()] * 6, Loop(64, "giant")], place, number=30, haemorrhages=2)
    without = exam_figures(exam_of(*images, counts_thumbs=True)).exam
    found = exam_figures(exam_of(*images, thumb, counts_thumbs=True)).exam
    new = exam_figures(exam_of(*images, thumb)).exam
    assert [one["fingers_evaluable"].value for one in (without, found, new)] == [8, 9, 8]
    assert [one["giants"].value for one in (without, found, new)] == [0, 1, 0]
    assert [one["haemorrhages"].value for one in (without, found, new)] == [0, 2, 0]
    assert [one["fast_track"].value for one in (without, found, new)] == [
        "non_scleroderma",
        "scleroderma",
        "non_scleroderma",
    ]
    assert found["density_per_mm"].value == pytest.approx((8 * 9 + 7) / 9, abs=0.05)
    assert "seen_aside" not in found["giants"].basis
    for key in found:
        is_of_eight = key in ("loss_index", "nemo")
        assert found[key].basis.get("thumbs_counted") == (None if is_of_eight else 1), key
        assert found[key].basis.get("thumbs_aside") == (1 if is_of_eight else None), key
        if is_of_eight:
            assert found[key].value == new[key].value, key
    assert without["density_per_mm"].basis["thumbs_counted"] == 0
    assert exam_figures(exam_of(thumb, counts_thumbs=True)).exam["giants"].value == 1


def test_ramified_giants_and_possible_ones_are_said_where_there_is_no_category() -> None:
    loops = [*[Loop()] * 8, Loop(64, "ramified"), Loop(64, "giant", score=0.5)]
    rule = {"counts_ramified_giants": False}
    image = replace(image_of(loops), **rule)
    few = exam_figures(exam_of(image, **rule)).exam["fast_track"]
    assert (few.because, few.basis["ramified_giants_aside"], few.basis["possible_giants"]) == ("too_few_fingers", 1, 1)
    unknown = replace(image_of([Loop(64, "ramified")], row_mm=None), **rule)
    for key in ("fast_track", "sub_pattern"):
        figure = exam_figures(exam_of(unknown, **rule)).fingers[LEFT_RING][key]
        assert figure.value is None
        assert figure.basis["ramified_giants_aside"] == 1, key
    # In pictures that do not count, and on thumbs.
    unfit = replace(image_of([Loop(64, "ramified")], number=21, reasons=("glare",)), **rule)
    place = Placement(Hand.LEFT, Finger.THUMB, Sector.B)
    thumb = replace(image_of([Loop(64, "ramified")], place, number=22), **rule)
    figures = exam_figures(exam_of(image, unfit, thumb, **rule))
    assert {figures.exam[key].basis["ramified_giants_aside"] for key in ("giants", "fast_track", "sub_pattern")} == {3}
    assert figures.fingers[LEFT_RING]["giants"].basis["ramified_giants_aside"] == 2
    assert figures.images[unfit.image.image_id]["giants"].basis["ramified_giants_aside"] == 1


def test_a_site_may_rule_that_a_ramified_loop_is_no_giant() -> None:
    loops = [*[Loop()] * 8, Loop(64, "ramified"), Loop(50.4, "ramified", "other")]
    image = image_of(loops)
    counted = exam_figures(exam_of(image)).exam
    ruled = exam_of(replace(image, counts_ramified_giants=False), counts_ramified_giants=False)
    found = exam_figures(ruled).exam
    assert (counted["giants"].value, found["giants"].value) == (2, 0)
    assert found["giants"].basis["ramified_giants_aside"] == 2
    assert (counted["fast_track"].value, counted["score_giants"].value) == ("scleroderma", 1.0)
    assert (found["fast_track"].because, found["score_giants"].value) == ("too_few_fingers", 0.0)
    assert found["ramified"].value == counted["ramified"].value == 2
    assert found["csuri"].because == "no_giants"
    # A wide ramified loop is no giant within the error either, and no enlarged loop.
    finger = exam_figures(ruled).fingers[LEFT_RING]["fast_track"]
    assert (finger.value, finger.basis["ramified_giants_aside"]) == ("non_scleroderma", 2)
    assert "grey_zone" not in finger.basis
    assert found["share_enlarged"].value == 0


def test_an_unsure_ramified_giant_is_possible_only_where_it_would_count() -> None:
    image = image_of([Loop(64, "ramified", score=0.5)])
    assert exam_figures(exam_of(image)).exam["giants"].basis["possible_giants"] == 1
    other = replace(image, counts_ramified_giants=False)
    assert exam_figures(exam_of(other)).exam["giants"].basis["possible_giants"] == 0
