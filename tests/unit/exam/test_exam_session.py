"""The exam's workflow."""

import json
import threading
from dataclasses import replace

import pytest

from appliance.analysis.recorded_analysis import document_of
from appliance.domain.analysis_result import AnalysedFrame, FrameAnalysis
from appliance.domain.errors import ExamError, InferenceError, StoreError
from appliance.domain.exam import ExamStart, ExamState, Finger, Hand, Placement, Sector
from appliance.domain.instant import to_rfc3339
from appliance.exam.message import BoxAddress
from appliance.exam.session import ExamSession
from appliance.exam.session_state import SessionTools
from appliance.exam.settings import ExamSettings
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from appliance.storage.still_encoder import decode_still, encode_still
from tests.support.exam_parts import CALIBRATION, HeldClock, shown_frame
from tests.support.small_exam import SmallExam

ADDRESS = BoxAddress("clinic-1", "box-7")


class Harness:
    """An exam session with a camera that shows a new picture whenever time passes."""

    def __init__(self, store: MemoryExamStore | None = None) -> None:
        self.store = store or MemoryExamStore()
        self.clock = HeldClock()
        self.journal = MemoryJournal(self.clock.now_utc, self.store.outbox)
        self.shown: AnalysedFrame | None = None
        self.finished = 0
        self._seq = 0
        self.show()
        tools = SessionTools(lambda: self.shown, encode_still, self._on_finished)
        self.session = ExamSession(self.store, tools, ADDRESS, self.clock, self.journal)

    def _on_finished(self) -> None:
        self.finished += 1

    def show(self) -> None:
        self.clock.advance(0.1)
        self._seq += 1
        self.shown = shown_frame(self._seq, self.clock.monotonic_s())

    def capture(self) -> Placement:
        self.show()
        return self.session.capture().placement


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_captures_walk_through_sectors_and_fingers_of_both_hands(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    placements = [harness.capture() for _ in range(33)]
    assert placements[0] == Placement(Hand.LEFT, Finger.INDEX, Sector.A)
    assert placements[3:5] == [
        Placement(Hand.LEFT, Finger.INDEX, Sector.D),
        Placement(Hand.LEFT, Finger.MIDDLE, Sector.A),
    ]
    assert placements[31] == Placement(Hand.RIGHT, Finger.LITTLE, Sector.D)
    assert len(set(placements[:32])) == 32
    assert placements[32] == placements[31]  # at the end it stays


def test_operator_may_choose_any_nailfold_and_a_thumb_stays_selected(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    harness.session.select(Hand.RIGHT, Finger.THUMB, Sector.PANORAMIC)
    assert (
        harness.capture()
        == harness.session.snapshot().placement
        == Placement(Hand.RIGHT, Finger.THUMB, Sector.PANORAMIC)
    )


def test_still_holds_the_very_picture_and_its_origin(harness: Harness) -> None:
    exam = harness.session.start("NC-1", ExamStart("ana"))
    harness.show()
    image = harness.session.capture()
    pixels, metadata = decode_still(harness.store.read_png(exam.exam_id, image.image_id))
    assert harness.shown is not None
    assert (pixels == harness.shown.frame.image_rgb).all()
    assert (metadata.placement, metadata.scale_origin) == (image.placement, CALIBRATION.origin)
    assert metadata.engines == harness.shown.analysis.identity.engines
    assert document_of(image.recorded)["images"][0]["file"] == image.file_name


def test_undo_and_redo_move_the_selection_along(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    first, second = harness.capture(), harness.capture()
    assert harness.session.undo().placement == second
    assert harness.session.snapshot().placement == second
    harness.session.undo()
    assert harness.session.snapshot().counts == {}
    assert not harness.session.snapshot().can_undo
    harness.session.redo()
    harness.session.redo()
    snapshot = harness.session.snapshot()
    assert snapshot.exam is not None
    assert [image.placement for image in snapshot.exam.images] == [first, second]
    assert snapshot.counts == {first: 1, second: 1}
    assert snapshot.exam == harness.store.open_exam()


def test_new_capture_ends_redo(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    harness.capture()
    harness.session.undo()
    assert harness.session.snapshot().can_redo
    harness.capture()
    assert not harness.session.snapshot().can_redo
    with pytest.raises(ExamError, match="no undone capture"):
        harness.session.redo()


def test_stale_picture_is_refused(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    harness.show()
    harness.clock.advance(1.01)
    with pytest.raises(ExamError, match=r"1\.0 s old\. Wait for the live picture"):
        harness.session.capture()
    assert "old" in harness.session.snapshot().last_error
    harness.show()
    harness.session.capture()
    assert harness.session.snapshot().last_error == ""


def test_capture_without_a_picture_is_refused(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    harness.shown = None
    with pytest.raises(ExamError, match="Check the capillaroscope"):
        harness.session.capture()


def test_bouncing_pedal_does_not_keep_one_picture_twice(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    harness.capture()
    with pytest.raises(ExamError, match="captured already"):
        harness.session.capture()
    harness.session.undo()
    harness.session.capture()  # undone: the same picture may come back


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("capture", ()),
        ("undo", ()),
        ("redo", ()),
        ("finish", ("ana",)),
        ("discard", ("ana",)),
        ("skip", ("cold", "ana")),
    ],
)
def test_verbs_without_an_exam_are_refused(harness: Harness, verb: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ExamError, match=r"no exam is open\. Start an exam first"):
        getattr(harness.session, verb)(*words)


def test_exam_without_images_cannot_be_finished(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    assert not harness.session.snapshot().can_finish
    with pytest.raises(ExamError, match="no images"):
        harness.session.finish("ana")
    assert harness.session.discard("ana").state is ExamState.DISCARDED
    assert harness.finished == 0


def test_finishing_queues_one_message_and_frees_the_session(harness: Harness) -> None:
    exam = harness.session.start("NC-1", ExamStart("ana"))
    harness.capture()
    finished = harness.session.finish("ana")
    assert (finished.state, harness.finished) == (ExamState.FINISHED, 1)
    (queued,) = harness.store.outbox.due(harness.clock.now_utc())
    assert json.loads(queued.message.payload)["exam_id"] == exam.exam_id
    assert harness.session.snapshot().exam is None
    harness.session.start("NC-2", ExamStart("ana"))


def test_an_exam_whose_clock_is_set_back_meanwhile_ends_no_earlier_than_its_last_picture(harness: Harness) -> None:
    exam = harness.session.start("NC-1", ExamStart("ana"))
    harness.capture()
    harness.clock.set_back(3600.0)
    finished = harness.session.finish("ana")
    assert finished.finished_at_utc is not None
    assert finished.finished_at_utc >= exam.started_at_utc
    assert finished.finished_at_utc >= max(image.captured_at_utc for image in finished.images)
    entry = harness.journal.entries(f"exam:{exam.exam_id}")[-1]
    assert entry.detail["clock"] == to_rfc3339(harness.clock.now_utc()), "what it said then is in the journal"


def test_second_exam_is_refused_while_one_is_open(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    with pytest.raises(ExamError, match="Finish or discard"):
        harness.session.start("NC-2", ExamStart("ana"))


def test_full_disk_refuses_and_the_exam_goes_on_afterwards(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    harness.capture()
    before = harness.session.snapshot()
    harness.store.fill_disk()
    harness.show()
    with pytest.raises(StoreError, match="Free some space"):
        harness.session.capture()
    with pytest.raises(StoreError, match="Free some space"):
        harness.session.finish("ana")
    after = harness.session.snapshot()
    assert (after.exam, after.placement, after.counts) == (before.exam, before.placement, before.counts)
    assert "Free some space" in after.last_error
    harness.store.free_disk()
    harness.session.capture()
    assert len(harness.session.finish("ana").images) == 2


def test_open_exam_is_resumed_with_its_captures_and_they_can_be_undone(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    placements = [harness.capture(), harness.capture()]
    resumed = Harness(harness.store)
    snapshot = resumed.session.snapshot()
    assert snapshot.counts == dict.fromkeys(placements, 1)
    assert snapshot.placement == Placement(Hand.LEFT, Finger.INDEX, Sector.C)
    assert resumed.session.undo().placement == placements[1]


def test_many_threads_at_once_lose_no_capture(harness: Harness) -> None:
    exam = harness.session.start("NC-1", ExamStart("ana"))
    kept: list[str] = []

    def press() -> None:
        for _ in range(5):
            harness.show()
            try:
                kept.append(harness.session.capture().image_id)
            except ExamError:
                continue

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {image.image_id for image in harness.store.exam(exam.exam_id).images} == set(kept)
    assert len(kept) == len(set(kept)) > 0


def test_each_verb_makes_the_snapshot_newer_even_if_it_was_refused(harness: Harness) -> None:
    before = harness.session.snapshot()
    with pytest.raises(ExamError):
        harness.session.capture()
    refused = harness.session.snapshot()
    harness.session.start("NC-1", ExamStart("ana"))
    assert before.revision < refused.revision < harness.session.snapshot().revision
    assert {snapshot.boot_id for snapshot in (before, refused, harness.session.snapshot())} == {before.boot_id}
    assert Harness().session.snapshot().boot_id != before.boot_id


def test_protocol_of_16_looks_at_two_sectors_of_each_finger_and_stays_at_its_end(harness: Harness) -> None:
    assert harness.session.start("NC-1", ExamStart("ana", "16")).operator == "ana"
    placements = [harness.capture() for _ in range(16)]
    assert {placement.sector for placement in placements} == {Sector.B, Sector.C}
    assert len(set(placements)) == 16
    assert harness.session.snapshot().placement == placements[-1]


def test_unknown_protocol_is_refused(harness: Harness) -> None:
    with pytest.raises(ExamError, match="no exam protocol '12'"):
        harness.session.start("NC-1", ExamStart("ana", "12"))
    assert harness.session.snapshot().exam is None


def test_after_a_detour_the_first_missing_placement_is_proposed(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana", "32"))
    for _ in range(3):
        harness.capture()
    harness.session.select(Hand.LEFT, Finger.INDEX, Sector.A)
    harness.capture()
    assert harness.session.snapshot().placement == Placement(Hand.LEFT, Finger.INDEX, Sector.D)


def test_skipped_placement_is_stored_passed_over_and_can_be_taken_back(harness: Harness) -> None:
    exam = harness.session.start("NC-1", ExamStart("ana", "32"))
    harness.session.skip("  bandage ", "ana")
    assert harness.session.snapshot().placement.sector is Sector.B
    stored = harness.store.exam(exam.exam_id).skipped
    assert [(one.placement.sector, one.reason) for one in stored] == [(Sector.A, "bandage")]
    harness.session.undo()
    assert harness.store.exam(exam.exam_id).skipped == ()
    assert harness.session.snapshot().placement.sector is Sector.A
    harness.session.redo()
    assert len(harness.store.exam(exam.exam_id).skipped) == 1
    harness.session.select(Hand.LEFT, Finger.INDEX, Sector.A)
    harness.session.unskip()
    assert harness.store.exam(exam.exam_id).skipped == ()
    with pytest.raises(ExamError, match="not skipped"):
        harness.session.unskip()


def test_whole_finger_is_skipped_but_for_what_was_captured(harness: Harness) -> None:
    harness.session.start("NC-1", ExamStart("ana", "32"))
    harness.capture()
    harness.session.skip("injured", "ana", whole_finger=True)
    snapshot = harness.session.snapshot()
    assert snapshot.exam is not None
    assert [one.placement.sector for one in snapshot.exam.skipped] == [Sector.B, Sector.C, Sector.D]
    assert snapshot.placement.finger is Finger.MIDDLE
    harness.session.undo()
    assert harness.session.snapshot().exam.skipped == ()  # type: ignore[union-attr]


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_reason_must_say_something_short(harness: Harness, reason: str) -> None:
    harness.session.start("NC-1", ExamStart("ana"))
    with pytest.raises(ExamError, match="characters"):
        harness.session.skip(reason, "ana")


def test_capture_of_a_skipped_placement_makes_the_skipping_void_until_it_is_undone(harness: Harness) -> None:
    exam = harness.session.start("NC-1", ExamStart("ana"))
    harness.session.skip("too cold", "ana")
    harness.session.select(Hand.LEFT, Finger.INDEX, Sector.A)
    harness.capture()
    assert harness.store.exam(exam.exam_id).skipped == ()
    harness.session.undo()
    assert [one.reason for one in harness.store.exam(exam.exam_id).skipped] == ["too cold"]


def test_retake_replaces_and_undo_brings_the_old_picture_back(harness: Harness) -> None:
    exam = harness.session.start("NC-1", ExamStart("ana"))
    harness.show()
    old = harness.session.capture()
    harness.session.select(old.hand, old.finger, old.sector)
    harness.show()
    new = harness.session.capture(replaces=True)
    assert [image.image_id for image in harness.store.exam(exam.exam_id).images] == [new.image_id]
    harness.session.undo()
    assert [image.image_id for image in harness.store.exam(exam.exam_id).images] == [old.image_id]
    assert harness.session.snapshot().exam == harness.store.exam(exam.exam_id)
    harness.session.redo()
    assert [image.image_id for image in harness.store.exam(exam.exam_id).images] == [new.image_id]
    harness.session.select(old.hand, old.finger, old.sector)
    harness.capture()
    assert harness.session.snapshot().counts[new.placement] == 2, "without asking, a picture is added"


def test_a_button_keeps_the_picture_that_was_shown_when_it_was_pressed_however_late_it_is_heard() -> None:
    exam = SmallExam(pictures=3)
    pressed_s = exam.clock.monotonic_s() + 0.04
    shown = exam.newest
    for _ in range(4):
        exam.show()
    kept = exam.session.capture_at(pressed_s)
    assert shown is not None
    assert kept.captured_at_utc == shown.frame.captured_at_utc
    with pytest.raises(ExamError, match="captured already"):
        exam.session.capture_at(pressed_s)


def test_a_button_keeps_nothing_where_nothing_fresh_was_shown() -> None:
    exam = SmallExam()
    with pytest.raises(ExamError, match="no picture when the button was pressed"):
        exam.session.capture_at(exam.clock.monotonic_s())
    exam.show()
    with pytest.raises(ExamError, match=r"the picture was 1\.5 s old"):
        exam.session.capture_at(exam.clock.monotonic_s() + 1.5)
    assert exam.session.snapshot().last_error != ""


def test_a_capture_keeps_what_was_measured_in_that_very_picture(harness: Harness) -> None:
    """The live view carries widths on for a moment; a capture catches up on that."""
    harness.session.start("NC-1", ExamStart("ana"))
    harness.show()
    assert harness.shown is not None
    whole = replace(harness.shown.analysis, capillaries=harness.shown.analysis.capillaries * 2)
    harness.shown = replace(harness.shown, analysis=replace(harness.shown.analysis, as_still=lambda: whole))
    assert len(harness.session.capture().recorded.analysis.capillaries) == 2


def test_a_picture_that_cannot_be_measured_in_full_is_not_kept(harness: Harness) -> None:
    def fail() -> FrameAnalysis:
        raise InferenceError("the keypoints network failed", "Restart the station.")

    harness.session.start("NC-1", ExamStart("ana"))
    harness.show()
    assert harness.shown is not None
    harness.shown = replace(harness.shown, analysis=replace(harness.shown.analysis, as_still=fail))
    with pytest.raises(InferenceError):
        harness.session.capture()
    assert harness.session.snapshot().last_error
    assert harness.session.snapshot().counts == {}


def test_an_exam_keeps_the_sites_rule_that_it_began_with(harness: Harness) -> None:
    """Whether ramified loops above 50 um count: a changed setting changes no exam that is there, open or not."""
    first = harness.session.start("NC-1", ExamStart("ana"))
    assert first.counts_ramified_giants
    tools = SessionTools(lambda: harness.shown, encode_still, lambda: None)
    strict = ExamSettings(count_ramified_giants=False)
    again = ExamSession(harness.store, tools, ADDRESS, harness.clock, harness.journal, settings=strict)
    resumed = again.snapshot().exam
    assert resumed is not None
    assert resumed.counts_ramified_giants
    again.discard("ana")
    # What an account sends cannot choose it: the site's file does.
    second = again.start("NC-1", ExamStart("ana", counts_ramified_giants=True))
    assert not second.counts_ramified_giants
    assert harness.store.exam(first.exam_id).counts_ramified_giants
    assert not harness.store.exam(second.exam_id).counts_ramified_giants
    details = [one.detail for one in harness.journal.entries(f"exam:{second.exam_id}")]
    assert details[0]["counts_ramified_giants"] is False
