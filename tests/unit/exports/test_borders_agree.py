"""Near a border of every rule, whatever the digits: page, paper, documents and message never write a number on one side
of it and its name on the other, and a value within its error of a border says so."""

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.analysis.density import WRITTEN_DECIMALS_MM
from appliance.analysis.exam_figures import exam_figures
from appliance.analysis.exam_scores import csuri_of, loss_index_of
from appliance.analysis.figures_document import figures_document
from appliance.analysis.image_tally import tally
from appliance.analysis.result_document import capillary_document, image_document
from appliance.analysis.size import classify_width
from appliance.domain.bands import CALIBRE, CSURI, DENSITY, LOSS_INDEX, Bands
from appliance.domain.exam import Finger, Hand, Placement, Sector
from appliance.domain.exam_figures import Figure
from appliance.domain.figure_definition import Kind
from appliance.domain.figure_definitions import DEFINITIONS, METRICS
from appliance.domain.honest_digits import digits
from appliance.domain.printed_figure import as_printed, in_document, printed_figure
from appliance.domain.review import ReviewedExam
from appliance.exam.message import BoxAddress, build_corrected_message
from appliance.exports.csv_tables import csv_tables
from appliance.exports.fhir.elements import components
from appliance.exports.report.cells import cell, doubts, number_words
from appliance.exports.report.localisation import Localisation
from appliance.exports.source import ExamToExport
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import kept_still
from tests.support.reviewed_exams import Loop, exam_of, image_of
from webui.localisation.figure_formatting import format_figure

ENGLISH = Localisation("en")
PLACE = Placement(Hand.LEFT, Finger.RING, Sector.A)
NAMED = {"density_per_mm": DENSITY, "largest_width_um": CALIBRE, "csuri": CSURI, "loss_index": LOSS_INDEX}


@st.composite
def beside_a_cut(draw: st.DrawFn) -> tuple[str, float, float]:
    """A figure's key, a value a hair or a step from a cut of its bands, and half an interval."""
    key = draw(st.sampled_from(sorted(NAMED)))
    cut = draw(st.sampled_from(NAMED[key].cuts)).value
    step = draw(st.sampled_from([-1, 1])) * 10.0 ** draw(st.floats(-9, 0))
    return key, NAMED[key].written(max(0.0, cut + draw(st.sampled_from([0.0, step])))), 10.0 ** draw(st.floats(-3, 1))


def in_files(key: str, figure: Figure) -> float:
    """What the document of the figures and the table hold, which is one number."""
    exam = WITHIN
    gone = {one.image.image_id: "not kept in this test" for one in exam.images}
    figures = replace(OF_WITHIN, exam={**OF_WITHIN.exam, key: figure})
    document = figures_document(exam, figures)["exam"][key]["value"]
    source = ExamToExport(exam, figures, lambda _: b"", kept_still, "0.1.0", str, unreadable=gone)
    (row,) = csv.DictReader(io.StringIO(csv_tables([source])["exams.csv"].decode("utf-8-sig")))
    assert float(row[key]) == document, key
    return float(document)


@settings(max_examples=60)
@given(beside_a_cut())
def test_no_way_out_writes_a_number_on_the_other_side_of_its_name(of: tuple[str, float, float]) -> None:
    key, value, off = of
    bands, figure = NAMED[key], Figure(value, off)
    meant = bands.name(value)
    on_page, on_paper = format_figure(key, figure).value, number_words(ENGLISH, key, figure)[0]
    assert on_page == on_paper == cell(ENGLISH, key, figure).value
    assert bands.name(float(on_paper)) == meant
    assert bands.name(in_files(key, figure)) == meant
    (stated, *_) = components(key, figure, METRICS[key])
    assert bands.name(stated["valueQuantity"]["value"]) == meant


HALVES = st.builds(lambda step, of: step * of, st.integers(0, 20_000), st.sampled_from([0.05, 0.005, 0.25, 0.0005]))
NUMBERS = [key for key, one in DEFINITIONS.items() if one.kind is not Kind.CATEGORY]


@settings(max_examples=200)
@given(st.sampled_from(NUMBERS), st.floats(0, 100) | HALVES, st.none() | st.floats(0.004, 20))
def test_every_way_out_writes_the_same_digits(key: str, value: float, off: float | None) -> None:
    """Halves, and numbers that are rounded twice: every way out is what a reader of the JSON rounds."""
    figure = Figure(float(value), off)
    held, _ = in_document(key, figure)
    decimals = printed_figure(key, figure).decimals
    shown = digits(float(held), decimals)  # type: ignore[arg-type]
    on_page, (on_paper, beside) = format_figure(key, figure), number_words(ENGLISH, key, figure)
    assert on_page.value == on_paper
    assert on_paper.replace(",", "") == shown
    value_out, off_out = as_printed(key, figure)
    assert f"{value_out:.{decimals}f}" == shown
    if beside.startswith("\N{PLUS-MINUS SIGN}") and off_out is not None:
        assert beside == f"\N{PLUS-MINUS SIGN} {off_out:.{decimals}f}"
    (stated, *_) = components(key, figure, DEFINITIONS[key])
    assert stated["valueQuantity"]["value"] == value_out


def ring(loops: int, row_mm: float, um: float = 15.0) -> ReviewedExam:
    image = image_of([Loop(um)] * loops, PLACE, row_mm=row_mm, um_per_px=1.0)
    return exam_of(image, exam_id="00000000-0000-7000-8000-000000000099")


WITHIN = ring(8, 1.0)
OF_WITHIN = exam_figures(WITHIN)


@settings(max_examples=30)
@given(st.integers(1, 24), st.sampled_from(DENSITY.cuts), st.floats(-0.004, 0.004))
def test_a_density_beside_a_border_is_one_density_everywhere(loops: int, cut: object, beside: float) -> None:
    """From the row as it is written: the picture's own result, the exam's figures, the rules and the message."""
    row_mm = round(loops / (cut.value + beside), WRITTEN_DECIMALS_MM)  # type: ignore[attr-defined]
    exam = ring(loops, row_mm)
    figures = exam_figures(exam)
    result = image_document(exam.images[0].analysis, "a.png")["metrics"]["density_per_mm"]
    figure, band = figures.exam["density_per_mm"], figures.exam["density_band"]
    assert figure.value == result
    assert band.value == DENSITY.name(result)
    others = [one for one in DENSITY.within(result, figure.uncertainty or 0.0) if one != band.value]
    assert band.basis.get("grey_zone", "") == ",".join(others)
    said = cell(ENGLISH, "density_band", band).note
    assert said.casefold() == format_figure("density_band", band).note.rstrip(".").casefold()
    assert ("grey zone" in said) == bool(others)
    pattern = figures.fingers[PLACE.hand, PLACE.finger]["fast_track"]
    assert pattern.basis["density_per_mm"] == result
    assert ("Grey zone" in " ".join(doubts(ENGLISH, "sub_pattern", pattern))) == ("grey_zone" in pattern.basis)
    message = json.loads(
        build_corrected_message(exam, BoxAddress("clinic", "box"), NOON, 1, None, is_validated=True).payload
    )
    assert DENSITY.name(message["figures"]["density_per_mm"]["value"]) == band.value
    assert DENSITY.name(message["fingers"][0]["mean_density_per_mm"]) == band.value


@settings(max_examples=30)
@given(st.sampled_from(CALIBRE.cuts), st.floats(-0.02, 0.02))
def test_a_width_beside_a_border_has_the_class_of_what_is_written(cut: object, beside: float) -> None:
    um = cut.value + beside  # type: ignore[attr-defined]
    (loop,) = ring(1, 1.0, um).images[0].analysis.capillaries
    loop = replace(loop, size=classify_width(um))
    written = capillary_document(loop, 1.0)
    assert CALIBRE.name(written["widths_um"]["apical"]) == written["size"]


@pytest.mark.parametrize("bands", [DENSITY, CALIBRE])
def test_bands_name_what_documents_hold(bands: Bands) -> None:
    key = "density_per_mm" if bands is DENSITY else "largest_width_um"
    measured, row = METRICS[key].measured, METRICS["distal_row_mm"].measured
    assert measured is not None
    assert measured.digits == bands.decimals
    assert row is not None
    assert row.digits == WRITTEN_DECIMALS_MM


@given(st.floats(2.9, 2.98), st.floats(0.1, 3))
def test_csuri_reads_as_its_value_is_kept(value: float, scale: float) -> None:
    exam = exam_of(image_of([Loop(60.0), *[Loop(15.0)] * 3], PLACE, row_mm=1.0, um_per_px=1.0))
    one = tally(exam.images[0])
    assert one.largest is not None
    giant = replace(one, largest=replace(one.largest, um=value * one.distal**2 / one.sure_giants, um_per_px=scale))
    figure = csuri_of([giant])
    assert isinstance(figure.value, float)
    assert figure.basis["reading"] == CSURI.name(figure.value)
    near = len(CSURI.within(figure.value, figure.uncertainty or 0.0)) > 1
    assert ("in_grey_zone" in figure.basis) == near
    assert ("within the uncertainty" in cell(ENGLISH, "csuri", figure).note) == near


@given(st.lists(st.floats(0, 3), min_size=8, max_size=8))
def test_the_loss_index_reads_as_its_value_is_kept(scores: list[float]) -> None:
    places = [(hand, finger) for hand in Hand for finger in Finger if finger is not Finger.THUMB]
    figure = loss_index_of({at: {"score_loss": Figure(one)} for at, one in zip(places, scores, strict=True)})
    assert isinstance(figure.value, float)
    assert figure.basis["reading"] == LOSS_INDEX.name(figure.value)
