"""What a start that takes long tells systemd and the firmware: that it goes on, while the process computes or reads."""

import contextlib
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from appliance.apps.station.board_client import BoardClient
from firmware.protocol import Phase, ProgressCounters, StationStatus
from firmware.sd_notify import notify
from firmware.settings import AUTO, FirmwareSettings

_EVERY_S = 5.0
_EXTENDED_BY_S = 120
_LEAST_LOAD = 0.05
_MOST_COMPUTING_S = 3600.0
_STOP_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Work:
    """What this process and those it started have done so far: processor time in seconds, and blocks read from disks.

    The trial of int8 networks is such another process, and on a slow computer most of the first start.
    """

    computed_s: float
    read: int

    @classmethod
    def done(cls) -> "Work":
        used, over = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        ended_s = over.ru_utime + over.ru_stime
        return cls(used.ru_utime + used.ru_stime + ended_s + sum(_running_children_s()), used.ru_inblock)


def _running_children_s() -> Iterator[float]:
    """Processor time of each, from proc(5): the parent, and the time in user and kernel mode in clock ticks."""
    us, ticks_s = str(os.getpid()), os.sysconf("SC_CLK_TCK")
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # One that has ended meanwhile counts among those that are over.
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if fields[1] == us:
                yield (int(fields[11]) + int(fields[12])) / ticks_s


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
        self._firmware: BoardClient | None = None
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="start-pulse", daemon=True)

    def tell_firmware(self, settings: FirmwareSettings, software: str) -> None:
        """From now on the firmware hears of the progress too, or its watchdog would restart the computer."""
        if settings.board == AUTO:
            self._firmware = BoardClient(settings.socket, software, act=lambda _: None)
            self._firmware.start()

    def __enter__(self) -> "StartPulse":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Nothing is told any more; the firmware is free for the station. Calling it twice is harmless."""
        self._has_ended.set()
        self._thread.join()
        if self._firmware is not None:
            self._firmware.stop(_STOP_TIMEOUT_S)

    def _run(self) -> None:
        began_s, before, steps = time.monotonic(), self._work(), 0
        while not self._has_ended.wait(self._every_s):
            now = self._work()
            if self._is_progress(before, now):
                steps += 1
                status = f"STATUS=starting for {time.monotonic() - began_s:.0f} s"
                notify(f"EXTEND_TIMEOUT_USEC={_EXTENDED_BY_S * 1_000_000}\n{status}")
            if self._firmware is not None:
                progress = ProgressCounters(frames=steps, store=steps, web=steps)
                self._firmware.tell(StationStatus(phase=Phase.STARTING, reason="", progress=progress))
            before = now

    def _is_progress(self, before: Work, now: Work) -> bool:
        has_computed = now.computed_s - before.computed_s >= _LEAST_LOAD * self._every_s
        return (has_computed or now.read > before.read) and now.computed_s <= _MOST_COMPUTING_S
