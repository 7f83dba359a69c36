"""A patient's course, against changes worked out by hand."""

from dataclasses import replace
from datetime import timedelta

from appliance.domain.exam import Finger, Hand
from appliance.domain.exam_figures import ExamFigures, Figure
from appliance.domain.said_beside import THUMBS_COUNTED
from appliance.domain.trend import TrendExam, course, groups_of, per_image
from tests.support.exam_parts import NOON

RING = (Hand.LEFT, Finger.RING)


def exam(number: int, density: float | None, giants: int = 0, images: int = 8, engine: str = "a") -> TrendExam:
    figures = {
        "density_per_mm": Figure(None, because="no_calibration") if density is None else Figure(density, 0.3),
        "giants": Figure(giants),
        "images_evaluable": Figure(images),
    }
    fingers = {RING: figures} if number != 2 else {}
    when = NOON + timedelta(days=number)
    return TrendExam(f"exam{number}", when, ExamFigures(figures, fingers, {}, {}), True, {"detector": engine})


def test_each_exam_is_compared_with_the_newest_earlier_one_that_has_a_value() -> None:
    exams = [exam(1, 8.0), exam(2, None), exam(3, 5.5), exam(4, 5.0)]
    first, missing, third, fourth = course("density_per_mm", exams)
    assert (first.change, first.since) == (None, None)
    assert (missing.change, missing.since) == (None, None)
    assert third.since is exams[0]
    assert third.change is not None
    assert (third.change.by, third.change.is_significant) == (-2.5, True)
    assert fourth.since is exams[2]
    assert fourth.change is not None
    assert fourth.change.is_significant is False


def test_counts_of_different_protocols_compare_for_each_image() -> None:
    assert per_image("giants", exam(1, 8.0, giants=8, images=16).figures.exam).value == 0.5
    assert per_image("density_per_mm", exam(1, 8.0).figures.exam).value == 8.0
    _, many = course("giants", [exam(1, 8.0, giants=8, images=16), exam(2, 8.0, giants=16, images=32)])
    assert many.change is not None
    assert many.change.by == 0


def test_an_exam_without_a_finger_is_left_out_of_its_course() -> None:
    exams = [exam(1, 8.0), exam(2, 7.0), exam(3, 6.0)]
    assert groups_of(exams) == (None, RING)
    assert [point.exam.exam_id for point in course("density_per_mm", exams, RING)] == ["exam1", "exam3"]


def test_a_finger_without_an_evaluable_image_is_no_choice() -> None:
    figures = {"images_evaluable": Figure(None, because="skipped")}
    only = TrendExam("one", NOON, ExamFigures(figures, {RING: figures}, {}, {}), False, {})
    assert groups_of([only]) == (None,)


def test_a_figure_by_another_rule_is_said_to_be_one() -> None:
    def counting(one: TrendExam) -> TrendExam:
        density = replace(one.figures.exam["density_per_mm"], basis={THUMBS_COUNTED: 2})
        return replace(one, figures=replace(one.figures, exam={**one.figures.exam, "density_per_mm": density}))

    found = course("density_per_mm", [counting(exam(1, 8.0)), exam(2, None), exam(3, 7.0), exam(4, 7.0)])
    assert [one.is_by_another_rule for one in found] == [False, False, True, False]
    assert [one.change is None for one in found] == [True, True, True, False]


def test_other_networks_are_said() -> None:
    exams = [exam(1, 8.0), exam(2, 7.0), exam(3, 6.0, engine="b")]
    assert [point.has_other_engines for point in course("density_per_mm", exams)] == [False, False, True]


def test_only_counts_that_are_there_are_shared_among_images() -> None:
    missing = {"giants": Figure(None, because="no_calibration"), "images_evaluable": Figure(8)}
    assert per_image("giants", missing) is missing["giants"]
    whole = {"density_per_mm": Figure(8), "images_evaluable": Figure(8)}
    assert per_image("density_per_mm", whole).value == 8, "no count, even where it is a whole number"
