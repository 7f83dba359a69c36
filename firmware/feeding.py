"""Whether the watchdog may be fed: only while frames, store and web server make progress."""

import threading

from firmware.protocol import ProgressCounters

PARTS = ("frames", "store", "web")


class Feeding:
    """Judges by what the station reports. Safe for calls from any thread.

    A station that is away may come back within `start_limit_s`: systemd starts it again, and the first start may have
    to wait for engines to be built. One that left in order may stay away. One that is there but whose parts stand
    still is worth a restart of the computer.

    Args:
        now_s: when the judging begins, in seconds of CLOCK_MONOTONIC; so are all times here.
    """

    def __init__(self, stalled_after_s: float, start_limit_s: float, now_s: float) -> None:
        self._stalled_after_s, self._start_limit_s = stalled_after_s, start_limit_s
        self._guard = threading.Lock()
        self._away_since_s: float | None = now_s
        self._has_left = False
        self._counts: dict[str, int] = {}
        self._moved_at_s: dict[str, float] = {}

    def came(self, now_s: float) -> None:
        """A station has connected; each of its parts has the whole time to show progress."""
        with self._guard:
            self._away_since_s, self._has_left, self._counts = None, False, {}
            self._moved_at_s = dict.fromkeys(PARTS, now_s)

    def progressed(self, progress: ProgressCounters, now_s: float) -> None:
        """What the station reports."""
        with self._guard:
            for part in PARTS:
                count = getattr(progress, part)
                if count != self._counts.get(part):
                    self._counts[part], self._moved_at_s[part] = count, now_s

    def left(self) -> None:
        """The station said that it stops in order."""
        with self._guard:
            self._has_left = True

    def went(self, now_s: float) -> None:
        """The connection is over."""
        with self._guard:
            self._away_since_s = now_s

    def reason_against(self, now_s: float) -> str:
        """Why the watchdog must not be fed; empty while it may be."""
        with self._guard:
            if self._away_since_s is not None:
                away_s = now_s - self._away_since_s
                is_missed = not self._has_left and away_s > self._start_limit_s
                return f"the station has been away for {away_s:.0f} s" if is_missed else ""
            stalled = [part for part in PARTS if now_s - self._moved_at_s[part] > self._stalled_after_s]
            return f"no progress for {self._stalled_after_s:g} s: {', '.join(stalled)}" if stalled else ""
