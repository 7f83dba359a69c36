"""The live picture, the last seconds and the exam itself, used by several threads at once."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest

from appliance.domain.calibration import Axis
from appliance.domain.errors import CalibrationError, ExamError
from appliance.domain.exam import ImageKind
from appliance.domain.kept_calibration import CalibrationState
from appliance.exam import (
    calibration_service,
    frame_history,
    live,
    live_subscription,
    open_exam,
    scale_in_force,
    session,
)
from appliance.exam.frame_history import HELD_AT_ONCE, FrameHistory
from appliance.exam.live import LiveHub
from appliance.exam.live_subscription import Subscription
from appliance.exam.scale_in_force import ScaleInForce
from appliance.storage.memory_calibrations import MemoryCalibrationStore
from appliance.storage.memory_journal import MemoryJournal
from tests.support.calibration_parts import kept_at, new_calibration_service
from tests.support.exam_parts import NOON, shown_frame
from tests.support.interleaving import Race, in_every_order, refused_with
from tests.support.small_exam import SmallExam

HUB = (live, live_subscription)


def state_of(listener: Subscription) -> int | None:
    text = listener.take_status()
    return None if text is None else int(json.loads(text)["number"])


def test_whoever_comes_while_the_state_changes_ends_with_the_newest() -> None:
    def race() -> Race:
        hub = LiveHub()
        hub.publish_status({"number": 1})
        came: list[Subscription] = []
        return Race(
            [lambda: came.append(hub.subscribe()), lambda: hub.publish_status({"number": 2})],
            lambda: state_of(came[0]) == 2 or pytest.fail("the page shows the state before"),
        )

    assert in_every_order(race, *HUB) > 20


def test_nobody_is_called_and_nothing_is_kept_after_closing() -> None:
    def race() -> Race:
        hub = LiveHub()
        said: list[str] = []
        listener = hub.subscribe(lambda: said.append("called"))

        def close() -> None:
            listener.close()
            said.append("closed")

        def check() -> None:
            assert said[-1] == "closed"
            assert listener.take_picture() is None
            assert listener.take_status() is None
            assert hub.listeners == 0

        return Race([close, lambda: (listener.offer_picture(b"1"), hub.publish_status({"number": 1}))], check)

    assert in_every_order(race, *HUB) > 50


def test_each_picture_is_taken_or_counted_as_dropped() -> None:
    def race() -> Race:
        hub = LiveHub()
        listener = hub.subscribe()
        taken: list[bytes] = []

        def offer() -> None:
            for picture in (b"1", b"2", b"3"):
                listener.offer_picture(picture)

        def take() -> None:
            for _ in range(2):
                if (picture := listener.wait_picture(1.0)) is not None:
                    taken.append(picture)

        def check() -> None:
            left = listener.take_picture()
            assert len(taken) + listener.dropped + (left is not None) == 3
            assert taken == sorted(taken)

        return Race([offer, take], check)

    assert in_every_order(race, live_subscription) > 50


def test_hub_that_is_stopped_while_another_thread_starts_it_never_hangs() -> None:
    def race() -> Race:
        hub = LiveHub()
        hub.start()
        return Race([hub.stop, hub.start])

    assert in_every_order(race, *HUB) > 30


def test_hub_shows_each_picture_once_to_who_listens() -> None:
    def race() -> Race:
        hub = LiveHub()
        listener = hub.subscribe()
        hub.start()
        seen: list[bytes] = []

        def show() -> None:
            for seq in (1, 2):
                shown = shown_frame(seq, float(seq))
                hub.publish(shown.frame, shown.analysis)

        def watch() -> None:
            while (picture := listener.wait_picture(1.0)) is not None:
                seen.append(picture)

        def check() -> None:
            assert len(seen) + listener.dropped == hub.frames_encoded
            assert hub.frames_encoded + hub.frames_skipped == 2

        return Race([show, watch], check)

    assert in_every_order(race, *HUB) > 50


def test_history_keeps_its_bounds_and_what_is_held_while_pictures_come() -> None:
    def race() -> Race:
        pictures = [shown_frame(seq, seq / 10) for seq in range(6)]
        history = FrameHistory(0.25, most_bytes=3 * pictures[0].frame.image_rgb.nbytes)
        for one in pictures[:3]:
            history.add(one)
        held: list[object] = []

        def come() -> None:
            for one in pictures[3:]:
                history.add(one)

        def freeze() -> None:
            held.append(refused_with(ExamError, lambda: history.hold(2))())

        def check() -> None:
            assert [one.frame.seq for one in history.recent(9)] == [3, 4, 5]
            assert (history.find(2) is None) == isinstance(held[0], ExamError)
            history.let_go(2)
            assert history.find(2) is None

        return Race([come, freeze], check)

    assert in_every_order(race, frame_history) > 50


def test_no_more_pictures_are_held_than_there_is_room_for() -> None:
    def race() -> Race:
        history = FrameHistory(9)
        for seq in range(2 * HELD_AT_ONCE):
            history.add(shown_frame(seq, seq / 100))

        def hold(seqs: range) -> None:
            for seq in seqs:
                history.hold(seq)

        def check() -> None:
            for seq in range(40):
                history.add(shown_frame(100 + seq, 10.0 + seq))
            assert sum(history.find(seq) is not None for seq in range(2 * HELD_AT_ONCE)) == HELD_AT_ONCE

        return Race([lambda: hold(range(HELD_AT_ONCE)), lambda: hold(range(HELD_AT_ONCE, 2 * HELD_AT_ONCE))], check)

    assert in_every_order(race, frame_history, most_runs=60) > 30


def test_capture_and_end_of_the_exam_leave_store_and_page_alike() -> None:
    def race() -> Race:
        exam = SmallExam(pictures=8)
        exam.session.capture()
        exam.show()
        revisions: list[int] = []

        def capture() -> None:
            refused_with(ExamError, exam.session.capture)()
            revisions.append(exam.session.snapshot().revision)

        def check() -> None:
            assert exam.session.snapshot().exam is None
            (due,) = exam.store.outbox.due(exam.clock.now_utc())
            sent = json.loads(due.message.payload)
            assert len(sent["images"]) == exam.kept(ImageKind.STILL), "a picture was kept that the message lacks"

        return Race([capture, lambda: exam.session.finish("ana")], check)

    assert in_every_order(race, session, open_exam, most_runs=40) > 20


def test_snapshots_are_whole_while_the_exam_changes() -> None:
    def race() -> Race:
        exam = SmallExam(pictures=8)

        def work() -> None:
            exam.session.capture()
            exam.session.undo()
            exam.session.discard("ana")

        def read() -> None:
            for _ in range(4):
                now = exam.session.snapshot()
                images = () if now.exam is None else now.exam.images
                assert sum(now.counts.values()) == len(images)
                assert now.can_undo == bool(images)
                assert now.can_redo <= (now.exam is not None)

        return Race([work, read])

    assert in_every_order(race, session, open_exam, most_runs=80) > 30


def test_recording_of_a_closed_exam_never_reaches_the_next_one() -> None:
    def race() -> Race:
        exam = SmallExam(pictures=2)
        shown, placement = exam.picture(), exam.session.snapshot().placement
        keep = refused_with(ExamError, lambda: exam.session.keep_clip(b"avi", shown, exam.exam_id, placement))

        def check() -> None:
            now = exam.session.snapshot().exam
            assert now is not None
            assert now.images == ()

        return Race([keep, exam.next_patient], check)

    assert in_every_order(race, session, open_exam, most_runs=60) > 20


def test_changed_calibration_holds_from_the_next_frame_on() -> None:
    def race() -> Race:
        store = MemoryCalibrationStore()
        kept = kept_at("200x", 64)
        store.keep(kept, {Axis.X: b"png"})
        store.state_magnification(kept.device_id, kept.setup.magnification, NOON, "anna")
        in_force = ScaleInForce(store)
        shown = shown_frame(1, 1.0).frame
        camera = replace(shown.camera, camera_id=kept.device_id)
        frame = replace(shown, image_rgb=np.zeros((480, 64, 3), np.uint8), camera=camera)
        assert ScaleInForce(store).for_frame(frame).calibration is not None

        def retire() -> None:
            store.set_state(kept.calibration.calibration_id, CalibrationState.RETIRED, NOON, "anna")
            in_force.forget()
            assert in_force.for_frame(frame).calibration is None

        def check() -> None:
            assert in_force.for_frame(frame).calibration is None

        return Race([lambda: in_force.for_frame(frame), retire], check)

    assert in_every_order(race, scale_in_force) > 20


def test_frozen_picture_is_found_or_refused_while_others_freeze() -> None:
    def race() -> Race:
        frame = shown_frame(1, 1.0).frame
        service = new_calibration_service(MemoryJournal(lambda: NOON), lambda: frame)
        first = service.freeze().picture_id

        def freeze() -> None:
            for _ in range(6):
                service.freeze()

        return Race([freeze, refused_with(CalibrationError, lambda: service.picture(first))])

    assert in_every_order(race, calibration_service, most_runs=60) > 30


def test_journal_says_what_the_magnification_was_before() -> None:
    def race() -> Race:
        frame = shown_frame(1, 1.0).frame
        journal = MemoryJournal(lambda: NOON)
        service = new_calibration_service(journal, lambda: frame)

        def check() -> None:
            first, second = (entry.detail for entry in journal.entries())
            assert (first["before"], second["before"]) == (None, first["magnification"])

        return Race(
            [lambda: service.state_magnification("50x", "anna"), lambda: service.state_magnification("200x", "b")],
            check,
        )

    assert in_every_order(race, calibration_service, most_runs=100) > 20


def test_threads_of_these_tests_are_real_ones_otherwise() -> None:
    assert isinstance(threading.Thread(), threading.Thread)
    assert type(threading.Lock()).__module__ == "_thread"
