"""A thread that takes the camera's newest frame whenever it is ready for one."""

import logging
import threading
from collections.abc import Callable

from appliance.domain.frame import Frame

_log = logging.getLogger(__name__)


class FrameWorker:
    """Calls `step` with the newest frame offered; what comes while it is busy is replaced by what is newer.

    Args:
        step: runs on the worker's thread. What it raises is given to `on_fault`, on the same thread.

    Attributes:
        taken: how many frames were worked on.
    """

    def __init__(self, name: str, step: Callable[[Frame], None], on_fault: Callable[[Exception], None]) -> None:
        self._step = step
        self._on_fault = on_fault
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._is_stopping = False
        self.taken = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

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

    def offer(self, frame: Frame) -> None:
        """The newest frame; returns at once."""
        with self._changed:
            self._frame = frame
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._frame is not None or self._is_stopping)
                frame, self._frame = self._frame, None
            if self._is_stopping or frame is None:
                return
            try:
                self._step(frame)
            except Exception as fault:
                _log.debug("a frame could not be worked on", exc_info=True)
                self._on_fault(fault)
            self.taken += 1
