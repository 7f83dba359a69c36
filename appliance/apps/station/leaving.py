"""The end of the station's process: prompt and orderly, whatever a library's thread is doing."""

import faulthandler
import logging
import os
import signal
import sys
import threading

_log = logging.getLogger(__name__)


def leave_at_once(code: int) -> None:
    """End the process without Python's own clearing up, after everything was closed and written.

    That clearing up takes the interpreter away from threads of native code (a camera's read, an engine's run, a font's
    cache) that still need it, which aborts the process; and it waits for every worker of a pool, such as one that is
    caught in an endless template.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def leave_when_asked() -> None:
    """End the process with 0 on SIGTERM, until the station hears the signal itself.

    Loading libraries takes seconds, on a busy box a minute, in which nothing is open yet: whoever asks then is obeyed
    at once, and the stop is no failure.
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def start_anew() -> None:
    """The same command in the same process, after everything was closed and written; does not return."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (its own command again)


def leave_after(timeout_s: float) -> None:
    """End the process in any case after that long, with code 0: it was asked to, and nothing kept is half written.

    What every thread was doing goes to stderr, so that the reason can be found.
    """

    def leave() -> None:
        _log.error("not stopped within %.0f s; leaving all the same", timeout_s)
        faulthandler.dump_traceback(sys.stderr)
        leave_at_once(0)

    timer = threading.Timer(timeout_s, leave)
    timer.name, timer.daemon = "leave-after", True
    timer.start()
