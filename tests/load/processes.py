"""Processes of a load run, and what they cost."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from tests.support.broker import Broker

ROOT = Path(__file__).parents[2]
STALLED_S = 120.0
Process = subprocess.Popen[str]


class LoadProcesses:
    """One broker, and whatever else is started. Usable with `with`, which ends all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._ends = folder, ExitStack()
        self.broker = Broker(folder / "broker", ["max_queued_messages 0"])

    def __enter__(self) -> "LoadProcesses":
        self.broker.start()
        self._ends.callback(self.broker.stop)
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def start(self, arguments: Iterable[str], log: str) -> Process:
        """Python with these arguments; what it says as an error goes to the log."""
        errors = self._ends.enter_context((self.folder / log).open("a"))
        pipe = subprocess.PIPE
        process: Process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=errors, text=True
        )
        self._ends.enter_context(process)
        self._ends.callback(process.kill)
        return process

    def start_ingest(self, number: int, url: str) -> Process:
        """A worker of the product, connected."""
        name = f"ingest-{number}"
        file = self.folder / f"{name}.toml"
        file.write_text(
            f'[mqtt]\nhost = "127.0.0.1"\nport = {self.broker.port}\ntls = false\nbox = "{name}"\n'
            f'reconnect_first_s = 0.2\nreconnect_longest_s = 1.0\n[database]\nurl = "{url}"\n'
        )
        before = self.broker.connections_of(f"nailfold-host-{name}")
        command = ["-m", "appliance.apps.cli", "fleet", "ingest", "--config", str(file)]
        process = self.start(command, f"{name}.log")
        wait(lambda: self.broker.connections_of(f"nailfold-host-{name}") > before, process.poll)
        return process


def processor_s(pids: Iterable[int]) -> float:
    """What these processes and their children have used so far, user and system."""
    ticks, parents = 0, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # Behind the name, which may have spaces: parent and times are fields 4 and 14 to 17 of all (man proc).
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(folder.name)] = (int(fields[1]), [int(field) for field in fields[11:15]])
    for pid in pids:
        ticks += sum(parents[pid][1])
        ticks += sum(sum(times) for parent, times in parents.values() if parent == pid)
    return ticks / os.sysconf("SC_CLK_TCK")


def write_line(process: Process) -> None:
    """For which it waits."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def wait_for(process: Process, word: str) -> None:
    """Until it says that; raises SystemExit for anything else."""
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    if said != word:
        raise SystemExit(f"it said {said!r} in the place of {word!r}; see its log")


def wait(is_so: Callable[[], bool], progress: Callable[[], object]) -> None:
    """Raises SystemExit when nothing has moved for two minutes."""
    seen, since_s = progress(), time.monotonic()
    while not is_so():
        time.sleep(0.1)
        if progress() != seen:
            seen, since_s = progress(), time.monotonic()
        if time.monotonic() - since_s > STALLED_S:
            raise SystemExit(f"nothing has moved for {STALLED_S:.0f} s, at {seen}")
