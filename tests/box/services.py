"""The installed package's services under a systemd of their own: namespaces on this computer's kernel, no emulation."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.box.own_time import OwnTime

HERE = Path(__file__).parent


class Services:
    """One start of the box's services; between `start` and `kill`.

    Args:
        root: an installed root (make_root.sh); nothing is written there.
        extra: files laid over it.
        data: the folder that is /var/lib/nailfold.
        log: takes what the services print.
    """

    def __init__(self, root: Path, extra: Path, data: Path, log: Path) -> None:
        self._command = [str(HERE / "enter.sh"), str(root), str(extra), str(data)]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.own_time = OwnTime(_pids)

    def start(self) -> None:
        """Returns at once."""
        with self._log.open("wb") as log:
            # In a session of its own: a Ctrl-C is for the program that cuts, and no power cut.
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def await_live(self, is_live: Callable[[], bool], within_s: float) -> float:
        """How long it took, on the wall; exits with the last words of the services where they do not come to it.

        Args:
            within_s: of their own time.
        """

        def is_so() -> bool:
            self.require_alive()
            return is_live()

        try:
            return await_so(is_so, "live picture", within_s, self.own_time)
        except SystemExit:
            print(self._log.read_text(errors="replace")[-4000:], flush=True)
            raise

    def require_alive(self) -> None:
        """Exits where they have ended by themselves."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise SystemExit("the services have ended")

    def inside(self, *command: str) -> str:
        """What a command prints that root runs on the box. Exits where it fails."""
        assert self._process is not None
        enter = ["nsenter", "--target", str(_only_child(self._process.pid)), "--mount", "--pid", "--root", "--wd=/"]
        done = subprocess.run([*enter, *command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def kill(self) -> None:
        """Every process at once, as when the power goes; harmless where there is none."""
        if self._process is None:
            return
        init = _only_child(self._process.pid)
        for pid in filter(None, (init, self._process.pid)):
            os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None


def kill_all(processes: "Sequence[subprocess.Popen[bytes]]") -> None:
    """End them in their order, without warning; returns once all are gone."""
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()


def await_so(
    is_so: Callable[[], bool], what: str, within_s: float, clock: Callable[[], float] = time.monotonic
) -> float:
    """How long it took, on the wall; exits where it does not come within so many seconds of the clock."""
    began_s, gives_up_at_s = time.monotonic(), clock() + within_s
    while not is_so():
        if clock() > gives_up_at_s:
            raise SystemExit(f"within {within_s:g} s: no {what}")
        time.sleep(0.1)
    return time.monotonic() - began_s


def _pids() -> list[int]:
    """Of everything under the box's systemd: enter.sh puts it into a control group of its own."""
    return pids_in("nailfold-services")


def pids_in(group: str) -> list[int]:
    """Of every process in a control group and those below it; groups that vanish while this looks have none."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    [unified, *_] = [Path(words[1]) for words in mounts if words[2] == "cgroup2"]
    found: list[int] = []
    # Unlike Path.rglob, os.walk goes on where a folder has gone.
    for folder, _, _ in os.walk(unified / group):
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in (Path(folder) / "cgroup.procs").read_text().split()]
    return found


def _only_child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else 0
