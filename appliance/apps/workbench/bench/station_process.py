"""A station in a process of its own, as `nailfold run` starts it; for the benchmark and for tests."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from appliance.domain.errors import ApplianceError

_OPEN = re.compile(r"Open (\S+)(?:  two words (\S+))?")


class StationError(ApplianceError):
    """The process did not become a station."""


class StationProcess:
    """`nailfold run` with the given flags; usable with `with`.

    Args:
        start_timeout_s: until its pages are served.
        program: what Python runs in its place; it takes the same flags and prints the same line.

    Attributes:
        url, access_code: as the station printed them; no code once there is an administrator.
    """

    def __init__(
        self,
        flags: Sequence[str],
        start_timeout_s: float = 120.0,
        program: Sequence[str] = ("-m", "appliance.apps.cli", "run"),
    ) -> None:
        command = [sys.executable, *program, *flags]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._errors: list[str] = []
        self._listener = threading.Thread(target=self._keep_errors, daemon=True)
        self._listener.start()
        self.url, self.access_code = self._read_address(start_timeout_s)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def errors(self) -> str:
        """What it has written to stderr so far."""
        return "".join(self._errors)

    def rss_mb(self) -> float:
        """Its resident memory, by /proc."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def stop(self, timeout_s: float = 20.0) -> int:
        """SIGTERM; its exit code. Calling it twice is harmless."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """What a power cut does to it."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> "StationProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._close()

    def _read_address(self, timeout_s: float) -> tuple[str, str]:
        # A process that hangs before its first line is killed; the read then ends.
        watchdog = threading.Timer(timeout_s, self._process.kill)
        watchdog.start()
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                if match := _OPEN.match(line):
                    return match[1], match[2] or ""
        finally:
            watchdog.cancel()
        self._process.wait()
        self._close()
        raise StationError(f"the station ended with code {self._process.returncode}: {self.errors.strip()}")

    def _close(self) -> None:
        self._listener.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _keep_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._errors.append(line)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and its threads so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
