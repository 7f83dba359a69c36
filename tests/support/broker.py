"""A real Mosquitto on a free loopback port."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

START_TIMEOUT_S = 10.0
Login = dict[str, Any]
"""Settings of the table `mqtt` with which a broker lets a test in."""


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mosquitto_binary() -> str | None:
    """The broker's path; Debian keeps it in sbin, outside an ordinary user's PATH."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def listens(port: int) -> bool:
    """Whether somebody does on that port of this computer."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """A broker that can be stopped, killed and started again on the same port, with its memory kept on disk.

    Args:
        folder: for its configuration, log and memory; empty, and of this test alone.
        extra_lines: further lines of mosquitto.conf.
        configuration: a whole one, and the port it names; in the place of the ordinary lines.
    """

    make = "mosquitto"
    login: ClassVar[Login] = {}
    client_options: tuple[str, ...] = ()

    def __init__(
        self, folder: Path, extra_lines: Sequence[str] = (), configuration: tuple[Path, int] | None = None
    ) -> None:
        self.port = free_port() if configuration is None else configuration[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        given = () if configuration is None else configuration[0].read_text("utf-8").splitlines()
        lines = given or (
            f"listener {self.port} 127.0.0.1",
            *(() if any(line.startswith("allow_anonymous") for line in extra_lines) else ("allow_anonymous true",)),
            "persistence true",
            f"persistence_location {folder}/",
            *extra_lines,
        )
        # Started as root it would change to its own user, who may not write into the test's folder.
        lines = (*lines, "user root")
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start and wait until it listens."""
        binary = mosquitto_binary()
        assert binary is not None, "mosquitto is not installed"
        with (self._folder / "mosquitto.log").open("ab") as log:
            # In a session of its own: it outlives a Ctrl-C, and whoever started it ends it.
            self._process = subprocess.Popen(
                [binary, "-c", str(self._configuration)], stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"mosquitto did not start: {self.log()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop in good order; its memory is written. Calling it twice is harmless."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """What a power cut does to it."""
        self._end(signal.SIGKILL)

    @property
    def pid(self) -> int:
        """Of the running broker."""
        assert self._process is not None, "the broker does not run"
        return self._process.pid

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        self._signal(signal.SIGCONT)

    def reload(self) -> None:
        """It reads its rules again; returns once it has begun to."""
        before = self.log().count("Reloading config")
        self._signal(signal.SIGHUP)
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while self.log().count("Reloading config") == before:
            assert time.monotonic() < deadline_s, "mosquitto did not reload"
            time.sleep(0.02)

    def log(self) -> str:
        """What it has written so far."""
        return (self._folder / "mosquitto.log").read_text(errors="replace")

    def connections_of(self, client_id: str) -> int:
        """How often that client has connected."""
        return self.log().count(f" as {client_id} (")

    def __enter__(self) -> "Broker":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "the broker does not run"
        self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(number)
            self._process.wait(timeout=10)
            self._process = None
