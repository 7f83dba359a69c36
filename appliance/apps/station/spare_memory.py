"""Memory that starting up took and no longer needs, given back to the computer."""

import ctypes
import threading

AFTER_S = 15.0
"""By then networks are loaded, pages were served and the camera runs. What was freed meanwhile lies between what stays,
and glibc keeps it: 100 MB of a station with the simulated scope."""


def give_back_soon() -> threading.Timer:
    """Do so once, `AFTER_S` from now, on a thread of its own; cancelled by the timer that is returned."""
    timer = threading.Timer(AFTER_S, give_back)
    timer.name, timer.daemon = "spare-memory", True
    timer.start()
    return timer


def give_back() -> None:
    """Return free memory of the allocator; does nothing where the C library has no such call."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
