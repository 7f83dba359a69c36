"""A real ejabberd as a broker of another make: one node for many tests, each with a virtual host of its own."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.support.broker import Login, free_port, listens

START_TIMEOUT_S = 60.0
USER = "anyone"
_HOSTS = 40
_LIBRARIES = Path("/usr/lib")


def ejabberd_libraries() -> Path | None:
    """Where Debian keeps it for Erlang; None where it is not installed."""
    found = next(_LIBRARIES.glob("*/ejabberd-*/ebin/mod_mqtt.beam"), None)
    return None if found is None or shutil.which("erl") is None else found.parents[2]


class EjabberdNode:
    """One Erlang node. Usable with `with`. It needs neither its own user nor epmd.

    Args:
        folder: for its configuration, log and memory; empty.
        configuration: a whole one, and the port it names; by default one without TLS that lets everybody in.
    """

    def __init__(self, folder: Path, configuration: tuple[Path, int] | None = None) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        (folder / "password").write_text("any\n")
        if configuration is None:
            configuration = folder / "ejabberd.yml", free_port()
            configuration[0].write_text(_open_to_all(configuration[1]))
        self._configuration, self.port = configuration
        self._unused = [f"t{number}" for number in range(_HOSTS)]

    def host(self) -> "EjabberdHost":
        """A broker in this node that no test has used."""
        return EjabberdHost(self, self._unused.pop(0))

    @property
    def password_file(self) -> Path:
        """What an anonymous user needs: some password."""
        return self._folder / "password"

    def start(self) -> None:
        """Start and wait until it listens."""
        libraries = ejabberd_libraries()
        assert libraries is not None, "ejabberd is not installed"
        environment = {
            **os.environ,
            "HOME": str(self._folder),
            "ERL_LIBS": str(libraries),
            "ERL_CRASH_DUMP_SECONDS": "0",
            "EJABBERD_CONFIG_PATH": str(self._configuration),
            "EJABBERD_LOG_PATH": str(self._folder / "ejabberd.log"),
        }
        command = ["erl", "-noinput", "-mnesia", "dir", f'"{self._folder}/memory"', "-s", "ejabberd"]
        with (self._folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                raise AssertionError(f"ejabberd did not start: {(self._folder / 'output.log').read_text()[-2000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """What a power cut does to it; calling it twice is harmless."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def log(self) -> str:
        """What it has written so far."""
        file = self._folder / "ejabberd.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def __enter__(self) -> "EjabberdNode":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class EjabberdHost:
    """What `Broker` is for Mosquitto, as far as tests that know no make need it."""

    make = "ejabberd"

    def __init__(self, node: EjabberdNode, name: str) -> None:
        self._node, self._name = node, name

    @property
    def port(self) -> int:
        return self._node.port

    @property
    def login(self) -> Login:
        """Settings with which everybody gets in."""
        return {"username": f"{USER}@{self._name}", "password_file": self._node.password_file}

    @property
    def client_options(self) -> tuple[str, ...]:
        """The same for mosquitto_sub and mosquitto_pub."""
        return ("-u", f"{USER}@{self._name}", "-P", "any")

    def connections_of(self, client_id: str) -> int:
        """How often that client has connected."""
        return self._node.log().count(f"Accepted MQTT authentication for {USER}@{self._name}/{client_id} ")

    def log(self) -> str:
        """Of the whole node."""
        return self._node.log()

    def start(self) -> None:
        self._node.start()

    def kill(self) -> None:
        self._node.kill()


def _open_to_all(port: int) -> str:
    hosts = ", ".join(f"t{number}" for number in range(_HOSTS))
    return f"""hosts: [{hosts}]
loglevel: info
auth_method: [anonymous]
anonymous_protocol: login_anon
allow_multiple_connections: true
listen:
  - port: {port}
    ip: "127.0.0.1"
    module: mod_mqtt
modules:
  mod_mqtt:
    session_expiry: 1 day
    queue_type: ram
"""
