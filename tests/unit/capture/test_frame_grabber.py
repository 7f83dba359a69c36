import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.capture.grabber import FrameGrabber
from appliance.capture.latest_frame import LatestFrame
from appliance.capture.settings import CaptureSettings
from appliance.capture.simulated import SceneOptions, SimulatedSource
from appliance.domain.camera_state import CameraPhase, CameraState
from appliance.domain.errors import CaptureError, EndOfStream
from appliance.domain.frame import CameraDescription, Frame
from appliance.ports import VideoSource

_QUICK = CaptureSettings(stall_timeout_s=0.3, first_frame_timeout_s=0.3, reopen_min_s=0.02, reopen_max_s=0.1)


class GreyScene:
    def frame(self, elapsed_s: float) -> NDArray[np.uint8]:
        return np.full((16, 16, 3), 128, np.uint8)


def simulated() -> SimulatedSource:
    return SimulatedSource(lambda options: GreyScene(), SceneOptions(16, 16), fps=100)


@contextmanager
def grabbing(source: VideoSource, settings: CaptureSettings = _QUICK) -> Iterator[tuple[FrameGrabber, LatestFrame]]:
    slot = LatestFrame()
    grabber = FrameGrabber(source, slot, settings)
    grabber.start()
    try:
        yield grabber, slot
    finally:
        grabber.stop()
        slot.close()


def wait_until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "timed out"
        time.sleep(0.005)


def wait_for(grabber: FrameGrabber, phase: CameraPhase) -> CameraState:
    wait_until(lambda: grabber.state.phase is phase)
    return grabber.state


def test_before_the_first_frame_the_camera_is_starting_and_says_so() -> None:
    state = FrameGrabber(simulated(), LatestFrame(), _QUICK).state
    assert state.phase is CameraPhase.STARTING
    assert state.camera is None
    assert state.reason


def test_frames_arrive_and_are_counted() -> None:
    with grabbing(simulated()) as (grabber, slot):
        frames = [slot.take(2) for _ in range(20)]
        state = grabber.state
    seqs = [frame.seq for frame in frames if frame is not None]
    assert len(seqs) == 20
    assert seqs == sorted(set(seqs))
    assert state.phase is CameraPhase.LIVE
    assert state.reason == ""
    assert state.camera is not None
    assert state.camera.name == "Simulated capillaroscope"
    assert state.frames_captured >= 20
    assert 5 < state.capture_fps < 150


def test_a_consumer_that_never_comes_costs_frames_and_nothing_else() -> None:
    with grabbing(simulated()) as (grabber, _):
        wait_until(lambda: grabber.state.frames_captured >= 30)
        state = grabber.state
    assert state.phase is CameraPhase.LIVE
    assert state.frames_captured - 2 <= state.frames_dropped <= state.frames_captured


def test_unplug_is_told_with_its_remedy_and_replug_recovers() -> None:
    source = simulated()
    with grabbing(source) as (grabber, slot):
        wait_for(grabber, CameraPhase.LIVE)
        source.unplug()
        lost = wait_for(grabber, CameraPhase.LOST)
        last_seq = lost.frames_captured
        source.replug()
        wait_for(grabber, CameraPhase.LIVE)
        wait_until(lambda: grabber.state.frames_captured > last_seq + 3)
        frame = slot.take(2)
    assert "unplugged" in lost.reason
    assert "Plug it in" in lost.reason
    assert lost.capture_fps == 0
    assert frame is not None
    assert frame.seq > last_seq


def test_a_camera_that_falls_silent_is_opened_again() -> None:
    source = simulated()
    with grabbing(source) as (grabber, _):
        wait_for(grabber, CameraPhase.LIVE)
        source.stall()
        lost = wait_for(grabber, CameraPhase.LOST)
        assert "no picture for 0.3 s" in lost.reason
        wait_for(grabber, CameraPhase.LIVE)


def test_changes_are_published_once_each_in_order() -> None:
    source, changes = simulated(), []
    source.unplug()
    grabber = FrameGrabber(source, LatestFrame(), _QUICK, on_change=changes.append)
    grabber.start()
    try:
        wait_for(grabber, CameraPhase.LOST)
        time.sleep(0.3)  # several more attempts with the same reason
        source.replug()
        wait_for(grabber, CameraPhase.LIVE)
    finally:
        grabber.stop()
    assert [change.phase for change in changes] == [CameraPhase.LOST, CameraPhase.LIVE]


class Scripted:
    """A source whose every open and read is written down beforehand."""

    def __init__(self, reads: list[Exception | None]) -> None:
        self.reads = reads
        self.opened_at_s: list[float] = []
        self.closed = 0
        self.threads: set[int] = set()

    def open(self) -> CameraDescription:
        self.opened_at_s.append(time.monotonic())
        return CameraDescription("Scripted", "scripted", "rgb8", 2, 2)

    def read(self, timeout_s: float) -> Frame | None:
        self.threads.add(threading.get_ident())
        outcome = self.reads.pop(0) if self.reads else None
        if outcome is None:
            time.sleep(timeout_s)
            return None
        raise outcome

    def close(self) -> None:
        self.closed += 1


def test_the_wait_between_attempts_doubles_up_to_its_limit() -> None:
    source = Scripted([CaptureError("gone") for _ in range(5)])
    settings = CaptureSettings(reopen_min_s=0.05, reopen_max_s=0.2, stall_timeout_s=30, first_frame_timeout_s=30)
    with grabbing(source, settings):
        wait_until(lambda: len(source.opened_at_s) == 6)
    waits_s = np.diff(source.opened_at_s)
    assert (waits_s >= [0.05, 0.1, 0.2, 0.2, 0.2]).all()
    assert waits_s[3:].min() < 0.39  # without the limit the fourth would be 0.4
    assert source.closed == 6


def test_the_end_of_a_file_is_no_fault_and_ends_the_thread() -> None:
    source = Scripted([EndOfStream("exam.mp4 has been played to its end")])
    with grabbing(source) as (grabber, _):
        state = wait_for(grabber, CameraPhase.ENDED)
        time.sleep(0.1)
        assert len(source.opened_at_s) == 1
    assert "played to its end" in state.reason
    assert source.closed == 1


def test_an_unforeseen_failure_of_the_driver_does_not_kill_the_thread() -> None:
    source = Scripted([RuntimeError("driver bug")])
    with grabbing(source) as (grabber, _):
        lost = wait_for(grabber, CameraPhase.LOST)
        wait_until(lambda: len(source.opened_at_s) == 2)
    assert "driver bug" in lost.reason


def test_stop_closes_the_source_and_may_come_before_start(tmp_path: Path) -> None:
    source = simulated()
    grabber = FrameGrabber(source, LatestFrame(), _QUICK)
    grabber.stop()
    grabber = FrameGrabber(source, LatestFrame(), _QUICK)
    grabber.start()
    wait_for(grabber, CameraPhase.LIVE)
    grabber.stop()
    grabber.stop()
    with pytest.raises(CaptureError, match="before it was opened"):
        source.read(0.1)
