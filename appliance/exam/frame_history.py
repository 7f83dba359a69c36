"""The last seconds' pictures with their results, so that the best of them can be kept."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple

from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.errors import ExamError

MOST_BYTES = 256 << 20
"""Pictures of 1280x1024 at 30 a second fill this in 2.3 seconds; smaller ones are kept for the whole time."""

HELD_AT_ONCE = 4
"""Pages that may stand frozen at the same time, each on its own picture."""


class _Kept(NamedTuple):
    """A picture, and when it was handed to the pages."""

    shown: AnalysedFrame
    shown_s: float


class FrameHistory:
    """What the engine saw of late. Safe for calls from any thread; `add` is quick.

    Args:
        keep_s: by the frames' own capture times.
        most_bytes: of pixels; the oldest go first, the newest always stays.
        monotonic_s: the clock of capture times and buttons.
    """

    def __init__(
        self, keep_s: float, most_bytes: int = MOST_BYTES, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._keep_s = keep_s
        self._most_bytes = most_bytes
        self._monotonic_s = monotonic_s
        self._guard = threading.Lock()
        self._frames: deque[_Kept] = deque()
        self._held: OrderedDict[int, AnalysedFrame] = OrderedDict()
        self._bytes = 0

    def add(self, shown: AnalysedFrame) -> None:
        """The newest picture."""
        with self._guard:
            self._frames.append(_Kept(shown, self._monotonic_s()))
            self._bytes += shown.frame.image_rgb.nbytes
            limit_s = shown.frame.captured_monotonic_s - self._keep_s
            while len(self._frames) > 1 and (
                self._bytes > self._most_bytes or self._frames[0].shown.frame.captured_monotonic_s < limit_s
            ):
                self._bytes -= self._frames.popleft().shown.frame.image_rgb.nbytes

    def recent(self, seconds: float) -> tuple[AnalysedFrame, ...]:
        """Pictures taken within so many seconds of the newest, oldest first; the newest at least, if there is one."""
        with self._guard:
            if not self._frames:
                return ()
            limit_s = self._frames[-1].shown.frame.captured_monotonic_s - seconds
            return tuple(shown for shown, _ in self._frames if shown.frame.captured_monotonic_s >= limit_s)

    def shown_at(self, at_monotonic_s: float) -> AnalysedFrame | None:
        """The picture that the pages had at that moment: the newest handed to them by then; None if it is gone.

        On the screen it stands a little later, by the time of encoding, network and drawing.
        """
        with self._guard:
            return next((shown for shown, shown_s in reversed(self._frames) if shown_s <= at_monotonic_s), None)

    def hold(self, seq: int) -> None:
        """Keep one picture until it is let go, because somebody looks at it frozen.

        Raises:
            ExamError: it is gone.
        """
        with self._guard:
            found = self._found(seq)
            if found is None:
                raise ExamError(f"picture {seq} is no longer at hand", "Go live and freeze again.")
            self._held[seq] = found
            self._held.move_to_end(seq)
            while len(self._held) > HELD_AT_ONCE:
                self._held.popitem(last=False)

    def let_go(self, seq: int) -> None:
        """Forget a held picture; harmless where it is not held."""
        with self._guard:
            self._held.pop(seq, None)

    def find(self, seq: int) -> AnalysedFrame | None:
        """The picture of that number; None if it is gone."""
        with self._guard:
            return self._found(seq)

    def is_held(self, seq: int) -> bool:
        """Whether somebody still looks at it frozen."""
        with self._guard:
            return seq in self._held

    def _found(self, seq: int) -> AnalysedFrame | None:
        return self._held.get(seq) or next((shown for shown, _ in self._frames if shown.frame.seq == seq), None)
