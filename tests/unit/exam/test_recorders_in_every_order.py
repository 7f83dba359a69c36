"""Clips, sweeps and automatic capture while camera, operator and the recorder's thread come in each other's way."""

import threading
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from appliance.analysis.panorama import Panorama
from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.errors import ExamError
from appliance.domain.exam import ImageKind
from appliance.domain.frame import Frame
from appliance.exam import auto_capture, clip, clip_pictures, frame_worker, recording, sweep
from appliance.exam.auto_capture import AutoCapture
from appliance.exam.clip import ClipPhase, ClipRecorder
from appliance.exam.frame_worker import FrameWorker
from appliance.exam.motion_jpeg import read_avi
from appliance.exam.settings import ExamSettings
from appliance.exam.sweep import SweepPhase, SweepRecorder
from tests.support.exam_parts import shown_frame
from tests.support.interleaving import Race, in_every_order, refused_with
from tests.support.small_exam import STEP_S, SmallExam

CLIP = (clip, recording, frame_worker, clip_pictures)
SWEEP = (sweep, recording, frame_worker)


def pause_until(is_true: Callable[[], bool]) -> None:
    while not is_true():
        threading.Event().wait(0.01)


def clips_of(exam: SmallExam, *, frames: int = 2) -> ClipRecorder:
    """A recorder that has seen so many frames; its thread is the test's."""
    recorder = ClipRecorder(exam.session, exam.history, exam.settings)
    for _ in range(frames):
        recorder.offer(exam.show())
        recorder.work_once()
    return recorder


def test_clip_is_refused_in_words_when_the_exam_closes_in_between() -> None:
    def race() -> Race:
        exam = SmallExam()
        recorder = clips_of(exam)

        def close() -> None:
            exam.session.discard("ana")
            recorder.offer(exam.show())

        return Race([refused_with(ExamError, recorder.record), close])

    assert in_every_order(race, *CLIP) > 50


def test_clip_asked_for_while_the_last_one_ends_is_shown_as_recorded() -> None:
    def race() -> Race:
        exam = SmallExam(ExamSettings(clip_after_s=STEP_S / 2))
        recorder = clips_of(exam)
        recorder.record()
        recorder.offer(exam.show())
        second: list[object] = []

        def check() -> None:
            is_accepted = not isinstance(second[0], ExamError)
            assert recorder.state.phase is (ClipPhase.RECORDING if is_accepted else ClipPhase.IDLE)

        return Race([recorder.work_once, lambda: second.append(refused_with(ExamError, recorder.record)())], check)

    assert in_every_order(race, *CLIP) > 50


def test_clip_is_kept_once_when_the_last_frame_and_the_silence_come_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip, "LATE_S", -1.0)

    def race() -> Race:
        exam = SmallExam(ExamSettings(clip_after_s=1.5 * STEP_S))
        recorder = clips_of(exam)
        recorder.start()

        def ask_and_go_on() -> None:
            recorder.record()
            for _ in range(2):
                recorder.offer(exam.show())
            pause_until(lambda: recorder.state.phase is ClipPhase.IDLE)

        def check() -> None:
            assert recorder.state.problem == ""
            assert exam.kept(ImageKind.CLIP) == 1

        return Race([ask_and_go_on], check)

    assert in_every_order(race, *CLIP, most_runs=300) > 50


def test_clip_of_one_patient_holds_no_picture_of_another() -> None:
    mine, others = 200, 40

    def race() -> Race:
        exam = SmallExam(ExamSettings(clip_after_s=STEP_S / 2))
        recorder = clips_of(exam, frames=0)
        recorder.offer(exam.show(others))

        def next_patient() -> None:
            exam.next_patient()
            recorder.offer(exam.show(mine))

        def check() -> None:
            recorder.work_once()
            recorder.offer(exam.show(mine))
            recorder.work_once()
            recorder.record()
            recorder.offer(exam.show(mine))
            recorder.work_once()
            (image,) = exam.session.snapshot().exam.images  # type: ignore[union-attr]
            jpegs, _ = read_avi(exam.store.read_png(exam.session.snapshot().exam.exam_id, image.image_id))  # type: ignore[union-attr]
            greys = {int(cv2.imdecode(np.frombuffer(jpeg, np.uint8), 0).mean()) > 120 for jpeg in jpegs}
            assert greys == {True}, "a picture of the patient before is in the clip"

        return Race([recorder.work_once, next_patient], check)

    assert in_every_order(race, *CLIP, most_runs=100) > 30


class Strip:
    """A stitcher that takes any frames."""

    def __init__(self) -> None:
        self.frames = 0

    @property
    def travelled_px(self) -> float:
        return 24.0 * self.frames

    def add(self, image_rgb: object) -> bool:
        self.frames += 1
        return True

    def panorama(self) -> Panorama:
        image = np.zeros((48, 64 + 24 * self.frames, 3), np.uint8)
        return Panorama(image, np.ones(image.shape[:2], bool), self.frames, self.travelled_px, 1.0)


def whole(panorama: Panorama, frame: Frame) -> AnalysedFrame:
    return shown_frame(frame.seq, frame.captured_monotonic_s)


@pytest.fixture
def sweeper(monkeypatch: pytest.MonkeyPatch) -> Callable[[SmallExam], SweepRecorder]:
    monkeypatch.setattr(sweep, "Stitcher", Strip)
    return lambda exam: SweepRecorder(exam.session, whole, lambda _: None, exam.settings)


def test_cancelled_sweep_is_never_kept_and_one_that_is_kept_cannot_be_cancelled(
    sweeper: Callable[[SmallExam], SweepRecorder],
) -> None:
    def race() -> Race:
        exam = SmallExam()
        recorder = sweeper(exam)
        recorder.start()
        answers: list[object] = []

        def operate() -> None:
            recorder.begin()
            recorder.offer(exam.show())
            recorder.end()
            answers.append(refused_with(ExamError, recorder.cancel)())
            pause_until(lambda: recorder.state.phase is SweepPhase.IDLE)

        def check() -> None:
            is_cancelled = not isinstance(answers[0], ExamError)
            assert exam.kept(ImageKind.PANORAMA) == (0 if is_cancelled else 1)
            assert recorder.state.problem == ""

        return Race([operate], check)

    assert in_every_order(race, *SWEEP) > 50


def test_sweep_that_is_ended_while_the_camera_falls_silent_is_kept(
    sweeper: Callable[[SmallExam], SweepRecorder],
) -> None:
    def race() -> Race:
        exam = SmallExam()
        recorder = sweeper(exam)
        recorder.start()
        recorder.begin()

        def operate() -> None:
            recorder.offer(exam.show())
            recorder.end()
            pause_until(lambda: recorder.state.phase is SweepPhase.IDLE)

        return Race([operate], lambda: exam.kept(ImageKind.PANORAMA) == 1 or pytest.fail("the sweep was lost"))

    assert in_every_order(race, *SWEEP, most_runs=100) > 30


def test_frame_of_a_cancelled_sweep_is_no_part_of_the_next(sweeper: Callable[[SmallExam], SweepRecorder]) -> None:
    exam = SmallExam()
    recorder = sweeper(exam)
    recorder.begin()
    recorder.offer(exam.show())
    recorder.cancel()
    recorder.begin()
    recorder.work_once()
    assert recorder.state.travelled_px == 0


def test_nothing_is_kept_by_itself_once_it_is_switched_off() -> None:
    def race() -> Race:
        exam = SmallExam(pictures=12)
        auto = AutoCapture(exam.session, exam.history, exam.settings)
        auto.switch(True)
        kept_when_off: list[int] = []

        def switch_off() -> None:
            auto.switch(False)
            kept_when_off.append(exam.kept(ImageKind.STILL))

        def check() -> None:
            assert exam.kept(ImageKind.STILL) == kept_when_off[0]
            assert auto.state.phase.value == "off"

        return Race([auto.look, switch_off], check)

    assert in_every_order(race, auto_capture, most_runs=120) > 50


def test_automatic_capture_that_is_switched_off_and_on_looks_afresh() -> None:
    def race() -> Race:
        exam = SmallExam(pictures=12)
        auto = AutoCapture(exam.session, exam.history, exam.settings)
        auto.switch(True)

        def off_and_on() -> None:
            auto.switch(False)
            exam.session.snapshot()
            auto.switch(True)

        def check() -> None:
            kept = exam.kept(ImageKind.STILL)
            exam.show()
            auto.look()
            assert exam.kept(ImageKind.STILL) >= max(kept, 1), "what the look before remembers is in the way"

        return Race([auto.look, off_and_on], check)

    assert in_every_order(race, auto_capture, most_runs=80) > 50


def test_worker_takes_the_newest_offer_and_each_offer_at_most_once() -> None:
    def race() -> Race:
        taken: list[int] = []
        worker = FrameWorker[int]("test", taken.append)
        worker.start()

        def offer() -> None:
            for number in (1, 2, 3):
                worker.offer(number)
            pause_until(lambda: 3 in taken)
            worker.stop()

        def check() -> None:
            assert taken == sorted(set(taken))
            assert taken[-1] == 3
            assert worker.taken == len(taken)

        return Race([offer], check)

    assert in_every_order(race, frame_worker) > 30


def test_worker_survives_a_step_that_fails() -> None:
    def fail_on_one(number: int) -> None:
        taken.append(number)
        if number == 1:
            raise RuntimeError("this frame cannot be worked on")

    taken: list[int] = []
    worker = FrameWorker[int]("test", fail_on_one)
    for number in (1, 2):
        worker.offer(number)
        assert worker.work_once()
    assert taken == [1, 2]
    worker.stop()
    assert not worker.work_once()
