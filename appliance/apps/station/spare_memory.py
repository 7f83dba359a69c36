"""Memory that was freed and that the allocator keeps, given back: after starting up, and now and then."""

import ctypes
import threading

AFTER_S = 15.0
"""By then networks are loaded, pages were served and the camera runs. What was freed meanwhile lies between what stays,
and glibc keeps it: 100 MB of a station with the simulated scope."""
EVERY_S = 60.0
"""Pages, exports and kept pictures free memory in threads that seldom ask for it again: without this it grows in steps
over hours. It takes 2 ms, and gave back 33 to 43 MB after two minutes (docs/reliability.md)."""


class SpareMemory:
    """The thread that does so; it ends when the station stops."""

    def __init__(self, after_s: float = AFTER_S, every_s: float = EVERY_S) -> None:
        self._after_s, self._every_s = after_s, every_s
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spare-memory", daemon=True)

    def start(self) -> None:
        """Begin to wait for the first time."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the thread; harmless where it never began."""
        self._is_over.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        wait_s = self._after_s
        while not self._is_over.wait(wait_s):
            give_back()
            wait_s = self._every_s


def give_back() -> None:
    """Return free memory of the allocator; does nothing where the C library has no such call."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
