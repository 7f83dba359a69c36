"""The last seconds' pictures, the best of them, automatic capture, clips and sweeps."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.analysis.panorama import Panorama
from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.errors import ExamError
from appliance.domain.exam import ExamStart, ImageKind, Sector
from appliance.domain.frame import Frame
from appliance.exam.auto_capture import AutoCapture, AutoPhase
from appliance.exam.best_frame import best_of
from appliance.exam.clip import ClipPhase, ClipRecorder
from appliance.exam.frame_history import HELD_AT_ONCE, FrameHistory
from appliance.exam.message import BoxAddress
from appliance.exam.motion_jpeg import read_avi, write_avi
from appliance.exam.session import ExamSession
from appliance.exam.session_state import SessionTools
from appliance.exam.settings import ExamSettings
from appliance.exam.sweep import SweepPhase, SweepRecorder
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from appliance.storage.still_encoder import encode_still
from engines.synthetic.render import render
from tests.support.exam_parts import HeldClock, shown_frame

Picture = NDArray[np.uint8]
SETTINGS = ExamSettings(clip_before_s=0.45, clip_after_s=0.45)


@pytest.fixture(scope="module")
def places() -> tuple[Picture, ...]:
    """Three nailfolds that nobody would confuse."""
    return tuple(render(seed, difficulty=0.2).image_rgb for seed in (1, 5, 9))


class Scope:
    """A session with a scope that shows what it is told, ten pictures a second."""

    def __init__(self) -> None:
        self.clock, self.store, self.history = HeldClock(), MemoryExamStore(), FrameHistory(SETTINGS.history_s)
        self.seq = 0
        self.newest: AnalysedFrame | None = None
        journal = MemoryJournal(self.clock.now_utc, self.store.outbox)
        tools = SessionTools(lambda: self.newest, encode_still, history=self.history)
        self.session = ExamSession(
            self.store, tools, BoxAddress("clinic-1", "box-7"), self.clock, journal, settings=SETTINGS
        )
        self.session.start("NC-1", ExamStart("ana", "32"))
        self.listeners: list[Callable[[Frame], None]] = []

    def show(
        self, image: Picture, *, focus: float = 0.8, motion_px: float = 0.5, evaluable: bool = True
    ) -> AnalysedFrame:
        self.clock.advance(0.1)
        self.seq += 1
        template = shown_frame(self.seq, self.clock.monotonic_s(), evaluable=evaluable)
        height, width = image.shape[:2]
        quality = replace(template.analysis.quality, focus=focus, motion_px=motion_px)
        analysis = replace(template.analysis, quality=quality, width_px=width, height_px=height)
        self.newest = AnalysedFrame(replace(template.frame, image_rgb=image), analysis)
        for listener in self.listeners:
            listener(self.newest.frame)
        self.history.add(self.newest)
        return self.newest

    @property
    def kinds(self) -> list[ImageKind]:
        exam = self.session.snapshot().exam
        return [] if exam is None else [image.kind for image in exam.images]


@pytest.fixture
def scope() -> Scope:
    return Scope()


def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_space_keeps_the_best_picture_of_the_last_half_second(scope: Scope, places: tuple[Picture, ...]) -> None:
    scope.show(places[0], focus=0.99)
    shown = [scope.show(places[0], focus=focus) for focus in (0.5, 0.5, 0.9, 0.5, 0.6, 0.5)]
    image = scope.session.capture()
    assert image.captured_at_utc == shown[2].frame.captured_at_utc, "neither the newest nor one of 0.6 s before it"


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"focus": 0.4}, {"focus": 0.9, "evaluable": False}),
        ({"focus": 0.8}, {"focus": 0.5}),
        ({"motion_px": 0.2}, {"motion_px": 7.0}),
    ],
)
def test_evaluable_then_sharp_then_still_pictures_are_preferred(
    scope: Scope, places: tuple[Picture, ...], better: dict[str, float], worse: dict[str, float]
) -> None:
    good, bad = scope.show(places[0], **better), scope.show(places[0], **worse)  # type: ignore[arg-type]
    assert best_of((good, bad)) is good


def test_history_is_bounded_in_time_and_bytes(scope: Scope, places: tuple[Picture, ...]) -> None:
    for _ in range(60):
        scope.show(places[0])
    assert len(scope.history.recent(100)) == 21, "two seconds, ten a second"
    small = FrameHistory(3.0, most_bytes=3 * places[0].nbytes)
    for shown in scope.history.recent(100):
        small.add(shown)
    assert len(small.recent(100)) == 3


def test_held_picture_can_be_captured_long_after_it_left_the_history(scope: Scope, places: tuple[Picture, ...]) -> None:
    frozen = scope.show(places[1])
    scope.history.hold(frozen.frame.seq)
    for _ in range(60):
        scope.show(places[0])
    image = scope.session.capture(seq=frozen.frame.seq)
    assert image.captured_at_utc == frozen.frame.captured_at_utc
    scope.history.let_go(frozen.frame.seq)
    with pytest.raises(ExamError, match="no longer at hand"):
        scope.session.capture(seq=frozen.frame.seq)
    with pytest.raises(ExamError, match="no longer at hand"):
        scope.history.hold(frozen.frame.seq)


def test_only_a_few_pictures_are_held_at_once(scope: Scope, places: tuple[Picture, ...]) -> None:
    held = [scope.show(places[0]).frame.seq for _ in range(HELD_AT_ONCE + 1)]
    for seq in held:
        scope.history.hold(seq)
    for _ in range(60):
        scope.show(places[0])
    assert [scope.history.find(seq) is not None for seq in held] == [False, *[True] * HELD_AT_ONCE]


def looks(scope: Scope, auto: AutoCapture, image: Picture, count: int, **how: float) -> list[AutoPhase]:
    phases = []
    for _ in range(count):
        scope.show(image, **how)  # type: ignore[arg-type]
        auto.look()
        phases.append(auto.state.phase)
    return phases


def test_each_place_is_kept_once_and_the_next_after_a_move(scope: Scope, places: tuple[Picture, ...]) -> None:
    auto = AutoCapture(scope.session, scope.history, SETTINGS)
    auto.switch(True)
    assert AutoPhase.KEPT in looks(scope, auto, places[0], 12)
    looks(scope, auto, places[0], 30)
    assert len(scope.kinds) == 1, "the same view was filed under the next sector"
    nudged = np.roll(places[0], 25, axis=1)
    looks(scope, auto, nudged, 12)
    assert len(scope.kinds) == 1, "a slip of the hand is no other place"
    looks(scope, auto, places[1], 12)
    looks(scope, auto, places[2], 12)
    exam = scope.session.snapshot().exam
    assert exam is not None
    assert [image.sector for image in exam.images] == [Sector.A, Sector.B, Sector.C]


@pytest.mark.parametrize("how", [{"motion_px": 30.0}, {"evaluable": False}])
def test_moving_or_bad_pictures_are_never_kept(
    scope: Scope, places: tuple[Picture, ...], how: dict[str, float]
) -> None:
    auto = AutoCapture(scope.session, scope.history, SETTINGS)
    auto.switch(True)
    assert set(looks(scope, auto, places[0], 30, **how)) == {AutoPhase.LOOKING}
    assert scope.kinds == []


def test_progress_rises_and_a_single_bad_picture_does_not_end_it(scope: Scope, places: tuple[Picture, ...]) -> None:
    auto = AutoCapture(scope.session, scope.history, SETTINGS)
    auto.switch(True)
    looks(scope, auto, places[0], 4)
    before = auto.state.progress
    looks(scope, auto, places[0], 1, evaluable=False)
    looks(scope, auto, places[0], 1)
    assert 0 < before < auto.state.progress < 1


def test_what_was_captured_by_hand_or_taken_back_is_not_kept_again(scope: Scope, places: tuple[Picture, ...]) -> None:
    auto = AutoCapture(scope.session, scope.history, SETTINGS)
    auto.switch(True)
    looks(scope, auto, places[0], 3)
    scope.session.capture()
    looks(scope, auto, places[0], 20)
    assert len(scope.kinds) == 1
    scope.session.undo()
    looks(scope, auto, places[0], 20)
    assert scope.kinds == []


def test_full_disk_switches_it_off_and_says_why(scope: Scope, places: tuple[Picture, ...]) -> None:
    auto = AutoCapture(scope.session, scope.history, SETTINGS)
    auto.start()
    try:
        auto.switch(True)
        scope.store.fill_disk()
        for _ in range(12):
            scope.show(places[0])
        auto.notice()
        until(lambda: auto.state.problem != "")
    finally:
        auto.stop()
    assert auto.state.phase is AutoPhase.OFF
    assert scope.kinds == []


def test_avi_gives_back_every_picture_and_opencv_reads_it(places: tuple[Picture, ...], tmp_path) -> None:
    jpegs = [cv2.imencode(".jpg", image)[1].tobytes() for image in places]
    video = write_avi(jpegs, 12.5, 640, 480)
    assert read_avi(video) == (jpegs, 12.5)
    path = tmp_path / "clip.avi"
    path.write_bytes(video)
    reader = cv2.VideoCapture(str(path))
    assert reader.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)
    frames = [reader.read() for _ in range(4)]
    reader.release()
    assert [is_there for is_there, _ in frames] == [True, True, True, False]
    assert np.abs(frames[1][1].astype(int) - cv2.imdecode(np.frombuffer(jpegs[1], np.uint8), 1)).mean() < 1.5


def test_files_that_are_no_avi_are_refused() -> None:
    with pytest.raises(ValueError, match="not an AVI"):
        read_avi(b"\x89PNG\r\n\x1a\n0000")
    with pytest.raises(ValueError, match="0 pictures"):
        write_avi([], 25.0, 640, 480)


def offer_and_wait(recorder: ClipRecorder | SweepRecorder, frame: Frame) -> None:
    """The camera waits here until the recorder has taken the frame, so that no test depends on the computer's speed."""
    taken = recorder.taken
    recorder.offer(frame)
    if not isinstance(recorder, SweepRecorder) or recorder.state.phase is SweepPhase.SWEEPING:
        until(lambda: recorder.taken > taken)


@pytest.fixture
def clips(scope: Scope) -> Iterator[ClipRecorder]:
    recorder = ClipRecorder(scope.session, scope.history, SETTINGS)
    recorder.start()

    scope.listeners.append(lambda frame: offer_and_wait(recorder, frame))
    yield recorder
    recorder.stop()


def test_clip_holds_the_seconds_before_and_after(
    scope: Scope, clips: ClipRecorder, places: tuple[Picture, ...]
) -> None:
    for _ in range(20):
        scope.show(places[0])
    clips.record()
    with pytest.raises(ExamError, match="being recorded"):
        clips.record()
    assert clips.state.phase is ClipPhase.RECORDING
    for _ in range(6):
        scope.show(places[1], focus=0.95)
    until(lambda: clips.state.phase is ClipPhase.IDLE)
    assert clips.state.problem == ""
    exam = scope.session.snapshot().exam
    assert exam is not None
    (clip,) = exam.images
    assert (clip.kind, clip.file_name.endswith(".avi")) == (ImageKind.CLIP, True)
    jpegs, fps = read_avi(scope.store.read_png(exam.exam_id, clip.image_id))
    assert (len(jpegs), round(fps)) == (10, 10)
    first = cv2.imdecode(np.frombuffer(jpegs[0], np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert np.abs(first.astype(int) - places[0]).mean() < 3
    assert scope.session.snapshot().counts == {}, "a clip is no still of its sector"
    assert not scope.session.snapshot().can_finish, "a clip alone is no result"
    scope.show(places[2])
    still = scope.session.capture()
    finished = scope.session.finish("ana")
    assert len(finished.images) == 2
    (message,) = scope.store.outbox.due(scope.clock.now_utc())
    sent = json.loads(message.message.payload)
    assert [image["image_id"] for image in sent["images"]] == [still.image_id]
    assert sent["fingers"][0]["images"] == 1


def test_clip_needs_an_exam_and_pictures(scope: Scope, clips: ClipRecorder, places: tuple[Picture, ...]) -> None:
    with pytest.raises(ExamError, match="no picture"):
        clips.record()
    scope.show(places[0])
    scope.session.discard("ana")
    with pytest.raises(ExamError, match="no exam is open"):
        clips.record()


def whole(panorama: Panorama, frame: Frame) -> AnalysedFrame:
    template = shown_frame(frame.seq, frame.captured_monotonic_s)
    height, width = panorama.image_rgb.shape[:2]
    analysis = replace(template.analysis, width_px=width, height_px=height)
    return AnalysedFrame(replace(frame, image_rgb=panorama.image_rgb), analysis)


@pytest.fixture
def sweeper(scope: Scope) -> Iterator[SweepRecorder]:
    recorder = SweepRecorder(scope.session, whole, lambda _: None, SETTINGS)
    recorder.start()
    scope.listeners.append(lambda frame: offer_and_wait(recorder, frame))
    yield recorder
    recorder.stop()


def sweep_along(scope: Scope, strip: Picture) -> None:
    for left in range(0, strip.shape[1] - 320, 24):
        scope.show(np.ascontiguousarray(strip[:, left : left + 320]))


def test_sweep_becomes_a_kept_panorama(scope: Scope, sweeper: SweepRecorder, places: tuple[Picture, ...]) -> None:
    sweeper.begin()
    sweep_along(scope, places[0])
    assert sweeper.state.travelled_px > 250
    sweeper.end()
    until(lambda: sweeper.state.phase is SweepPhase.IDLE)
    assert sweeper.state.problem == ""
    exam = scope.session.snapshot().exam
    assert exam is not None
    (image,) = exam.images
    assert (image.kind, image.sector) == (ImageKind.PANORAMA, Sector.PANORAMIC)
    assert image.analysis.width_px == pytest.approx(320 + 312, abs=12)
    scope.session.undo()
    assert scope.kinds == []


def test_sweep_that_did_not_move_is_refused_with_the_reason(
    scope: Scope, sweeper: SweepRecorder, places: tuple[Picture, ...]
) -> None:
    sweeper.begin()
    for _ in range(4):
        scope.show(places[0])
    sweeper.end()
    until(lambda: sweeper.state.phase is SweepPhase.IDLE)
    assert "hardly moved" in sweeper.state.problem
    assert scope.kinds == []


def test_cancelled_sweep_and_one_of_a_closed_exam_keep_nothing(
    scope: Scope, sweeper: SweepRecorder, places: tuple[Picture, ...]
) -> None:
    sweeper.begin()
    sweeper.cancel()
    with pytest.raises(ExamError, match="no sweep"):
        sweeper.end()
    sweeper.begin()
    sweep_along(scope, places[0])
    scope.session.discard("ana")
    sweeper.end()
    until(lambda: sweeper.state.phase is SweepPhase.IDLE)
    assert "closed" in sweeper.state.problem
