"""A thread that takes the camera's newest frame whenever it is ready for one."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

_log = logging.getLogger(__name__)
_QUIET_S = 0.25

Item = TypeVar("Item")


class FrameWorker(Generic[Item]):
    """Calls `step` with what was offered last; what comes while it is busy is replaced by what is newer.

    Args:
        step: runs on the worker's thread. What it raises is logged, and the thread goes on.
        on_quiet: runs on the same thread after `wake`, and whenever nothing was offered for a quarter of a second.
    """

    def __init__(self, name: str, step: Callable[[Item], None], on_quiet: Callable[[], None] = lambda: None) -> None:
        self._step = step
        self._on_quiet = on_quiet
        self._changed = threading.Condition()
        self._item: Item | None = None
        self._is_woken = False
        self._is_stopping = False
        self._taken = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def taken(self) -> int:
        """How many offers were worked on."""
        with self._changed:
            return self._taken

    def start(self) -> None:
        """Begin; it is started once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the step under way; harmless before `start`."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def offer(self, item: Item) -> None:
        """The newest frame and what belongs to it; returns at once."""
        with self._changed:
            self._item = item
            self._changed.notify_all()

    def wake(self) -> None:
        """Let `on_quiet` run soon; returns at once."""
        with self._changed:
            self._is_woken = True
            self._changed.notify_all()

    def work_once(self) -> bool:
        """Wait for one offer and work on it; the thread's step, and a test's. False once it is stopping."""
        with self._changed:
            self._changed.wait_for(self._has_something, _QUIET_S)
            if self._is_stopping:
                return False
            item, self._item = self._item, None
            self._is_woken = self._is_woken and item is not None
        try:
            if item is None:
                self._on_quiet()
            else:
                self._step(item)
        except Exception:  # a dead thread would never record again
            _log.exception("a frame could not be worked on")
        with self._changed:
            self._taken += item is not None
        return True

    def _has_something(self) -> bool:
        return self._item is not None or self._is_woken or self._is_stopping

    def _run(self) -> None:
        while self.work_once():
            pass
