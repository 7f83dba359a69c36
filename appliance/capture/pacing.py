"""A steady beat for sources that make their own frames."""

import math
import time
from collections.abc import Callable


class Pacer:
    """Says when the next frame is due: at start, start + 1/fps, start + 2/fps and so on, without drift.

    A late caller skips the beats that have passed; nothing is ever queued.

    Args:
        fps: beats per second.
        clock, sleep: for tests that hold time.
    """

    def __init__(
        self, fps: float, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._period_s = 1.0 / fps
        self._clock = clock
        self._sleep = sleep
        self._start_s = clock()
        self._next_beat = 0

    def wait(self, timeout_s: float) -> int | None:
        """Sleep until the next beat and return its index, from 0; None if it lies beyond `timeout_s`."""
        elapsed_s = self._clock() - self._start_s
        # The small allowance keeps rounding (0.7 / 0.1 = 6.999...) from turning a beat into the one before.
        beat = max(self._next_beat, math.floor(elapsed_s / self._period_s + 1e-6))
        pause_s = max(0.0, beat * self._period_s - elapsed_s)
        self._sleep(min(pause_s, max(0.0, timeout_s)))
        if pause_s > timeout_s:
            return None
        self._next_beat = beat + 1
        return beat
