"""Time as processes would have had it with the cores to themselves: what they waited for a core does not count.

The kernel notes for each thread how long it ran and how long it was ready and did not run (/proc/PID/task/*/schedstat).
A limit in these seconds ends what hangs, and never what a busy computer keeps waiting.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

_NS = 1e-9


class OwnTime:
    """A clock for `await_so`: seconds since it was made, less those in which every thread stood in the queue.

    Args:
        pids: of the processes, as they are now.
        now: the clock on the wall; replaced in tests, like `proc`.
    """

    def __init__(
        self,
        pids: Callable[[], Iterable[int]],
        now: Callable[[], float] = time.monotonic,
        proc: Path = Path("/proc"),
    ) -> None:
        self._pids, self._now, self._proc = pids, now, proc
        self._own_s = 0.0
        self._at_s, self._threads = now(), self._looked()

    def __call__(self) -> float:
        now_s, threads = self._now(), self._looked()
        before = [self._threads.get(thread, (0.0, 0.0)) for thread in threads]
        ran_s = sum(ran - was[0] for (ran, _), was in zip(threads.values(), before, strict=True))
        waited_s = sum(waited - was[1] for (_, waited), was in zip(threads.values(), before, strict=True))
        passed_s = now_s - self._at_s
        share = ran_s / (ran_s + waited_s) if ran_s + waited_s else 1.0
        # Threads that wait side by side wait longer in sum than passed on the wall.
        self._own_s += max(passed_s - waited_s, passed_s * share)
        self._at_s, self._threads = now_s, threads
        return self._own_s

    def _looked(self) -> dict[str, tuple[float, float]]:
        """How long each thread ran and waited, by its number."""
        found: dict[str, tuple[float, float]] = {}
        for pid in self._pids():
            for file in _of_threads(self._proc, pid, "schedstat"):
                try:
                    ran, waited, _ = file.read_text().split()
                except OSError:
                    continue  # it has ended
                found[file.parent.name] = (int(ran) * _NS, int(waited) * _NS)
        return found


def family(pid: int, proc: Path = Path("/proc")) -> list[int]:
    """A process and all that descend from it, as a tracer and what it traces."""
    found = [pid]
    for one in found:
        for file in _of_threads(proc, one, "children"):
            try:
                found += [int(child) for child in file.read_text().split()]
            except OSError:
                continue  # it has ended
    return found


def _of_threads(proc: Path, pid: int, name: str) -> list[Path]:
    """That file of each thread; none of a process that ends while it is looked at."""
    try:
        return list((proc / str(pid) / "task").glob(f"*/{name}"))
    except OSError:
        return []
