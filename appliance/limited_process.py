"""Functions that run in a process of their own, which may take so much memory and so much time.

For what the box did not write: pictures from outside, a clinic's template. It bounds what they cost; it is no wall
against code that runs in the process.
"""

import math
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")

_NICENESS = 10
# The station's clock ends a call. Should the station itself be gone, the process's own processor time does.
_SPARE_CPU_S = 10
# Not `-m`: this module's classes would have another name there, and their instances would not come back.
_PROGRAMME = "from appliance.limited_process import serve; serve()"


class LimitExceededError(Exception):
    """The function took more than it may; the message says of what."""


class LimitedProcess:
    """One process that answers one call after the other; started by the first, ended when nobody calls for a while.

    Args:
        memory_bytes: beyond what the process holds once the function's module is imported.
        timeout_s: of one call, from when the process has begun with it.
        idle_s: after which an unused process ends.
    """

    START_S = 60.0
    """A busy box may take so long to start Python and import a module."""

    def __init__(self, memory_bytes: int, timeout_s: float, idle_s: float = 30.0) -> None:
        self._memory_bytes = memory_bytes
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._idle: threading.Timer | None = None

    def call(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What the function returns; what it raises is raised here. Both must pass through pickle.

        Raises:
            LimitExceededError: it took too long, too much memory, or the process died of it.
        """
        with self._lock:
            connection = self._started()
            try:
                connection.send((function, arguments))
                self._wait(connection, self.START_S)
                connection.recv()
                self._wait(connection, self._timeout_s)
                is_answer, value = connection.recv()
            except (EOFError, ConnectionError) as error:
                self.close()
                raise LimitExceededError("it ended the process that worked on it") from error
            except LimitExceededError:
                self.close()
                raise
            self._end_when_idle()
        if is_answer:
            answer: Result = value
            return answer
        raise value

    def close(self) -> None:
        """End the process now; the next call starts another."""
        with self._lock:
            if self._idle is not None:
                self._idle.cancel()
            if self._connection is not None:
                self._connection.close()
            if self._process is not None:
                self._process.kill()
                self._process.wait()
            self._process = self._connection = self._idle = None

    def _started(self) -> Connection:
        if self._idle is not None:
            self._idle.cancel()
        if self._connection is None:
            ours, theirs = socket.socketpair()
            with theirs:
                limits = [str(self._memory_bytes), str(math.ceil(self._timeout_s) + _SPARE_CPU_S)]
                command = [sys.executable, "-c", _PROGRAMME, str(theirs.fileno()), *limits]
                self._process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), env=own_environment())
            self._connection = Connection(ours.detach())
        return self._connection

    def _wait(self, connection: Connection, seconds: float) -> None:
        if not connection.poll(seconds):
            raise LimitExceededError(f"it took more than {seconds:.0f} s")

    def _end_when_idle(self) -> None:
        self._idle = threading.Timer(self._idle_s, self.close)
        self._idle.daemon = True
        self._idle.start()


def own_environment() -> dict[str, str]:
    """Of a process that imports this very package, from wherever the station runs."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def serve() -> None:
    """The process's own programme: answer on the socket that was handed over until its other end closes."""
    os.nice(_NICENESS)
    # Ctrl-C ends the station, which then closes the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    handed_over, memory_bytes, cpu_s = (int(argument) for argument in sys.argv[1:])
    with Connection(handed_over) as connection:
        while True:
            try:
                function, arguments = connection.recv()
            except EOFError:
                return
            connection.send("begun")
            _limit(memory_bytes, cpu_s)
            connection.send_bytes(_outcome(function, arguments))


def _outcome(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    try:
        return pickle.dumps((True, function(*arguments)))
    except MemoryError:
        return pickle.dumps((False, LimitExceededError("it took too much memory")))
    except Exception as error:
        portable = error if _is_portable(error) else RuntimeError(f"{type(error).__name__}: {error}")
        return pickle.dumps((False, portable))


def _is_portable(error: Exception) -> bool:
    """Whether it can be raised again in another process: some exceptions do not survive pickle."""
    try:
        return type(pickle.loads(pickle.dumps(error))) is type(error)  # noqa: S301 (its own bytes)
    except Exception:
        return False


def limit_memory(memory_bytes: int) -> None:
    """Let this process map so much beyond what it has: libraries reserve gigabytes of addresses that they never use."""
    mapped = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (mapped + memory_bytes, resource.RLIM_INFINITY))


def _limit(memory_bytes: int, cpu_s: int) -> None:
    """From here on: calls add up."""
    limit_memory(memory_bytes)
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime) + cpu_s, resource.RLIM_INFINITY))
