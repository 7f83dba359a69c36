"""Suggestions for a conclusion: of the figures alone, marked as such, and never written by the box."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.analysis.exam_figures import exam_figures
from appliance.domain.errors import ExportError
from appliance.domain.exam import Finger, Hand, Placement, Sector
from appliance.exports.report.conclusions import FACTS, read_templates
from appliance.exports.report.template import STANDARD_FOLDER
from tests.support.page_station import PageStation
from tests.support.reviewed_exams import Loop, every_finger, exam_of, image_of
from webui.localisation.conclusions import suggestions

LOOPS = [Loop(15.0)] * 9
PLACE = Placement(Hand.LEFT, Finger.RING, Sector.A)


def test_what_could_not_be_determined_is_left_out_or_says_why() -> None:
    with Flask(__name__).test_request_context():
        whole = suggestions(exam_figures(exam_of(*every_finger(LOOPS))).exam, ())
        bare = suggestions(exam_figures(exam_of(image_of(LOOPS, PLACE, um_per_px=None))).exam, ())
    short, full = (one.text for one in whole)
    assert "Capillary density 9" in short
    assert "per mm, normal." in short
    assert "8 fingers" in full
    assert full.startswith(short.split(" Capillary")[0])
    assert "Capillary density" not in bare[0].text
    assert "no scale" in bare[0].text
    assert "µm" not in " ".join(one.text for one in bare)


def test_a_word_within_the_error_of_a_border_is_no_flat_word() -> None:
    """6.8 per mm with its error may be normal: a text that a physician signs says so."""
    near = exam_figures(exam_of(image_of([Loop(15.0)] * 7, PLACE, row_mm=1.03, um_per_px=1.0))).exam
    assert near["density_band"].basis["grey_zone"] == "normal"
    own = read_templates('[[conclusion]]\nname = "Control"\ntext = "Row {band}."')
    with Flask(__name__).test_request_context():
        found = [one.text for one in suggestions(near, own)]
    assert found[-1] == "Row lowered (grey zone: within the error also normal)."
    assert all("lowered (grey zone" in one for one in found)


def test_a_clinics_own_text_is_filled_and_a_fact_that_is_none_is_refused() -> None:
    own = read_templates('[[conclusion]]\nname = "Control"\ntext = "Density {density}; {{control}} in a year."')
    with Flask(__name__).test_request_context():
        found = suggestions(exam_figures(exam_of(*every_finger(LOOPS))).exam, own)
    assert found[-1].name == "Control"
    assert found[-1].text.startswith("Density 9")
    assert found[-1].text.endswith("; {control} in a year.")
    for broken in ("{name}", "{density!r}", "{density:>9}", "{density.__class__}", "{", "{0}"):
        with pytest.raises(ExportError, match=r"conclusions\.toml"):
            read_templates(f'[[conclusion]]\nname = "x"\ntext = "{broken}"')
    with pytest.raises(ExportError, match="cannot be read"):
        read_templates("[[conclusion")


def test_the_example_to_copy_is_read_and_names_every_fact() -> None:
    source = (STANDARD_FOLDER / "conclusions.toml").read_text()
    assert len(read_templates(source)) == 1
    assert all(fact in source for fact in FACTS)


def test_the_page_offers_suggestions_and_writes_none(
    client: FlaskClient, station: PageStation, finished_exam: str
) -> None:
    page = client.get(f"/exams/{finished_exam}").text
    assert page.count("data-take-over") >= 1
    assert "Suggestion:" in page
    assert station.services.reviews.log(finished_exam).conclusion == ""
    assert "Suggestion" not in client.get(f"/exams/{finished_exam}/report/document.html").text
