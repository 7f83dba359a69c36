"""A class that the loop's own width contradicts is said on purpose, and is marked from then on."""

import pytest

from appliance.domain.detection import Morphology, SizeClass
from appliance.domain.errors import ExamError
from appliance.domain.keypoints import WidthSegment
from appliance.domain.review_edits import ImageEdit, SetMorphology, SetSize, SetWidth, WidthKind
from appliance.exam.image_review import ImageReview, origins_of
from appliance.exam.review_service import ReviewService
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from tests.support.exam_parts import HeldClock
from tests.support.review_exam import finished_exam


class Harness:
    """Seven loops of 18 um each at 1.5 um/px."""

    def __init__(self, store: MemoryExamStore, **exam: object) -> None:
        self.reviews = ReviewService(store, MemoryJournal(HeldClock().now_utc))
        self.exam = finished_exam(store, images=1, **exam)  # type: ignore[arg-type]
        self.image_id = self.exam.images[0].image_id

    def does(self, edit: ImageEdit) -> ImageReview:
        revision = self.reviews.image(self.exam.exam_id, self.image_id).log.revision
        return self.reviews.edit(self.exam.exam_id, self.image_id, edit, "carla", revision)

    def mark(self) -> object:
        review = self.reviews.image(self.exam.exam_id, self.image_id)
        return origins_of(review)[0]["contradicts"]


@pytest.fixture
def harness() -> Harness:
    return Harness(MemoryExamStore())


def width(um: float) -> SetWidth:
    return SetWidth("m1", WidthKind.APICAL, WidthSegment((60.0, 200.0), (60.0, 200.0 + um / 1.5)))


@pytest.mark.parametrize(
    ("um", "edit"),
    [
        (17.5, SetMorphology("m1", Morphology.GIANT)),
        (60.0, SetMorphology("m1", Morphology.NORMAL)),
        (60.0, SetMorphology("m1", Morphology.TORTUOUS)),
        (30.0, SetSize("m1", SizeClass.NORMAL)),
    ],
)
def test_contradiction_is_refused_until_it_is_meant_and_then_marked(
    harness: Harness, um: float, edit: ImageEdit
) -> None:
    harness.does(width(um))
    with pytest.raises(ExamError, match=rf"measures {int(um)}\b"):
        harness.does(edit)
    assert harness.mark() is None
    meant = type(edit)(**{**vars(edit), "against_measurement": True})
    review = harness.does(meant)
    assert review.reviewed.against_measurement == 1
    assert harness.mark() is not None
    entry = harness.reviews.history(harness.exam.exam_id)[-1]
    assert entry.detail["edit"]["against_measurement"] is True


@pytest.mark.parametrize(
    ("um", "edit"),
    [
        (49.5, SetMorphology("m1", Morphology.GIANT)),
        (60.0, SetMorphology("m1", Morphology.RAMIFIED)),
        (30.0, SetMorphology("m1", Morphology.TORTUOUS)),
        (60.0, SetSize("m1", SizeClass.GIANT)),
        (60.0, SetSize("m1", None)),
    ],
)
def test_what_the_width_allows_is_not_asked_about(harness: Harness, um: float, edit: ImageEdit) -> None:
    harness.does(width(um))
    assert harness.does(edit).reviewed.against_measurement == 0


def test_mark_goes_when_the_width_is_measured_again(harness: Harness) -> None:
    harness.does(width(13.5))
    harness.does(SetMorphology("m1", Morphology.GIANT, against_measurement=True))
    harness.does(width(60.0))
    assert harness.mark() is None


def test_without_a_scale_nothing_is_contradicted() -> None:
    harness = Harness(MemoryExamStore(), scale=None)
    assert harness.does(SetMorphology("m1", Morphology.GIANT)).reviewed.against_measurement == 0
