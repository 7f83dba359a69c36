"""Camera, engine and pages at the slot and the grabber, in every order."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from appliance.capture import grabber, latest_frame
from appliance.capture.grabber import FrameGrabber
from appliance.capture.latest_frame import LatestFrame
from appliance.capture.settings import CaptureSettings
from appliance.domain.camera_state import CameraPhase, CameraState
from appliance.domain.errors import CaptureError, EndOfStream
from appliance.domain.frame import CameraDescription, Frame
from tests.support.exam_parts import CAMERA, NOON
from tests.support.interleaving import Race, in_every_order

QUICK = CaptureSettings(stall_timeout_s=9, first_frame_timeout_s=9, reopen_min_s=0.01, reopen_max_s=0.01)


def frame(seq: int) -> Frame:
    return Frame(seq, np.zeros((2, 2, 3), np.uint8), float(seq), NOON, CAMERA)


@dataclass
class Reels:
    """A source that plays what it was given, reel after reel; `fault` is what its driver raises on closing.

    The end of the last reel is the end of the stream.
    """

    reels: list[list[Frame | Exception]]
    fault: Exception | None = None
    opened: int = 0
    closed: int = 0
    _reel: list[Frame | Exception] = field(default_factory=list)

    def open(self) -> CameraDescription:
        self.opened += 1
        self._reel = self.reels.pop(0) if self.reels else [EndOfStream("played to its end")]
        return CAMERA

    def read(self, timeout_s: float) -> Frame | None:
        shown = self._reel.pop(0) if self._reel else CaptureError("the cable is out")
        if isinstance(shown, Exception):
            raise shown
        return shown

    def close(self) -> None:
        self.closed += 1
        if self.fault is not None:
            raise self.fault


def test_each_frame_is_taken_dropped_or_left() -> None:
    def race() -> Race:
        slot = LatestFrame()
        taken: list[int] = []

        def put() -> None:
            for seq in range(3):
                slot.put(frame(seq))

        def take() -> None:
            for _ in range(2):
                if (found := slot.take(0)) is not None:
                    taken.append(found.seq)

        def check() -> None:
            left = slot.take(0)
            assert len(taken) + slot.frames_dropped + (left is not None) == 3
            assert taken == sorted(set(taken))

        return Race([put, take], check)

    assert in_every_order(race, latest_frame) > 50


def test_waiting_engine_gets_the_frame_or_the_end() -> None:
    def race() -> Race:
        slot = LatestFrame()
        found: list[Frame | None] = []

        def work() -> None:
            while not slot.is_closed:
                found.append(slot.take(30))

        return Race(
            [work, lambda: (slot.put(frame(1)), slot.put(frame(2)), slot.close())],
            lambda: slot.take(0) is None or pytest.fail("a frame lies in a closed slot"),
        )

    assert in_every_order(race, latest_frame) > 50


@pytest.mark.parametrize("fault", [CaptureError("busy"), OSError(19, "No such device"), RuntimeError("driver bug")])
def test_driver_that_fails_on_closing_does_not_end_the_cameras_thread(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def race() -> Race:
        changes: list[CameraPhase] = []
        source = Reels([[frame(1)], [frame(2), frame(3)]], fault)
        grabbing = FrameGrabber(source, LatestFrame(), QUICK, on_change=lambda state: changes.append(state.phase))

        def watch() -> None:
            grabbing.start()
            grabbing._thread.join()  # type: ignore[union-attr]

        def check() -> None:
            assert (source.opened, source.closed) == (3, 3)
            lost = [CameraPhase.LIVE, CameraPhase.LOST]
            assert changes == [*lost, *lost, CameraPhase.ENDED]
            assert grabbing.state.reason == "played to its end"
            assert grabbing.state.frames_captured == 3

        return Race([watch], check)

    assert in_every_order(race, grabber, most_runs=3) >= 1


def test_listener_that_fails_does_not_end_the_cameras_thread() -> None:
    def race() -> Race:
        def fail(_: CameraState) -> None:
            raise RuntimeError("nobody listens")

        source = Reels([[frame(1)]])
        grabbing = FrameGrabber(source, LatestFrame(), QUICK, on_change=fail)

        def watch() -> None:
            grabbing.start()
            grabbing._thread.join()  # type: ignore[union-attr]

        return Race([watch], lambda: grabbing.state.phase is CameraPhase.ENDED or pytest.fail("the thread died"))

    assert in_every_order(race, grabber, most_runs=3) >= 1


def test_state_is_whole_and_stopping_ends_the_thread_wherever_it_is() -> None:
    def race() -> Race:
        source = Reels([[frame(1), frame(2)], [frame(3)]], OSError("closing fails"))
        slot = LatestFrame()
        grabbing = FrameGrabber(source, slot, QUICK)
        grabbing.start()

        def read() -> None:
            for _ in range(3):
                state = grabbing.state
                assert (state.reason == "") == (state.phase is CameraPhase.LIVE)
                assert state.phase is not CameraPhase.LIVE or state.frames_captured > 0

        def stop() -> None:
            grabbing.stop(60)
            assert not grabbing._thread.is_alive()  # type: ignore[union-attr]

        return Race([read, stop], lambda: source.closed == source.opened or pytest.fail("the source stays open"))

    assert in_every_order(race, grabber) > 50
