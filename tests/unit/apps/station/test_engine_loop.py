"""The engine's thread goes on whatever a single frame does to it, and says so."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

import numpy as np
import pytest

from appliance.apps.station.engine_loop import EngineLoop
from appliance.capture.latest_frame import LatestFrame
from appliance.domain.analysis_result import EngineIdentity, FrameAnalysis
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.metrics import ImageMetrics
from appliance.domain.quality import FrameQuality

CAMERA = CameraDescription("scope", "scope:1", "rgb8", 64, 48)
SCALE = Calibration("bench-1", 1.41, 64, 48, ScaleOrigin.OPERATOR)
UTC = timezone.utc


def frame_of(seq: int) -> Frame:
    return Frame(seq, np.zeros((48, 64, 3), np.uint8), float(seq), datetime(2026, 11, 22, tzinfo=UTC), CAMERA)


def analysis_of(frame: Frame, calibration: Calibration | None) -> FrameAnalysis:
    return FrameAnalysis(
        seq=frame.seq,
        captured_monotonic_s=frame.captured_monotonic_s,
        captured_at_utc=frame.captured_at_utc,
        width_px=64,
        height_px=48,
        um_per_px=calibration.um_per_px if calibration else None,
        calibration_id=calibration.calibration_id if calibration else None,
        quality=FrameQuality(True, (), 1.0, 0.0, None, 0.5),
        capillaries=(),
        haemorrhages=(),
        metrics=ImageMetrics(0, 0, None, None, "no_distal_row", None, None, 0, 0, 0, 0, 0, 0, 0, 0),
        identity=EngineIdentity("0", "none", {}),
    )


class Listener:
    """Keeps what was published, and lets a test wait for it."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Frame, FrameAnalysis]] = []
        self.came = threading.Event()

    def __call__(self, frame: Frame, analysis: FrameAnalysis) -> None:
        self.pairs.append((frame, analysis))
        self.came.set()


@contextmanager
def running(
    analyse: Callable[[Frame, Calibration | None], FrameAnalysis], listener: Listener
) -> Iterator[tuple[EngineLoop, LatestFrame]]:
    slot = LatestFrame()
    loop = EngineLoop(slot, analyse, lambda _: SCALE, listener)
    loop.start()
    try:
        yield loop, slot
    finally:
        slot.close()
        assert loop.join(5.0)


def show(slot: LatestFrame, listener: Listener, seq: int) -> None:
    listener.came.clear()
    slot.put(frame_of(seq))
    assert listener.came.wait(5.0)


def test_picture_result_and_scale_of_one_frame_stay_together() -> None:
    listener = Listener()
    with running(analysis_of, listener) as (loop, slot):
        show(slot, listener, 7)
    assert [(frame.seq, analysis.seq, analysis.um_per_px) for frame, analysis in listener.pairs] == [(7, 7, 1.41)]
    assert loop.latest is not None
    assert loop.latest.calibration is SCALE
    assert loop.health.frames_analysed == 1


def test_a_frame_that_fails_is_counted_logged_and_told_and_the_next_one_is_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listener = Listener()
    failed = threading.Event()

    def analyse(frame: Frame, calibration: Calibration | None) -> FrameAnalysis:
        if frame.seq == 1:
            failed.set()
            raise RuntimeError("the GPU has fallen off the bus")
        return analysis_of(frame, calibration)

    with caplog.at_level(logging.ERROR), running(analyse, listener) as (loop, slot):
        slot.put(frame_of(1))
        assert failed.wait(5.0)
        while not loop.health.frames_failed:
            time.sleep(0.001)
        assert loop.health.last_error == "RuntimeError: the GPU has fallen off the bus"
        show(slot, listener, 2)
    assert (loop.health.frames_failed, loop.health.frames_analysed, loop.health.last_error) == (1, 1, "")
    assert "frame 1 could not be analysed; 1 so far" in caplog.text


def test_a_fault_that_repeats_does_not_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    counted = threading.Semaphore(0)

    def analyse(frame: Frame, calibration: Calibration | None) -> FrameAnalysis:
        counted.release()
        raise RuntimeError("no")

    with caplog.at_level(logging.ERROR), running(analyse, Listener()) as (loop, slot):
        for seq in range(60):
            slot.put(frame_of(seq))
            assert counted.acquire(timeout=5.0)
    assert loop.health.frames_failed == 60
    assert caplog.text.count("could not be analysed") == 2


def test_closing_the_slot_ends_the_thread_at_once() -> None:
    listener = Listener()
    with running(analysis_of, listener) as (loop, slot):
        slot.close()
        assert loop.join(0.2)


def test_a_loop_that_was_never_started_has_ended() -> None:
    assert EngineLoop(LatestFrame(), analysis_of, lambda _: SCALE, Listener()).join(0.1)


def test_one_can_see_the_thread_compute_while_a_picture_takes_long(caplog: pytest.LogCaptureFixture) -> None:
    is_seen = threading.Event()

    def analyse(frame: Frame, calibration: Calibration | None) -> FrameAnalysis:
        while not is_seen.is_set():
            pass
        return analysis_of(frame, calibration)

    listener = Listener()
    assert EngineLoop(LatestFrame(), analyse, lambda _: SCALE, listener).computed_s == 0.0
    with caplog.at_level(logging.INFO), running(analyse, listener) as (loop, slot):
        slot.put(frame_of(1))
        before_s, until_s = loop.computed_s, time.monotonic() + 5.0
        while loop.computed_s < before_s + 0.05:
            assert time.monotonic() < until_s
            time.sleep(0.01)
        is_seen.set()
        assert listener.came.wait(5.0)
        while "first picture: " not in caplog.text:
            assert time.monotonic() < until_s
            time.sleep(0.001)
    # Asked through its id, the clock of a thread that has ended is memory that is gone.
    assert loop.computed_s >= 0.0
