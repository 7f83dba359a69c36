"""A physician vouches for pictures that were seen, or it is said which were not."""

import pytest

from appliance.domain.errors import ExamError
from appliance.domain.review_edits import DeleteCapillary, Exclude
from appliance.exam.review_service import ReviewService
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from tests.support.exam_parts import HeldClock
from tests.support.review_exam import finished_exam


class Harness:
    """A finished exam of three pictures."""

    def __init__(self) -> None:
        store = MemoryExamStore()
        self.journal = MemoryJournal(HeldClock().now_utc)
        self.reviews = ReviewService(store, self.journal)
        self.exam = finished_exam(store, images=3)
        self.exam_id = self.exam.exam_id
        self.images = [image.image_id for image in self.exam.images]

    def see(self, actor: str, *numbers: int) -> None:
        for number in numbers:
            self.reviews.see(self.exam_id, self.images[number], actor)

    def validate(self, actor: str, *, accepts_unseen: bool = False) -> None:
        revision = self.reviews.log(self.exam_id).revision
        self.reviews.validate(self.exam_id, actor, revision, accepts_unseen=accepts_unseen)


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_validation_needs_every_picture_seen_by_who_validates(harness: Harness) -> None:
    harness.see("carla", 0, 1)
    harness.see("dana", 2)
    with pytest.raises(ExamError, match="you have not seen 1 of 3 pictures"):
        harness.validate("carla")
    harness.see("carla", 2)
    harness.validate("carla")
    assert harness.reviews.reviewed(harness.exam_id).unseen == ()


def test_what_was_not_seen_is_said_where_it_is_validated_all_the_same(harness: Harness) -> None:
    harness.see("carla", 1)
    harness.validate("carla", accepts_unseen=True)
    unseen = (harness.images[0], harness.images[2])
    assert harness.reviews.reviewed(harness.exam_id).unseen == unseen
    assert tuple(harness.reviews.history(harness.exam_id)[-1].detail["unseen"]) == unseen
    harness.reviews.edit(harness.exam_id, harness.images[0], DeleteCapillary("m1"), "carla", 0)
    assert harness.reviews.reviewed(harness.exam_id).unseen == ()


def test_picture_that_somebody_else_changed_has_to_be_seen_again(harness: Harness) -> None:
    harness.see("carla", 0, 1, 2)
    harness.reviews.edit(harness.exam_id, harness.images[1], DeleteCapillary("m1"), "dana", 0)
    assert harness.reviews.seen_by(harness.exam_id)[harness.images[1]] == "dana"
    with pytest.raises(ExamError, match="1 of 3"):
        harness.validate("carla")
    harness.see("carla", 1)
    harness.validate("carla")


def test_picture_that_was_left_out_needs_no_look(harness: Harness) -> None:
    harness.reviews.edit(harness.exam_id, harness.images[1], Exclude("hair"), "dana", 0)
    harness.see("carla", 0, 2)
    harness.validate("carla")


def test_looking_again_takes_no_validation_back_and_writes_nothing(harness: Harness) -> None:
    harness.see("carla", 0, 1, 2)
    harness.validate("carla")
    entries = len(harness.journal.entries())
    harness.see("carla", 0)
    assert len(harness.journal.entries()) == entries
    harness.see("dana", 0)
    assert harness.reviews.reviewed(harness.exam_id).validated_by == "carla"
