"""What a report states beside the figures stands under the validation too."""

import pytest

from appliance.domain.account import Role
from appliance.domain.errors import AccessError, ExamError
from appliance.domain.validation import VALIDATED, ValidatedPart
from appliance.exam.message import BoxAddress
from appliance.exam.report_facts import ReportFacts, facts_subject, figures_of
from appliance.exam.review_service import ReviewService
from appliance.exam.revision_messages import RevisionMessages
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from tests.support.exam_parts import HeldClock
from tests.support.review_exam import finished_exam


class Harness:
    """A finished exam of a box that publishes, its review and its facts."""

    def __init__(self) -> None:
        self.store = MemoryExamStore()
        self.clock = HeldClock()
        self.journal = MemoryJournal(self.clock.now_utc, self.store.outbox)
        self.exam_id = finished_exam(self.store).exam_id
        address = BoxAddress("clinic", "box1")
        self.reviews = ReviewService(
            self.store,
            self.journal,
            RevisionMessages(address, self.store.outbox.newest_message_id, self.clock.now_utc),
        )
        self.facts = ReportFacts(self.journal, self.reviews.withdrawal)

    def validate(self) -> None:
        self.reviews.validate(self.exam_id, "dr.b", self.reviews.log(self.exam_id).revision, accepts_unseen=True)

    @property
    def validator(self) -> str | None:
        return self.reviews.reviewed(self.exam_id).validated_by


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_an_operator_states_facts_until_the_exam_is_validated(harness: Harness) -> None:
    harness.facts.state(harness.exam_id, {"medication": "iloprost"}, "anna", Role.OPERATOR)
    harness.validate()
    entries = len(harness.journal.entries(facts_subject(harness.exam_id)))
    with pytest.raises(AccessError, match="medication"):
        harness.facts.state(harness.exam_id, {"medication": "none"}, "anna", Role.OPERATOR)
    assert harness.facts.of(harness.exam_id) == {"medication": "iloprost"}
    assert harness.validator == "dr.b"
    assert len(harness.journal.entries(facts_subject(harness.exam_id))) == entries


def test_a_changed_fact_takes_the_validation_back_and_both_are_revisions(harness: Harness) -> None:
    harness.facts.state(harness.exam_id, {"disorganisation": 1}, "dr.b", Role.PHYSICIAN)
    harness.validate()
    before = harness.store.outbox.newest_message_id(harness.exam_id)
    harness.facts.state(harness.exam_id, {"disorganisation": 3}, "dr.b", Role.PHYSICIAN)
    assert harness.validator is None
    newest = harness.reviews.history(harness.exam_id)[-1]
    assert newest.action == "review.facts_stated"
    withdrawn = harness.store.outbox.newest_message_id(harness.exam_id)
    assert newest.detail == {"fields": ["disorganisation"], "invalidates": "dr.b", "msg_id": withdrawn}
    assert withdrawn != before
    assert figures_of(harness.reviews.reviewed(harness.exam_id), harness.facts).exam["score_disorganisation"].value == 3
    harness.validate()
    assert harness.store.outbox.newest_message_id(harness.exam_id) not in (before, withdrawn)
    assert harness.reviews.log(harness.exam_id).validations == 2
    assert harness.reviews.log(harness.exam_id).revisions == 3


def test_stating_the_same_again_leaves_the_validation_and_the_journal_alone(harness: Harness) -> None:
    harness.facts.state(harness.exam_id, {"smoking": "no"}, "anna", Role.OPERATOR)
    harness.validate()
    head = harness.journal.entries(limit=1)[-1].seq
    harness.facts.state(harness.exam_id, {"smoking": "no", "remarks": ""}, "anna", Role.OPERATOR)
    assert harness.validator == "dr.b"
    assert harness.journal.entries(limit=1)[-1].seq == head


def test_the_rating_is_a_physicians_before_and_after(harness: Harness) -> None:
    with pytest.raises(AccessError, match="physician"):
        harness.facts.state(harness.exam_id, {"disorganisation": 2}, "anna", Role.OPERATOR)
    with pytest.raises(ExamError, match="rated 4"):
        harness.facts.state(harness.exam_id, {"disorganisation": 4}, "dr.b", Role.PHYSICIAN)


def test_the_table_names_everything_that_a_validation_covers() -> None:
    assert set(VALIDATED) == set(ValidatedPart)
    assert all(entry.after.includes(Role.PHYSICIAN) for entry in VALIDATED.values())
