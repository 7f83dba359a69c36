"""Servers on this computer whose lives are those of the demonstration."""

import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from appliance.domain.errors import SettingsError

HOST = "127.0.0.1"
_START_TIMEOUT_S, _STOP_TIMEOUT_S = 30.0, 10.0


class Processes:
    """Started one by one, each with a log of its own in `folder`; `close` stops them in the reverse order."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._ends = folder, ExitStack()

    def run(self, command: Sequence[str], name: str, port: int | None = None) -> None:
        """Start one; returns once it listens on its port. Raises SettingsError where it does not."""
        log = self._folder / f"{name}.log"
        with log.open("ab") as said:
            # Of a session of its own: Ctrl-C comes to us alone, and the order of the ends is ours.
            process = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)
        self._ends.callback(_stop, process)
        until_s = time.monotonic() + _START_TIMEOUT_S
        while port is not None and not _answers(port):
            if process.poll() is not None or time.monotonic() > until_s:
                last = (log.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
                raise SettingsError(f"the {name} did not start: {last}", f"See {log}.")
            time.sleep(0.05)

    def close(self) -> None:
        """Stop them all; calling it twice is harmless."""
        self._ends.close()


def free_port() -> int:
    """One that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
