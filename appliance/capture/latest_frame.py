"""The hand-over from the camera's thread to the engine's: one slot, newest wins."""

import threading

from appliance.domain.frame import Frame


class LatestFrame:
    """A slot for one frame. A new frame replaces one that nobody took, and the loss is counted.

    The producer never waits for a consumer. Any number of threads may call it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._dropped = 0
        self._is_closed = False

    @property
    def frames_dropped(self) -> int:
        """Frames that were replaced before anybody took them."""
        with self._changed:
            return self._dropped

    @property
    def is_closed(self) -> bool:
        """True once `close` was called; no frame will come any more."""
        with self._changed:
            return self._is_closed

    def put(self, frame: Frame) -> None:
        """Offer a frame; returns at once. After `close` the frame is ignored."""
        with self._changed:
            if self._is_closed:
                return
            if self._frame is not None:
                self._dropped += 1
            self._frame = frame
            self._changed.notify()

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame, each one once; None if none came within `timeout_s`, or at once after `close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._is_closed, timeout_s)
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        """Wake every waiting consumer; what lies in the slot is discarded. Calling it twice is harmless."""
        with self._changed:
            self._is_closed = True
            self._frame = None
            self._changed.notify_all()
