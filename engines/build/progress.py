"""How far a build is, in TensorRT's own phases."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BuildProgress:
    """One step of one phase.

    Attributes:
        phase: TensorRT's words, outermost first: ("Building engine", "Computing profile costs", "Timing tactics").
        done, steps: steps of the innermost phase that are complete, and how many there are.
    """

    phase: tuple[str, ...]
    done: int
    steps: int


ProgressCallback = Callable[[BuildProgress], None]


class PhaseTracker:
    """Turns TensorRT's phase events, which come from several threads, into BuildProgress.

    Attributes:
        failure: what the callback raised. The build stops at its next step; the caller raises this again.
    """

    def __init__(self, callback: ProgressCallback) -> None:
        self.failure: BaseException | None = None
        self._callback = callback
        self._lock = threading.Lock()
        self._parents: dict[str, str | None] = {}
        self._steps: dict[str, int] = {}

    def start(self, name: str, parent: str | None, steps: int) -> None:
        with self._lock:
            self._parents[name], self._steps[name] = parent, steps
            self._report(name, 0)

    def complete(self, name: str, step: int) -> bool:
        """Whether the build may go on."""
        with self._lock:
            self._report(name, step + 1)
            return self.failure is None

    def finish(self, name: str) -> None:
        with self._lock:
            self._report(name, self._steps.get(name, 0))

    def _report(self, name: str, done: int) -> None:
        if self.failure is not None:
            return
        try:
            self._callback(BuildProgress(self._path(name), done, self._steps.get(name, 0)))
        except BaseException as error:  # it must not travel through TensorRT's C++; Ctrl-C comes this way too
            self.failure = error

    def _path(self, name: str) -> tuple[str, ...]:
        path, parent = [name], self._parents.get(name)
        while parent is not None and parent not in path:
            path.append(parent)
            parent = self._parents.get(parent)
        return tuple(reversed(path))


def progress_monitor(trt: Any, tracker: PhaseTracker) -> Any:
    """A `trt.IProgressMonitor` that feeds the tracker; it must outlive the build."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]  # the base class exists at run time alone
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            tracker.start(phase_name, parent_phase, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            return tracker.complete(phase_name, step)

        def phase_finish(self, phase_name: str) -> None:
            tracker.finish(phase_name)

    return Monitor()
