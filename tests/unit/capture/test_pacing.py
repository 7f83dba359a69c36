from collections import deque

import pytest

from appliance.capture.frame_rate import FrameRate
from appliance.capture.pacing import Pacer


class HeldTime:
    """A clock that moves when somebody sleeps or when the test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.sleeps_s: deque[float] = deque()

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.sleeps_s.append(seconds)
        self.now_s += seconds


def test_beats_do_not_drift_when_the_work_between_them_takes_time() -> None:
    time = HeldTime()
    pacer = Pacer(10, time.clock, time.sleep)
    beats_at_s = []
    for expected in range(1000):
        assert pacer.wait(1) == expected
        beats_at_s.append(time.now_s)
        time.now_s += 0.03
    assert beats_at_s == pytest.approx([100 + beat / 10 for beat in range(1000)], abs=1e-6)


def test_late_beats_are_skipped_not_queued() -> None:
    time = HeldTime()
    pacer = Pacer(10, time.clock, time.sleep)
    assert pacer.wait(1) == 0
    time.now_s += 0.55
    assert pacer.wait(1) == 5
    assert pacer.wait(1) == 6
    assert time.now_s == pytest.approx(100.6)


def test_wait_returns_none_after_its_timeout_and_loses_no_beat() -> None:
    time = HeldTime()
    pacer = Pacer(1, time.clock, time.sleep)
    assert pacer.wait(0.25) == 0
    assert [pacer.wait(0.25) for _ in range(3)] == [None, None, None]
    assert time.now_s == pytest.approx(100.75)
    assert pacer.wait(0.5) == 1


def test_frame_rate_is_right_from_the_second_frame_on() -> None:
    rate = FrameRate()
    assert rate.fps(0) == 0
    rate.tick(0.0)
    assert rate.fps(0.0) == 0
    rate.tick(0.04)
    assert rate.fps(0.04) == pytest.approx(25)


def test_frame_rate_looks_back_two_seconds() -> None:
    rate = FrameRate()
    for index in range(100):
        rate.tick(index / 10)
    for index in range(90):
        rate.tick(10 + index / 30)
    assert rate.fps(10 + 89 / 30) == pytest.approx(30)


def test_frame_rate_falls_when_frames_stop() -> None:
    rate = FrameRate()
    for index in range(31):
        rate.tick(index / 30)
    assert rate.fps(1.0) == pytest.approx(30)
    assert rate.fps(1.9) < 17
    assert rate.fps(3.5) == 0
