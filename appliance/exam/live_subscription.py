"""One listener's mailbox: the newest picture and the newest state, never anything older."""

import threading
from collections.abc import Callable


class Subscription:
    """What one listener has not taken yet; made by `LiveHub.subscribe`. Safe for calls from any thread."""

    def __init__(self, notify: Callable[[], None] | None, on_close: Callable[["Subscription"], None]) -> None:
        self._changed = threading.Condition()
        self._notify = notify
        self._on_close = on_close
        self._picture: bytes | None = None
        self._status: str | None = None
        self._is_closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Pictures that were replaced by newer ones before this listener took them."""
        with self._changed:
            return self._dropped

    def take_status(self) -> str | None:
        """The newest state as JSON text; None if it was taken before."""
        with self._changed:
            status, self._status = self._status, None
            return status

    def take_picture(self) -> bytes | None:
        """The newest picture with its result (see `decode_live_message`); None if it was taken before."""
        with self._changed:
            picture, self._picture = self._picture, None
            return picture

    def wait_picture(self, timeout_s: float) -> bytes | None:
        """The newest picture, waiting for one; None if none came within `timeout_s`, or at once when it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._picture is not None or self._is_closed, timeout_s)
            picture, self._picture = self._picture, None
            return picture

    def close(self) -> None:
        """Take no more: what comes later is not kept and nobody is notified. Calling it twice is harmless."""
        with self._changed:
            self._is_closed, self._picture, self._status = True, None, None
            self._changed.notify_all()
        self._on_close(self)

    def offer_picture(self, picture: bytes) -> None:
        """Put a picture in place of one that was not taken."""
        with self._changed:
            if self._is_closed:
                return
            self._dropped += self._picture is not None
            self._picture = picture
            self._changed.notify_all()
            self._call()

    def offer_status(self, status: str) -> None:
        """Put a state in place of one that was not taken."""
        with self._changed:
            if self._is_closed:
                return
            self._status = status
            self._call()

    def _call(self) -> None:
        """Under the lock: a listener that has closed is not called any more."""
        if self._notify is not None:
            self._notify()
