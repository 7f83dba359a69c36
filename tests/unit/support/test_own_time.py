"""The clock of the virtual box's limits: a busy computer stops it, a box that hangs does not."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.box.own_time import OwnTime, family
from tests.box.services import await_so


class Proc:
    """A process of one or more threads, as the kernel counts them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now_s, self._threads = folder, 0.0, dict[str, list[float]]()

    def passes(self, wall_s: float, **threads: tuple[float, float]) -> None:
        """Some time, in which each thread ran and waited so long."""
        self.now_s += wall_s
        for name, (ran_s, waited_s) in threads.items():
            counted = self._threads.setdefault(name, [0.0, 0.0])
            counted[0] += ran_s * 1e9
            counted[1] += waited_s * 1e9
            file = self.folder / "7/task" / name / "schedstat"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{counted[0]:.0f} {counted[1]:.0f} 3\n")

    def clock(self) -> OwnTime:
        return OwnTime(lambda: [7], lambda: self.now_s, self.folder)


@pytest.mark.parametrize(
    ("threads", "own_s"),
    [
        ({"one": (10.0, 0.0)}, 10.0),  # alone on its core
        ({"one": (0.0, 0.0)}, 10.0),  # it sleeps: nobody keeps it from working
        ({"one": (1.0, 9.0)}, 1.0),  # a tenth of a core
        ({"one": (0.5, 0.5)}, 9.5),  # it sleeps most of the time, and is kept waiting for a while
        ({"one": (2.0, 8.0), "two": (2.0, 8.0)}, 2.0),  # a fifth each
        ({}, 10.0),
    ],
)
def test_what_was_waited_for_a_core_does_not_count(
    tmp_path: Path, threads: dict[str, tuple[float, float]], own_s: float
) -> None:
    proc = Proc(tmp_path)
    proc.passes(0.0, one=(3.0, 4.0), two=(0.0, 0.0))
    clock = proc.clock()
    proc.passes(10.0, **threads)
    assert clock() == pytest.approx(own_s)


def test_a_thread_that_ends_turns_nothing_back(tmp_path: Path) -> None:
    proc = Proc(tmp_path)
    proc.passes(0.0, one=(3.0, 4.0), two=(50.0, 50.0))
    clock = proc.clock()
    (tmp_path / "7/task/two/schedstat").unlink()
    proc.passes(5.0, one=(5.0, 0.0))
    assert clock() == pytest.approx(5.0)


def test_a_limit_ends_what_hangs_and_waits_for_what_is_kept_waiting() -> None:
    looks, clock = iter([False] * 5 + [True]), iter([0.0, *[0.1] * 20])
    await_so(lambda: next(looks), "answer", 1.0, lambda: next(clock))
    hangs = iter(float(second) for second in range(10))
    with pytest.raises(SystemExit, match="no answer"):
        await_so(lambda: False, "answer", 1.0, lambda: next(hangs))


def test_a_tracer_counts_with_what_it_traces() -> None:
    command = ["sh", "-c", "sleep 600 & echo ready; wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"ready\n"
            found = family(parent.pid)
        finally:
            os.killpg(parent.pid, signal.SIGKILL)
    assert found[0] == parent.pid
    assert len(found) == 2


def test_this_very_process_is_read() -> None:
    clock = OwnTime(lambda: [os.getpid()])
    assert 0.0 <= clock() < 60.0


def test_what_ends_while_it_is_looked_at_ends_no_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of /proc goes between being found and being read."""
    computer = Proc(tmp_path)
    computer.passes(1.0, one=(1.0, 0.0))
    clock = computer.clock()

    def gone(folder: Path, pattern: str) -> list[Path]:
        raise FileNotFoundError(f"{folder}/{pattern}")

    monkeypatch.setattr(Path, "glob", gone)
    computer.passes(1.0)
    assert clock() == pytest.approx(1.0)
    assert family(7, tmp_path) == [7]
