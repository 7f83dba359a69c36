"""What a physician's edits make of an exam."""

import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from appliance import schemas
from appliance.analysis.recorded_analysis import document_of, image_document_of
from appliance.domain.analysis_result import RecordedAnalysis
from appliance.domain.detection import BoundingBox, Morphology, Row, SizeBasis, SizeClass
from appliance.domain.errors import ExamError, NotKeptError, StaleError
from appliance.domain.keypoints import WidthSegment
from appliance.domain.pattern import NailfoldPattern
from appliance.domain.quality import QualityReason
from appliance.domain.review import unreviewed
from appliance.domain.review_edits import (
    EDIT_TYPES,
    AddCapillary,
    AddHaemorrhage,
    ChangeBox,
    DeleteCapillary,
    DeleteHaemorrhage,
    Exclude,
    ImageEdit,
    Include,
    RemoveWidth,
    SetComment,
    SetMorphology,
    SetRow,
    SetSize,
    SetWidth,
    WidthKind,
    edit_from_json,
    edit_to_json,
)
from appliance.exam.image_review import ImageReview
from appliance.exam.message import BoxAddress
from appliance.exam.review_service import ReviewService
from appliance.exam.revision_messages import RevisionMessages
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from tests.support.exam_parts import HeldClock
from tests.support.review_exam import LOOPS, UM_PER_PX, box_of, finished_exam

ADDRESS = BoxAddress("clinic", "box1")


class Reviewer:
    """A physician at one image, who always has seen the newest state."""

    def __init__(self, loops: int = LOOPS, calibrated: bool = True) -> None:
        self.store = MemoryExamStore()
        self.journal = MemoryJournal(HeldClock().now_utc, self.store.outbox)
        scale = {} if calibrated else {"scale": None}
        self.exam = finished_exam(self.store, loops=loops, **scale)  # type: ignore[arg-type]
        publication = RevisionMessages(ADDRESS, self.store.outbox.newest_message_id, HeldClock().now_utc)
        self.service = ReviewService(self.store, self.journal, publication)
        self.exam_id, self.image_id = self.exam.exam_id, self.exam.images[0].image_id

    def does(self, *edits: ImageEdit) -> ImageReview:
        for edit in edits:
            self.service.edit(self.exam_id, self.image_id, edit, "carla", self.seen)
        return self.look()

    def look(self) -> ImageReview:
        return self.service.image(self.exam_id, self.image_id)

    def undoes(self) -> ImageReview:
        return self.service.undo(self.exam_id, self.image_id, "carla", self.seen)

    def redoes(self) -> ImageReview:
        return self.service.redo(self.exam_id, self.image_id, "carla", self.seen)

    @property
    def seen(self) -> int:
        return self.look().log.revision

    @property
    def machine(self) -> RecordedAnalysis:
        return self.store.exam(self.exam_id).images[0].recorded


@pytest.fixture
def reviewer() -> Reviewer:
    return Reviewer()


def segment(number: int, length_px: float) -> WidthSegment:
    box = box_of(number)
    x = box.x + box.w / 2
    return WidthSegment((x, box.y - 1), (x, box.y - 1 + length_px))


def test_the_machine_finds_what_the_tests_count_on(reviewer: Reviewer) -> None:
    metrics = reviewer.machine.analysis.metrics
    assert (metrics.capillaries_distal, metrics.size_normal, metrics.haemorrhages) == (7, 7, 1)
    # Seven loops on a straight row over the whole width of 640 px at 1.5 um.
    assert metrics.density_per_mm == pytest.approx(7 / 0.96, abs=0.05)


def test_unedited_exam_is_the_machines(reviewer: Reviewer) -> None:
    assert reviewer.service.reviewed(reviewer.exam_id) == unreviewed(reviewer.exam)


def test_a_dragged_width_changes_width_size_shape_mean_and_largest(reviewer: Reviewer) -> None:
    after = reviewer.does(SetWidth("m2", WidthKind.APICAL, segment(1, 36.0))).reviewed.analysis
    loop, metrics = after.capillaries[1], after.metrics
    assert loop.apical.um == pytest.approx(36 * UM_PER_PX)
    assert (loop.size, loop.morphology, loop.size_basis) == (SizeClass.GIANT, Morphology.GIANT, SizeBasis.MEASURED)
    assert (metrics.giant, metrics.size_giant, metrics.size_normal, metrics.normal) == (1, 1, 6, 6)
    assert metrics.largest_width_um == pytest.approx(54.0)
    assert metrics.mean_apical_um == pytest.approx((6 * 18 + 54) / 7, abs=0.01)


@pytest.mark.parametrize(
    ("length_px", "size", "is_near_cut"),
    [
        (13.3, SizeClass.NORMAL, True),
        (13.4, SizeClass.ENLARGED, True),
        (33.3, SizeClass.ENLARGED, True),
        (33.4, SizeClass.GIANT, True),
        (24, SizeClass.ENLARGED, False),
    ],
)
def test_calibre_follows_the_20_and_50_um_rule(
    reviewer: Reviewer, length_px: float, size: SizeClass, is_near_cut: bool
) -> None:
    reviewed = reviewer.does(SetWidth("m1", WidthKind.APICAL, segment(0, length_px))).reviewed
    written = image_document_of(reviewed.recorded)["capillaries"][0]
    assert (reviewed.analysis.capillaries[0].size, written["size_is_near_cut"]) == (size, is_near_cut)


def test_a_width_dragged_back_gives_the_shape_back(reviewer: Reviewer) -> None:
    wide, narrow = segment(0, 40), segment(0, 12)
    loops = [
        reviewer.does(SetWidth("m1", WidthKind.APICAL, one)).reviewed.analysis.capillaries[0] for one in (wide, narrow)
    ]
    assert [loop.morphology for loop in loops] == [Morphology.GIANT, Morphology.NORMAL]


def test_the_outer_end_of_an_apical_width_comes_first_however_it_was_drawn(reviewer: Reviewer) -> None:
    drawn = segment(0, 20)
    turned = WidthSegment(drawn.end_px, drawn.start_px)
    after = reviewer.does(SetWidth("m1", WidthKind.APICAL, turned)).reviewed.analysis.capillaries[0]
    assert after.apex_px == drawn.start_px


def test_a_deleted_loop_lowers_density_and_counts(reviewer: Reviewer) -> None:
    before = reviewer.look().reviewed.analysis.metrics
    after = reviewer.does(DeleteCapillary("m4")).reviewed.analysis.metrics
    assert after.capillaries_distal == 6
    assert after.density_per_mm == pytest.approx(before.density_per_mm * 6 / 7, rel=0.01)


def test_an_added_loop_joins_the_distal_row_by_the_rule(reviewer: Reviewer) -> None:
    reviewer.does(DeleteCapillary("m4"))
    after = reviewer.does(AddCapillary("p1", box_of(3), Morphology.TORTUOUS)).reviewed.analysis
    assert after.capillaries[-1].row is Row.DISTAL
    assert (after.metrics.capillaries_distal, after.metrics.tortuous) == (7, 1)


def test_a_loop_added_behind_the_row_does_not_count_for_density(reviewer: Reviewer) -> None:
    behind = replace(box_of(3), y=340.0, h=100.0)
    after = reviewer.does(AddCapillary("p1", behind)).reviewed.analysis
    assert after.capillaries[-1].row is Row.OTHER
    assert (after.metrics.capillaries_total, after.metrics.capillaries_distal) == (8, 7)


def test_a_row_set_by_hand_stands_against_the_rule_until_given_back(reviewer: Reviewer) -> None:
    metrics = reviewer.does(SetRow("m3", Row.OTHER), ChangeBox("m5", box_of(4))).reviewed.analysis.metrics
    assert metrics.capillaries_distal == 6
    assert metrics.density_per_mm == pytest.approx(6 / 0.96, abs=0.05)
    assert reviewer.does(SetRow("m3", None)).reviewed.analysis.metrics.capillaries_distal == 7


def test_a_box_moved_away_loses_the_machines_widths_and_keeps_those_drawn(reviewer: Reviewer) -> None:
    drawn = SetWidth("m1", WidthKind.ARTERIAL, WidthSegment((42.0, 260.0), (58.0, 260.0)))
    loop = reviewer.does(drawn, ChangeBox("m1", replace(box_of(5), y=330.0))).reviewed.analysis.capillaries[0]
    assert (loop.apical, loop.apex_px) == (None, None)
    assert loop.arterial is not None
    assert loop.arterial.um == pytest.approx(24.0)


def test_shape_and_size_by_hand_survive_a_measurement(reviewer: Reviewer) -> None:
    wide = SetWidth("m1", WidthKind.APICAL, segment(0, 40))
    loop = reviewer.does(SetMorphology("m1", Morphology.RAMIFIED), wide).reviewed.analysis.capillaries[0]
    assert (loop.morphology, loop.size) == (Morphology.RAMIFIED, SizeClass.GIANT)
    loop = reviewer.does(SetSize("m1", SizeClass.ENLARGED, against_measurement=True)).reviewed.analysis.capillaries[0]
    assert (loop.size, loop.size_basis) == (SizeClass.ENLARGED, SizeBasis.APPEARANCE)
    assert reviewer.does(SetSize("m1", None)).reviewed.analysis.capillaries[0].size is SizeClass.GIANT


def test_removing_the_only_wide_width_lets_the_limbs_decide(reviewer: Reviewer) -> None:
    reviewer.does(SetWidth("m1", WidthKind.APICAL, segment(0, 40)))
    loop = reviewer.does(RemoveWidth("m1", WidthKind.APICAL)).reviewed.analysis.capillaries[0]
    assert (loop.size, loop.size_basis, loop.apical) == (SizeClass.NORMAL, SizeBasis.MEASURED, None)


def test_haemorrhages_are_added_moved_and_deleted(reviewer: Reviewer) -> None:
    box = BoundingBox(10, 10, 30, 20)
    after = reviewer.does(AddHaemorrhage("p1", box), ChangeBox("p1", replace(box, x=50.0)), DeleteHaemorrhage("h1"))
    assert [one.bbox for one in after.reviewed.analysis.haemorrhages] == [BoundingBox(50.0, 10, 30, 20)]
    assert after.reviewed.analysis.metrics.haemorrhages == 1


def test_an_excluded_image_does_not_count_and_says_why(reviewer: Reviewer) -> None:
    reviewed = reviewer.does(Exclude("hair over the row")).reviewed
    assert (reviewed.counts, reviewed.not_evaluable_because, reviewed.is_edited) == (False, "hair over the row", False)
    assert reviewer.does(Include()).reviewed.counts


def test_an_exam_and_its_images_are_read_alike_before_and_after_an_edit(reviewer: Reviewer) -> None:
    for edit in (None, SetComment("see C")):
        image = reviewer.look() if edit is None else reviewer.does(edit)
        exam, log = reviewer.service.reviewed_with_log(reviewer.exam_id)
        assert exam == reviewer.service.reviewed(reviewer.exam_id)
        assert exam.images[0] == image.reviewed
        assert log.revision == image.log.revision


def test_a_comment_is_no_edit_of_findings(reviewer: Reviewer) -> None:
    reviewed = reviewer.does(SetComment(" scar at the left \n")).reviewed
    assert (reviewed.comment, reviewed.is_edited) == ("scar at the left", False)


def test_loops_drawn_into_an_empty_picture_make_it_evaluable() -> None:
    reviewer = Reviewer(loops=0)
    assert reviewer.machine.analysis.quality.reasons == (QualityReason.NO_CAPILLARIES,)
    after = reviewer.does(*(AddCapillary(f"p{at}", box_of(at)) for at in range(7))).reviewed
    assert after.counts
    assert after.analysis.metrics.density_per_mm == pytest.approx(7 / 0.96, abs=0.1)


def test_without_a_scale_nothing_becomes_micrometres() -> None:
    after = Reviewer(calibrated=False).does(SetWidth("m1", WidthKind.APICAL, segment(0, 40))).reviewed.analysis
    apical = after.capillaries[0].apical
    assert apical is not None
    assert (apical.px, apical.um) == (40, None)
    assert after.metrics.density_unmeasurable_because == "no_calibration"


def test_the_machines_answer_is_never_written_to(reviewer: Reviewer) -> None:
    before = reviewer.machine
    reviewer.does(DeleteCapillary("m1"), SetWidth("m2", WidthKind.APICAL, segment(1, 40)))
    assert reviewer.machine == before == reviewer.look().reviewed.image.recorded


@pytest.mark.parametrize(
    "edit",
    [DeleteCapillary("m99"), SetMorphology("h1", Morphology.GIANT), DeleteHaemorrhage("m1"), ChangeBox("x", box_of(0))],
)
def test_an_unknown_finding_is_refused_and_not_logged(reviewer: Reviewer, edit: ImageEdit) -> None:
    with pytest.raises(NotKeptError):
        reviewer.does(edit)
    assert reviewer.journal.entries() == ()


def test_a_loop_is_not_drawn_where_one_is(reviewer: Reviewer) -> None:
    for twice in (AddCapillary("p1", replace(box_of(3), x=box_of(3).x + 5)), ChangeBox("m1", box_of(2))):
        with pytest.raises(ExamError, match="at this place already"):
            reviewer.does(twice)
    crossing = replace(box_of(3), x=box_of(3).x + 20, y=260.0)
    assert reviewer.does(AddCapillary("p1", crossing)).reviewed.analysis.metrics.capillaries_total == 8


def test_a_name_is_used_once_even_after_a_delete(reviewer: Reviewer) -> None:
    reviewer.does(AddCapillary("p1", replace(box_of(3), y=330.0)), DeleteCapillary("p1"))
    with pytest.raises(ExamError, match="used before"):
        reviewer.does(AddHaemorrhage("p1", box_of(3)))


def test_of_two_people_the_second_is_refused_with_the_name_of_the_first(reviewer: Reviewer) -> None:
    seen = reviewer.seen
    reviewer.service.edit(reviewer.exam_id, reviewer.image_id, DeleteCapillary("m1"), "dana", seen)
    with pytest.raises(StaleError, match="dana changed"):
        reviewer.service.edit(reviewer.exam_id, reviewer.image_id, DeleteCapillary("m2"), "carla", seen)
    other = reviewer.exam.images[1].image_id
    assert reviewer.service.edit(reviewer.exam_id, other, DeleteCapillary("m2"), "carla", 0).reviewed.is_edited


def test_an_open_exam_cannot_be_reviewed() -> None:
    store = MemoryExamStore()
    exam = store.start_exam("NC-0042", HeldClock().now_utc())
    service = ReviewService(store, MemoryJournal(HeldClock().now_utc))
    with pytest.raises(ExamError, match="open"):
        service.validate(exam.exam_id, "carla", 0, accepts_unseen=True)


def test_validation_stands_until_the_next_change_which_says_so(reviewer: Reviewer) -> None:
    service, exam_id = reviewer.service, reviewer.exam_id
    reviewer.does(DeleteCapillary("m1"))
    reviewed = service.validate(exam_id, "carla", service.log(exam_id).revision, accepts_unseen=True)
    assert reviewed.validated_by == "carla"
    with pytest.raises(ExamError, match="validated by carla"):
        service.validate(exam_id, "dana", service.log(exam_id).revision, accepts_unseen=True)
    reviewer.undoes()
    assert service.reviewed(exam_id).validated_by is None
    assert service.history(exam_id)[-1].detail["invalidates"] == "carla"


def test_the_named_pattern_stands_until_named_anew_and_takes_a_validation_back(reviewer: Reviewer) -> None:
    service, exam_id = reviewer.service, reviewer.exam_id
    service.validate(exam_id, "carla", 0, accepts_unseen=True)
    named = service.name_pattern(exam_id, NailfoldPattern.ACTIVE, "carla", service.log(exam_id).revision)
    assert (named.pattern, named.validated_by) == (NailfoldPattern.ACTIVE, None)
    assert service.reviewed(exam_id).pattern is NailfoldPattern.ACTIVE
    assert service.name_pattern(exam_id, None, "carla", service.log(exam_id).revision).pattern is None
    with pytest.raises(StaleError):
        service.name_pattern(exam_id, NailfoldPattern.LATE, "dora", 0)


def test_what_is_said_again_changes_nothing_and_takes_no_validation_back(reviewer: Reviewer) -> None:
    service, exam_id = reviewer.service, reviewer.exam_id
    service.conclude(exam_id, "Control.", "carla", service.log(exam_id).revision)
    service.name_pattern(exam_id, NailfoldPattern.EARLY, "carla", service.log(exam_id).revision)
    service.validate(exam_id, "carla", service.log(exam_id).revision, accepts_unseen=True)
    revision = service.log(exam_id).revision
    again = service.conclude(exam_id, " Control.\n", "dana", revision)
    assert (again.validated_by, again.conclusion) == ("carla", "Control.")
    assert service.name_pattern(exam_id, NailfoldPattern.EARLY, "dana", revision).validated_by == "carla"
    assert service.log(exam_id).revision == revision
    with pytest.raises(StaleError):
        service.conclude(exam_id, "Control.", "dana", revision - 1)
    assert service.conclude(exam_id, "Other words.", "dana", revision).validated_by is None


def test_validation_of_what_was_not_seen_is_refused(reviewer: Reviewer) -> None:
    seen = reviewer.service.log(reviewer.exam_id).revision
    reviewer.does(DeleteCapillary("m1"))
    with pytest.raises(StaleError):
        reviewer.service.validate(reviewer.exam_id, "dana", seen, accepts_unseen=True)


def sent(reviewer: Reviewer) -> list[dict[str, Any]]:
    due = reviewer.store.outbox.due(datetime(2030, 1, 1, tzinfo=timezone.utc))
    return [json.loads(one.message.payload) for one in due]


def test_each_validation_and_its_end_is_published_as_a_revision_of_the_one_before(
    reviewer: Reviewer,
) -> None:
    service, exam_id = reviewer.service, reviewer.exam_id
    reviewer.does(SetWidth("m2", WidthKind.APICAL, segment(1, 36.0)))
    service.validate(exam_id, "carla", service.log(exam_id).revision, accepts_unseen=True)
    reviewer.does(Exclude("hair"))
    reviewer.does(SetComment("a hair"))
    service.validate(exam_id, "carla", service.log(exam_id).revision, accepts_unseen=True)
    machine, first, withdrawn, second = sent(reviewer)
    assert "revision" not in machine
    assert [(one["revision"], one["replaces"]) for one in (first, withdrawn, second)] == [
        (1, machine["msg_id"]),
        (2, first["msg_id"]),
        (3, withdrawn["msg_id"]),
    ]
    assert ["validated_at" in one for one in (first, withdrawn, second)] == [True, False, True]
    assert [image["excluded"] for image in withdrawn["images"]] == [True, False], "as it is after the edit"
    assert first["images"][0]["result"]["capillaries"][1]["widths_um"]["apical"] == 54.0
    assert [image["is_edited"] for image in first["images"]] == [True, False]
    assert sum(finger["giant"] for finger in first["fingers"]) == 1
    assert (second["images"][0]["excluded"], second["images"][1]["excluded"]) == (True, False)
    assert sum(finger["giant"] for finger in second["fingers"]) == 0


def test_an_exam_that_was_never_sent_from_here_is_not_sent_by_its_validation(reviewer: Reviewer) -> None:
    messages = len(sent(reviewer))
    publication = RevisionMessages(BoxAddress("clinic", "box1"), lambda _: None, HeldClock().now_utc)
    service = ReviewService(reviewer.store, reviewer.journal, publication)
    assert service.validate(reviewer.exam_id, "carla", 0, accepts_unseen=True).validated_by == "carla"
    assert len(sent(reviewer)) == messages


def test_history_tells_before_and_after(reviewer: Reviewer) -> None:
    reviewer.does(SetWidth("m2", WidthKind.APICAL, segment(1, 36.0)))
    (entry,) = reviewer.service.history(reviewer.exam_id, reviewer.image_id)
    before, after = entry.detail["before"], entry.detail["after"]
    assert (before["widths_um"]["apical"], after["widths_um"]["apical"]) == (18.0, 54.0)
    assert (before["size"], after["size"]) == ("normal", "giant")


NUMBERS = some.integers(0, LOOPS - 1)
NAMES = some.sampled_from([f"m{at}" for at in range(1, LOOPS + 1)])
BOXES = some.builds(BoundingBox, *(some.floats(0, 600), some.floats(0, 400), some.floats(4, 80), some.floats(4, 200)))
EDITS = some.one_of(
    some.builds(DeleteCapillary, NAMES),
    some.builds(ChangeBox, NAMES | some.just("h1"), BOXES),
    some.builds(SetMorphology, NAMES, some.sampled_from(Morphology)),
    some.builds(SetSize, NAMES, some.none() | some.sampled_from(SizeClass)),
    some.builds(SetRow, NAMES, some.none() | some.sampled_from(Row)),
    some.builds(
        lambda n, k, px: SetWidth(f"m{n + 1}", k, segment(n, px)),
        NUMBERS,
        some.sampled_from(WidthKind),
        some.floats(1, 90),
    ),
    some.builds(RemoveWidth, NAMES, some.sampled_from(WidthKind)),
    some.builds(AddCapillary, some.sampled_from(["p1", "p2", "p3"]), BOXES, some.sampled_from(Morphology)),
    some.builds(AddHaemorrhage, some.sampled_from(["p4", "p5"]), BOXES),
    some.builds(SetComment, some.text(max_size=20)),
    some.builds(Exclude, some.just("hair")),
    some.just(Include()),
)


@settings(max_examples=25, deadline=None)
@given(edits=some.lists(EDITS, max_size=8))
def test_undoing_everything_gives_the_machines_answer_and_redoing_gives_the_review(edits: list[ImageEdit]) -> None:
    reviewer = Reviewer()
    made = 0
    for edit in edits:
        try:
            reviewer.does(edit)
            made += 1
        except (NotKeptError, ExamError):
            continue
    final = reviewer.look().reviewed
    schemas.validate("nailfold.analysis-1", document_of(final.recorded))
    for _ in range(made):
        reviewer.undoes()
    assert reviewer.look().reviewed == unreviewed(reviewer.exam).images[0]
    with pytest.raises(ExamError, match="nothing to undo"):
        reviewer.undoes()
    for _ in range(made):
        reviewer.redoes()
    assert reviewer.look().reviewed == final
    assert reviewer.journal.verify().is_intact


@given(edit=EDITS)
def test_an_edit_survives_its_json(edit: ImageEdit) -> None:
    assert edit_from_json(edit_to_json(edit)) == edit


def test_every_edit_is_drawn_by_the_property_test() -> None:
    assert len(EDIT_TYPES) == 13


@pytest.mark.parametrize(
    "make",
    [
        lambda: AddCapillary("p 1", box_of(0)),
        lambda: AddCapillary("p1", BoundingBox(0, 0, 3, 50)),
        lambda: ChangeBox("m1", BoundingBox(float("nan"), 0, 30, 50)),
        lambda: SetWidth("m1", WidthKind.APICAL, WidthSegment((5, 5), (5, 5))),
        lambda: Exclude("  "),
        lambda: SetComment("x" * 2001),
    ],
)
def test_what_nobody_means_is_refused(make: object) -> None:
    with pytest.raises(ValueError, match=r"name|small|place|short|reason|longer"):
        make()  # type: ignore[operator]
