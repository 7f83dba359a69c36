"""Frames per second as seen, not as promised."""

from collections import deque


class FrameRate:
    """The rate over a sliding window.

    Args:
        window_s: how far back it looks.
    """

    def __init__(self, window_s: float = 2.0) -> None:
        self._window_s = window_s
        self._seen_s: deque[float] = deque()

    def tick(self, now_s: float) -> None:
        """A frame came."""
        self._seen_s.append(now_s)
        self._forget(now_s)

    def fps(self, now_s: float) -> float:
        """Frames per second over the window, 0.0 with fewer than two frames in it.

        While frames come it is the number of intervals over their length, so it is right from the second frame on;
        once they stop, the silence counts too and the rate falls to 0.
        """
        self._forget(now_s)
        if len(self._seen_s) < 2:
            return 0.0
        intervals = len(self._seen_s) - 1
        mean_s = (self._seen_s[-1] - self._seen_s[0]) / intervals
        silence_s = now_s - self._seen_s[-1]
        span_s = self._seen_s[-1] - self._seen_s[0] + max(0.0, silence_s - mean_s)
        return intervals / span_s if span_s > 0 else 0.0

    def clear(self) -> None:
        """Start again, as after a loss of the camera."""
        self._seen_s.clear()

    def _forget(self, now_s: float) -> None:
        while self._seen_s and now_s - self._seen_s[0] > self._window_s:
            self._seen_s.popleft()
