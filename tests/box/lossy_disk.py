"""A disk with a cache that a power cut loses: what was written and not flushed is gone.

nbdkit's cache filter keeps writes to itself until a flush; nbdfuse makes a file of it, a loop device a disk. Killing
nbdkit is the cut. Needs root and the Debian packages nbdkit, nbdfuse and e2fsprogs.
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

_ANSWERS_WITHIN_S = 30.0


class LossyDisk:
    """One ext4 file system, mounted at `mounted` between `plug` and `cut`.

    Args:
        folder: of its own, for the disk's file and the mount points.
        size_mb: of the disk; its file takes what is written.
    """

    def __init__(self, folder: Path, size_mb: int = 512) -> None:
        self._size_mb = size_mb
        self._folder = folder
        self._image, self._socket, self._fuse = folder / "disk.img", folder / "nbd", folder / "fuse"
        self.mounted, self._log = folder / "mounted", folder / "servers.log"
        self._servers: list[subprocess.Popen[bytes]] = []
        self._loop = ""

    def make(self) -> None:
        """A new, empty one."""
        for place in (self._fuse, self.mounted):
            place.mkdir(parents=True, exist_ok=True)
        with self._image.open("wb") as file:
            file.truncate(self._size_mb << 20)
        _run("mkfs.ext4", "-q", "-F", self._image)

    def plug(self) -> None:
        """Mount it; the file system's own journal repairs what a cut has left."""
        _run("mount", "-t", "ext4", "-o", "noatime", self.attach(), self.mounted)

    def attach(self) -> str:
        """The loop device of disk.img in the folder."""
        self._fuse.mkdir(parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        cache = ("cache=writeback", "cache-min-block-size=4K")
        self._start("nbdkit", "-f", "-U", self._socket, "--filter=cache", "file", self._image, *cache)
        _await(self._socket.exists, "nbdkit")
        # -s, one request at a time: nbdfuse (1.14) counts a request after it was sent, so with more an answer may be
        # counted first.
        self._start("nbdfuse", "-s", f"{self._fuse}/disk", f"nbd+unix:///?socket={self._socket}")
        _await((self._fuse / "disk").exists, "nbdfuse")
        self._loop = _run("losetup", "--find", "--show", f"{self._fuse}/disk")
        return self._loop

    def require_alive(self) -> None:
        """Exits where one of its servers has ended by itself: what then comes is no power cut."""
        for server in self._servers:
            if server.poll() is not None:
                said = self._log.read_text(errors="replace")[-500:]
                raise SystemExit(f"{server.args[0]} of the disk has ended by itself: {server.returncode} {said}")

    def cut(self) -> None:
        """The power goes. Whatever has files open there must be killed before `clear`; harmless where it is off."""
        for server in self._servers[:1]:
            server.kill()

    def fail(self) -> None:
        """After `cut`: what still waits for the disk gets an error instead of waiting for ever."""
        for server in self._servers:
            server.kill()

    def clear(self) -> None:
        """Take away what a cut, or an orderly `unmount`, has left of the disk in this computer."""
        for command in (("umount", "-l", self.mounted), ("losetup", "-d", self._loop), ("umount", "-l", self._fuse)):
            subprocess.run([str(word) for word in command], capture_output=True, check=False)
        for server in self._servers:
            with contextlib.suppress(ProcessLookupError):
                server.send_signal(signal.SIGKILL)
            server.wait()
        self._servers, self._loop = [], ""

    def unmount(self) -> None:
        """In order: everything is kept."""
        _run("umount", self.mounted)
        _run("losetup", "-d", self._loop)
        subprocess.run(["umount", str(self._fuse)], check=False, capture_output=True)
        for server in reversed(self._servers):
            server.terminate()
            server.wait()
        self._servers, self._loop = [], ""

    def _start(self, *command: str | Path) -> None:
        # What they say of a cut is no fault.
        environment = {**os.environ, "TMPDIR": str(self._folder)}
        with self._log.open("ab") as log:
            self._servers.append(
                subprocess.Popen(
                    [str(word) for word in command],
                    env=environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C is for the program that cuts
                )
            )


def _await(is_there: object, what: str) -> None:
    assert callable(is_there)
    until_s = time.monotonic() + _ANSWERS_WITHIN_S
    while not is_there():
        if time.monotonic() > until_s:
            raise SystemExit(f"{what} has not started within {_ANSWERS_WITHIN_S:g} s")
        time.sleep(0.05)


def _run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout.strip()
