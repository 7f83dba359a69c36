"""What a start that takes long tells systemd: that it goes on, for as long as the process computes or reads."""

import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from firmware.sd_notify import notify

_EVERY_S = 5.0
_EXTENDED_BY_S = 120
_LEAST_LOAD = 0.05
_MOST_COMPUTING_S = 3600.0


@dataclass(frozen=True)
class Work:
    """What this process has done so far: processor time in seconds, and blocks read from disks."""

    computed_s: float
    read: int

    @classmethod
    def done(cls) -> "Work":
        used = resource.getrusage(resource.RUSAGE_SELF)
        return cls(used.ru_utime + used.ru_stime, used.ru_inblock)


class StartPulse:
    """A context: from the first line of a start until the service is ready, or has failed.

    A computer may be slow, and one that is restarted in the middle of its start never gets there. So no clock ends a
    start that makes progress: at least a twentieth of one processor's time, or something read. Without progress for two
    minutes, or after an hour of computing, systemd's time-out ends it.

    Args:
        work: what the process has done so far.
        every_s: how often that is looked at.
    """

    def __init__(self, work: Callable[[], Work] = Work.done, every_s: float = _EVERY_S) -> None:
        self._work, self._every_s = work, every_s
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="start-pulse", daemon=True)

    def __enter__(self) -> "StartPulse":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Nothing is told any more; calling it twice is harmless."""
        self._has_ended.set()
        self._thread.join()

    def _run(self) -> None:
        began_s, before = time.monotonic(), self._work()
        while not self._has_ended.wait(self._every_s):
            now = self._work()
            if self._is_progress(before, now):
                told = f"STATUS=starting for {time.monotonic() - began_s:.0f} s"
                notify(f"EXTEND_TIMEOUT_USEC={_EXTENDED_BY_S * 1_000_000}\n{told}")
            before = now

    def _is_progress(self, before: Work, now: Work) -> bool:
        has_computed = now.computed_s - before.computed_s >= _LEAST_LOAD * self._every_s
        return (has_computed or now.read > before.read) and now.computed_s <= _MOST_COMPUTING_S
