"""The status LED plays its rhythms, each told apart from the others."""

import threading
import time

import pytest

from firmware.lamp import RHYTHMS, SIGNAL_OF, Signal, StatusLamp
from firmware.protocol import Phase


class Bulb:
    """Remembers when it was switched."""

    def __init__(self) -> None:
        self.switched: list[bool] = []
        self.is_closed = False
        self.changed = threading.Condition()

    def set(self, is_on: bool) -> None:
        with self.changed:
            self.switched.append(is_on)
            self.changed.notify_all()

    def close(self) -> None:
        self.is_closed = True

    def await_switched(self, count: int) -> list[bool]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.switched) >= count, 5.0)
            return self.switched[:count]


def test_every_phase_has_a_rhythm_of_its_own() -> None:
    assert set(SIGNAL_OF) == set(Phase)
    assert len(set(RHYTHMS.values())) == len(Signal)
    assert all(seconds > 0 for rhythm in RHYTHMS.values() for _, seconds in rhythm)


def test_nothing_flashes_between_three_and_thirty_times_a_second_for_long() -> None:
    """Photosensitive seizures: at most three flashes within any second outside of what a person holds down."""
    for signal in set(Signal) - {Signal.CONFIRM}:
        rhythm = RHYTHMS[signal]
        flashes = sum(is_on for is_on, _ in rhythm) / sum(seconds for _, seconds in rhythm)
        assert flashes <= 3.0, signal


def test_it_plays_what_is_shown_and_is_dark_after_stop() -> None:
    bulb = Bulb()
    lamp = StatusLamp(bulb)
    lamp.show(Signal.CONFIRM)
    lamp.start()
    assert bulb.await_switched(4) == [True, False, True, False]
    lamp.show(Signal.LIVE)
    assert lamp.signal is Signal.LIVE
    lamp.stop()
    assert bulb.is_closed


def test_a_new_signal_starts_at_once_and_not_when_the_old_step_is_over() -> None:
    bulb = Bulb()
    lamp = StatusLamp(bulb)
    lamp.show(Signal.LIVE)
    lamp.start()
    bulb.await_switched(1)
    began_s = time.monotonic()
    lamp.show(Signal.OFF)
    assert bulb.await_switched(2) == [True, False]
    assert time.monotonic() - began_s < 4.0
    lamp.stop()


def test_a_lamp_that_fails_is_logged_and_can_be_stopped(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Bulb):
        def set(self, is_on: bool) -> None:
            super().set(is_on)
            raise OSError("the line is gone")

    bulb = Broken()
    lamp = StatusLamp(bulb)
    lamp.start()
    bulb.await_switched(1)
    lamp.stop()
    assert "cannot be switched" in caplog.text
