"""SIGTERM and Ctrl-C, as what the main thread of a service waits for."""

import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

STOPPING = (signal.SIGTERM, signal.SIGINT)


class StopSignals(threading.Event):
    """Set by the first of the signals, or by `set`; made and waited for by the main thread alone, once a process.

    The kernel may hand a signal to any thread: one that is starting another takes it from the main thread, which then
    sleeps on in the wait of a plain event, because Python runs the handler nowhere else. This waits for the byte that
    Python writes in whichever thread had the signal.

    Args:
        heard: called in the main thread for each signal, before the event is set.
    """

    def __init__(self, heard: Callable[[signal.Signals], None] | None = None) -> None:
        super().__init__()
        self._heard = heard
        self._waking, self._woken = socket.socketpair()
        self._waking.setblocking(False)
        signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        for number in STOPPING:
            signal.signal(number, self._hear)

    def set(self) -> None:
        super().set()
        with suppress(BlockingIOError):  # Full of earlier ones: it wakes all the same.
            self._waking.send(b"\0")

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it is set, after at most `timeout` seconds; None waits for ever."""
        until_s = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left_s = None if until_s is None else until_s - time.monotonic()
            if left_s is not None and left_s <= 0:
                break
            self._woken.settimeout(left_s)
            with suppress(TimeoutError):
                self._woken.recv(64)
        return self.is_set()

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self._heard is not None:
            self._heard(signal.Signals(number))
        self.set()
