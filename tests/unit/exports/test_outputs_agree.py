"""Whatever an exam holds, every way out says the same numbers and words: page, report, JSON, CSV, FHIR and message."""

import copy
import csv
import io
import json
import re
from dataclasses import replace
from typing import Any

import highdicom as hd
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.analysis import uncertainty
from appliance.analysis.exam_figures import exam_figures
from appliance.analysis.figures_document import figures_document
from appliance.analysis.picture_digits import picture_decimals
from appliance.domain.bands import CUTS_OF
from appliance.domain.detection import Morphology
from appliance.domain.exam import Finger, Hand, ImageKind, Placement, Sector
from appliance.domain.exam_figures import ExamFigures, Figure, Figures
from appliance.domain.figure_definition import Kind
from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.printed_figure import as_printed, decimals_of_figure
from appliance.domain.review import ReviewedExam, ReviewedImage
from appliance.domain.said_beside import RAMIFIED_RULE, SAYS, THUMBS, said_beside
from appliance.exam.message import BoxAddress, build_corrected_message
from appliance.exports.codes import figure_display, finger_text
from appliance.exports.csv_tables import csv_tables
from appliance.exports.dicom.files import dicom_objects, part_10
from appliance.exports.dicom.image import dicom_images
from appliance.exports.dicom.report import dicom_report, states_anything
from appliance.exports.fhir.bundle import fhir_bundle
from appliance.exports.report.cells import cell
from appliance.exports.report.localisation import Localisation
from appliance.exports.source import ExamToExport
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import exam_to_export, finished_exam, kept_still
from tests.support.reviewed_exams import Loop, every_finger, exam_of, image_of
from webui.localisation.figure_formatting import format_figure, within_error

ENGLISH = Localisation("en")
PLACES = st.builds(
    Placement,
    st.sampled_from(Hand),
    st.sampled_from([Finger.INDEX, Finger.RING, Finger.THUMB]),
    st.sampled_from([Sector.A, Sector.B, Sector.UNKNOWN, Sector.PANORAMIC]),
)
LOOPS = st.lists(
    st.builds(
        Loop,
        st.floats(8, 90).map(lambda um: round(um, 1)),
        st.sampled_from(["normal", "tortuous", "ramified"]),
        st.sampled_from(["distal", "distal", "other"]),
    ),
    max_size=12,
)


@st.composite
def exams(draw: st.DrawFn, most: int = 6, most_loops: int = 12) -> ReviewedExam:
    """Stills, clips and panoramas, some unfit, some left out, some edited, on few fingers so that they share some."""
    images = []
    for number in range(1, draw(st.integers(1, most)) + 1):
        image = image_of(
            draw(LOOPS)[:most_loops],
            draw(PLACES),
            row_mm=draw(st.sampled_from([None, 0.8, 1.0, 1.6])),
            um_per_px=draw(st.sampled_from([1.0, 1.0, None])),
            haemorrhages=draw(st.integers(0, 3)),
            number=number,
            reasons=draw(st.sampled_from([(), (), (), ("out_of_focus",)])),
            kind=draw(st.sampled_from([ImageKind.STILL, ImageKind.STILL, ImageKind.PANORAMA, ImageKind.CLIP])),
        )
        excluded = draw(st.sampled_from([None, None, "hair"]))
        images.append(replace(image, not_evaluable_because=excluded, is_edited=draw(st.booleans())))
    rule = draw(st.booleans())
    images = [replace(one, counts_ramified_giants=rule) for one in images]
    return exam_of(*images, exam_id="00000000-0000-7000-8000-000000000099", counts_ramified_giants=rule)


def to_export(reviewed: ReviewedExam, figures: ExamFigures) -> ExamToExport:
    gone = {one.image.image_id: "not kept in this test" for one in reviewed.images}
    return ExamToExport(reviewed, figures, lambda _: b"", kept_still, "0.1.0", str, unreadable=gone)


def rows_of(source: ExamToExport, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_tables([source])[name].decode("utf-8-sig"))))


def as_number(key: str, written: str) -> float | str | None:
    if not written:
        return None
    return written if DEFINITIONS[key].kind is Kind.CATEGORY else float(written)


def assert_same(key: str, found: float | str | None, figure: Figure) -> None:
    meant = figure.value
    if isinstance(meant, str) or meant is None or isinstance(found, str) or found is None:
        assert found == meant, key
    else:
        assert abs(found - meant) <= 0.5001 * 10.0 ** -decimals_of_figure(key, figure), key


def observed(bundle: Any) -> list[tuple[str, float]]:
    """Every number that the Bundle states under a figure's code."""
    found = []
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] != "Observation":
            continue
        for part in (entry["resource"], *entry["resource"].get("component", ())):
            value = part.get("valueQuantity", {}).get("value", part.get("valueInteger"))
            if value is not None:
                found.append((part["code"]["coding"][0]["code"], float(value)))
    return found


@settings(max_examples=30)
@given(exams())
def test_tables_documents_and_words_are_of_the_same_figures(reviewed: ReviewedExam) -> None:
    figures = exam_figures(reviewed)
    source, document = to_export(reviewed, figures), figures_document(reviewed, figures)
    (exam_row,) = rows_of(source, "exams.csv")
    for key, figure in figures.exam.items():
        assert_same(key, document["exam"][key]["value"], figure)
        assert_same(key, as_number(key, exam_row[key]), figure)
        assert_words_agree(figures.exam, key)
    fingers = {(row["hand"], row["finger"]): row for row in rows_of(source, "fingers.csv")}
    for (hand, finger), found in figures.fingers.items():
        for key, figure in found.items():
            assert_same(key, as_number(key, fingers[hand.value, finger.value][key]), figure)
            assert_words_agree(found, key)


@settings(max_examples=30)
@given(exams())
def test_thumbs_and_ramified_giants_are_counted_or_said_by_one_rule_everywhere(reviewed: ReviewedExam) -> None:
    """Figures, tables, message, page and paper: what the exam's rule and the eight fingers leave out stands beside."""
    figures, exam = exam_figures(reviewed), reviewed.exam
    source = to_export(reviewed, figures)
    (row,) = rows_of(source, "exams.csv")
    assert row["counts_ramified_giants"] == str(exam.counts_ramified_giants).lower()
    entering = [one for one in reviewed.images if one.enters and one.image.finger is not Finger.THUMB]
    thumbs = {one.image.hand for one in reviewed.images if one.enters and one.image.finger is Finger.THUMB}
    assert {figure.basis.get(THUMBS, 0) for figure in figures.exam.values()} == {len(thumbs)}
    assert row["density_per_mm_thumbs_aside"] == (str(len(thumbs)) if thumbs else "")
    for words in (
        format_figure("density_per_mm", figures.exam["density_per_mm"]),
        cell(ENGLISH, "density_per_mm", figures.exam["density_per_mm"]),
    ):
        assert ("thumb" in words.aside) == bool(thumbs)
    if not entering:
        assert figures.exam["giants"].value is None
        return
    wide = [loop for one in entering for loop in one.analysis.capillaries if loop.is_giant]
    ramified = sum(loop.morphology is Morphology.RAMIFIED for loop in wide)
    giants = figures.exam["giants"]
    assert giants.value == len(wide) - (0 if exam.counts_ramified_giants else ramified)
    assert giants.basis["ramified_giants" if exam.counts_ramified_giants else "ramified_giants_aside"] == ramified
    assert row["giants_ramified_rule"] == ("ramified_count" if exam.counts_ramified_giants else "ramified_do_not_count")
    on_page, on_paper = format_figure("giants", giants), cell(ENGLISH, "giants", giants)
    is_aside = bool(ramified) and not exam.counts_ramified_giants
    assert ("ramified above 50" in on_page.aside) == ("ramified above 50" in on_paper.aside) == is_aside
    assert ("does not count as a giant" in on_page.detail) is not exam.counts_ramified_giants
    if not exam.counts_ramified_giants and giants.value == 0:
        assert (
            "rule" not in figures.exam["fast_track"].basis
            or figures.exam["fast_track"].basis["rule"] != "fast_track_2a"
        )


@settings(max_examples=20)
@given(exams())
def test_what_is_said_beside_a_figure_leaves_with_it(reviewed: ReviewedExam) -> None:
    """A reader of one code or column alone is told of the grey zone, the lower bound and what does not count."""
    figures = exam_figures(reviewed)
    source = to_export(reviewed, figures)
    (row,) = rows_of(source, "exams.csv")
    (exam,) = (one["resource"] for one in fhir_bundle(source)["entry"] if is_of_exam(one["resource"]))
    parts = exam.get("component", [])
    for key, figure in figures.exam.items():
        for name in SAYS.get(key, ()):
            said = [one.value for one in said_beside(key, figure) if one.name == name]
            assert row[f"{key}_{name}"].split() == [str(one) for one in said]
            found = [one for one in parts if one["code"]["coding"][0]["code"] == f"{key}.{name}"]
            assert len(found) == len(said)
        if words := within_error(figure):
            (value,) = (one for one in parts if one["code"]["coding"][0]["code"] == key)
            assert value["valueCodeableConcept"]["text"].endswith(
                "also " + ", ".join(figure_display(one) for one in str(figure.basis["grey_zone"]).split(",")) + ")"
            ), words


def is_of_exam(resource: Any) -> bool:
    return bool(resource.get("code", {}).get("coding", [{}])[0].get("code") == "capillaroscopy-exam")


def test_only_what_is_listed_may_stand_beside_a_figure() -> None:
    """A member of a basis that page or paper prints beside a value has its place in every file."""
    aside = image_of([Loop(56, "giant")], number=20, reasons=("glare",))
    found = exam_figures(exam_of(*every_finger([*[Loop()] * 6, Loop(51, "giant")], haemorrhages=1), aside)).exam
    told = {"grey_zone", "bound", "seen_aside", "giants_aside", "seen_aside_um", "possible_giants"}
    told |= {RAMIFIED_RULE, "ramified_giants", "ramified_giants_aside"}
    for key, figure in found.items():
        members = {name for name in told & figure.basis.keys() if figure.basis[name]}
        assert members == {one.name for one in said_beside(key, figure)} & told or key in ("csuri",), key


def assert_words_agree(figures: Figures, key: str) -> None:
    """The page and the paper write a number with the same digits, and both have none where there is none.

    What stands beside it has the same digits, and says nothing that cannot be.
    """
    on_page, on_paper = format_figure(key, figures[key]), cell(ENGLISH, key, figures[key])
    assert on_page.is_missing == on_paper.is_missing, key
    if DEFINITIONS[key].kind is not Kind.CATEGORY and not on_page.is_missing:
        assert on_page.value == on_paper.value, key
        assert_digits_are_honest(key, on_paper.value.strip("\N{GREATER-THAN OR EQUAL TO} "), on_paper.off)
        assert on_page.note.startswith(on_paper.off), key


def assert_digits_are_honest(key: str, value: str, off: str) -> None:
    """As many decimals on both sides, no more significant ones than an uncertainty carries, nothing below zero."""
    shown = {len(one.partition(".")[2]) for one in re.findall(r"[\d.]+", f"{value} {off}")}
    assert len(shown) == 1, (value, off)
    if off.startswith("\N{PLUS-MINUS SIGN}"):
        significant = off[1:].strip().replace(".", "").lstrip("0")
        assert 1 <= len(significant) <= (4 if key in CUTS_OF else 2), (key, value, off)
        assert float(off[1:]) <= float(value), (key, value, off)


@settings(max_examples=30)
@given(exams())
def test_message_counts_what_the_figures_count(reviewed: ReviewedExam) -> None:
    measured = [one for one in reviewed.images if one.image.kind is not ImageKind.CLIP]
    if not measured:
        return
    figures = exam_figures(reviewed)
    sent = build_corrected_message(reviewed, BoxAddress("clinic", "box1"), NOON, 1, None, is_validated=True)
    message = json.loads(sent.payload)
    assert message.get("counts_ramified_giants", True) == reviewed.exam.counts_ramified_giants
    assert [one["excluded"] for one in message["images"]] == [one.not_evaluable_because is not None for one in measured]
    for total in message["fingers"]:
        found = figures.fingers.get((Hand(total["hand"]), Finger(total["finger"])))
        entering = entering_of(reviewed, total)
        assert total["images_evaluable"] == len(entering)
        if found is None or found["images_evaluable"].value is None:
            assert not entering
            continue
        assert total["images_evaluable"] == found["images_evaluable"].value
        for counter in ("haemorrhages", "ramified", "tortuous", "capillaries_total"):
            assert total[counter] == found[counter].value, counter
        assert_same("density_per_mm", total["mean_density_per_mm"], found["density_per_mm"])
    for key, stated in message["figures"].items():
        assert_same(key, stated["value"], figures.exam[key])


def entering_of(reviewed: ReviewedExam, total: Any) -> list[ReviewedImage]:
    where = (Hand(total["hand"]), Finger(total["finger"]))
    return [one for one in reviewed.images if one.enters and (one.image.hand, one.image.finger) == where]


@settings(max_examples=15)
@given(exams())
def test_every_number_of_the_bundle_is_a_figure_of_the_exam(reviewed: ReviewedExam) -> None:
    figures = exam_figures(reviewed)
    known: dict[str, list[Figure]] = {}
    for of in (figures.exam, *figures.fingers.values(), *figures.sectors.values(), *figures.images.values()):
        for key, figure in of.items():
            if isinstance(figure.value, int | float):
                known.setdefault(key.replace("_", "-"), []).append(figure)
    for code, value in observed(fhir_bundle(to_export(reviewed, figures))):
        if code in known:
            key = code.replace("-", "_")
            assert any(value == as_printed(key, one)[0] for one in known[code])


@pytest.fixture(scope="module")
def picture() -> pydicom.Dataset:
    """A real DICOM picture as large as the drawn ones; highdicom takes a second to make one."""
    exam, pngs = finished_exam(count=1)
    made = next(dicom_images(exam_to_export(exam, pngs)))
    made.Rows, made.Columns = 960, 1280
    return made


def pictures_like(picture: pydicom.Dataset, number: int) -> list[pydicom.Dataset]:
    """So many, each with a UID of its own."""
    made = [copy.copy(picture) for _ in range(number)]
    for one in made:
        one.SOPInstanceUID = pydicom.uid.generate_uid()
    return made


@settings(max_examples=4)  # highdicom takes a second for each report
@given(reviewed=exams(most=3, most_loops=4))
def test_the_dicom_report_states_the_figures_of_exam_and_fingers(
    picture: pydicom.Dataset, reviewed: ReviewedExam
) -> None:
    """Read back from the file's bytes: numbers, words, and a region for each loop and haemorrhage."""
    figures = exam_figures(reviewed)
    source = ExamToExport(reviewed, figures, lambda _: b"", kept_still, "0.1.0", str)
    measured = list(source.pictures())
    if not measured or not states_anything(source):
        return
    report = dicom_report(source, pictures_like(picture, len(measured)))
    kept = hd.sr.ComprehensiveSR.from_dataset(pydicom.dcmread(io.BytesIO(part_10(report))))
    groups = {one.tracking_identifier: one for one in kept.content.get_image_measurement_groups()}
    named = {finger_text(*where): found for where, found in figures.fingers.items()}
    for name, of in {"exam": figures.exam, **named}.items():
        states = {key: figure for key, figure in of.items() if figure.value is not None}
        assert (name in groups) == bool(states), name
        if states:
            assert_stated(groups[name], states)
    found = [one.analysis for one in measured]
    regions = kept.content.get_planar_roi_measurement_groups()
    assert len(regions) == sum(len(one.capillaries) + len(one.haemorrhages) for one in found)


def test_an_exam_in_which_nothing_was_found_is_exported_without_a_dicom_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """TID 1500 knows no report without a measurement; the pictures go out all the same."""
    place = Placement(Hand.LEFT, Finger.RING, Sector.A)
    nothing = exam_of(image_of([], place, row_mm=None, um_per_px=None, haemorrhages=0, reasons=("out_of_focus",)))
    source = to_export(nothing, exam_figures(nothing))
    monkeypatch.setattr("appliance.exports.dicom.files.dicom_images", lambda _: iter([pydicom.Dataset()]))
    assert not states_anything(source)
    assert len(list(dicom_objects(source))) == 1


def assert_stated(group: Any, meant: Figures) -> None:
    """The group states these figures and no other, with the digits and the words that are printed."""
    words = {one.name.value: one.value.value for one in group.get_qualitative_evaluations()}
    stated = {one.name.value: float(one.value) for one in group.get_measurements()}
    said = [(f"{key}.{one.name}", one.value) for key, figure in meant.items() for one in said_beside(key, figure)]
    assert {**words, **stated}.keys() == meant.keys() | dict(said).keys()
    evaluations = [(one.name.value, one.value.value) for one in group.get_qualitative_evaluations()]
    assert all(one in evaluations if isinstance(one[1], str) else stated[one[0]] == one[1] for one in said)
    for key, figure in meant.items():
        if isinstance(figure.value, str):
            assert words[key] == figure.value, key
        else:
            assert stated[key] == as_printed(key, figure)[0], key


@settings(max_examples=30)
@given(exams())
def test_the_live_panel_states_of_a_picture_what_its_page_does(reviewed: ReviewedExam) -> None:
    """The live header's interval is that of the picture's figure; the scale of these pictures is exact."""
    for one in reviewed.images:
        figure = exam_figures(reviewed).images.get(one.image.image_id, {}).get("density_per_mm")
        if figure is None or figure.value is None:
            continue
        metrics = one.analysis.metrics
        assert metrics.density_per_mm == pytest.approx(figure.value, abs=0.006)
        assert uncertainty.of_density_in(metrics) == pytest.approx(figure.uncertainty)
        decimals = picture_decimals(one)["density_per_mm"]
        assert f"{metrics.density_per_mm:.{decimals}f}" == f"{figure.value:.{decimals}f}"
