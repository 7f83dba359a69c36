"""Why a finger has no figures is said once on its page, not beside each of them."""

from dataclasses import replace

import pytest

from appliance.analysis.exam_figures import exam_figures
from appliance.domain.exam import Finger, Hand, Placement, Sector
from appliance.exports.report.cells import note
from appliance.exports.report.localisation import Localisation
from appliance.exports.report.report_service import Choice
from tests.support.report_exams import ALTERED, HEALTHY, report_service
from tests.support.reviewed_exams import exam_of, image_of
from webui.localisation.figure_formatting import format_figure

REASON = "hair over the row"


def test_the_reason_that_a_whole_finger_has_no_figures_stands_once_in_its_heading() -> None:
    ring, middle = (Placement(Hand.LEFT, finger, Sector.B) for finger in (Finger.RING, Finger.MIDDLE))
    excluded = replace(image_of(ALTERED, ring, number=1), not_evaluable_because=REASON)
    exam = exam_of(excluded, image_of(HEALTHY, middle, number=2))
    html = report_service(exam).html(exam.exam.exam_id, Choice("en"), lambda *_: "", "", "")
    pages = html.split('<section class="sheet finger">')[1:]
    page = next(one for one in pages if "Left hand, ring finger" in one.split("</h2>")[0])
    tables = page.split('<div class="halves">')[1].split("</section>")[0]
    assert REASON in page.split("</header>")[0]
    assert REASON not in tables
    # What the device had found stays beside it.
    assert 'class="machine">' in tables


@pytest.mark.parametrize("reason", ["a hair, and the patient moved", "glare, motion", "cold; pale"])
def test_a_reason_that_a_person_typed_stands_word_for_word_on_page_and_paper(reason: str) -> None:
    """Also where it reads like the station's own reasons, which are translated."""
    place = Placement(Hand.LEFT, Finger.RING, Sector.B)
    excluded = replace(image_of(ALTERED, place, number=1), not_evaluable_because=reason)
    figure = exam_figures(exam_of(excluded)).fingers[Hand.LEFT, Finger.RING]["images_evaluable"]
    assert note(Localisation("de"), "images_evaluable", figure).endswith(f": {reason}")
    assert format_figure("images_evaluable", figure).detail.endswith(reason)
