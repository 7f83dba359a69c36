"""A giant that the machine is not sure of counts once a person says that it is one."""

import pytest

from appliance.analysis.exam_figures import exam_figures
from appliance.domain.detection import Morphology, SizeClass
from appliance.domain.keypoints import WidthSegment
from appliance.domain.review_edits import ImageEdit, SetComment, SetMorphology, SetRow, SetSize, SetWidth, WidthKind
from appliance.exam.image_review import origins_of
from appliance.exam.review_service import ReviewService
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from tests.support.exam_parts import HeldClock
from tests.support.review_exam import exam_with_unsure_giant

GIANT = "m7"
DRAWN = WidthSegment((540.0, 200.0), (540.0, 238.0))


@pytest.mark.parametrize(
    ("edit", "counts"),
    [
        (SetMorphology(GIANT, Morphology.GIANT), True),
        (SetMorphology(GIANT, Morphology.RAMIFIED), True),
        (SetSize(GIANT, SizeClass.GIANT), True),
        (SetWidth(GIANT, WidthKind.APICAL, DRAWN), True),
        (SetRow(GIANT, None), False),
        (SetMorphology("m1", Morphology.TORTUOUS), False),
        (SetComment("not sure"), False),
    ],
)
def test_only_a_judgement_of_the_loop_itself_makes_it_count(edit: ImageEdit, counts: bool) -> None:
    store = MemoryExamStore()
    exam = exam_with_unsure_giant(store)
    reviews, image_id = ReviewService(store, MemoryJournal(HeldClock().now_utc)), exam.images[0].image_id
    before = exam_figures(reviews.reviewed(exam.exam_id)).exam
    assert (before["giants"].value, before["giants"].basis["possible_giants"]) == (1, 1)
    assert before["csuri"].because == "unconfirmed_giants"

    review = reviews.edit(exam.exam_id, image_id, edit, "carla", 0)
    after = exam_figures(reviews.reviewed(exam.exam_id)).exam
    assert after["giants"].basis["possible_giants"] == (0 if counts else 1)
    assert (after["fast_track"].value == "scleroderma") is counts
    giant = origins_of(review)[-1]
    assert giant["is_possible_giant"] is not counts
