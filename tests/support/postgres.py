"""A real PostgreSQL on a free loopback port."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.broker import free_port

_OWNER = "postgres"


def postgres_folder() -> Path | None:
    """Where initdb and pg_ctl are; Debian keeps them outside of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Postgres:
    """A server with one empty database `fleet`, which can be stopped and started. Usable with `with`.

    Its folder is not pytest's: that one is closed to the user that a server started by root must run as.
    """

    def __init__(self) -> None:
        programmes = postgres_folder()
        assert programmes is not None, "PostgreSQL is not installed"
        self._programmes, self._port = programmes, free_port()
        self._folder = folder = Path(tempfile.mkdtemp(prefix="nailfold-postgres-"))
        # It refuses to run as root.
        self._as_owner = (
            ["setpriv", f"--reuid={_OWNER}", f"--regid={_OWNER}", "--clear-groups"] if not os.geteuid() else []
        )
        if self._as_owner:
            shutil.chown(folder, _OWNER)
        self._run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", _OWNER, "--no-sync")

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{_OWNER}@127.0.0.1:{self._port}/fleet"

    @property
    def pid(self) -> int:
        """Of the server's first process, whose children serve the connections."""
        return int((self._folder / "data/postmaster.pid").read_text().splitlines()[0])

    def start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        """At once, as at a power cut."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Meanwhile every process of the server is stopped: its computer still answers for it."""
        stopped = self._processes()
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(stopped):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        """The first one before its children, so that it makes none meanwhile."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def empty(self) -> None:
        """Drop every table."""
        command = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        self._run("psql", "-h", "127.0.0.1", "-p", str(self._port), "-U", _OWNER, "-q", "-c", command, "fleet")

    def __enter__(self) -> "Postgres":
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self._port), "-U", _OWNER, "fleet")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def _run(self, programme: str, *arguments: str) -> None:
        command = [*self._as_owner, str(self._programmes / programme), *arguments]
        # Not captured through pipes: the server that pg_ctl starts would keep them open.
        with (self._folder / "programmes.log").open("ab") as log:
            subprocess.run(command, check=True, cwd="/", stdout=log, stderr=log, timeout=60)
