"""Runs threads one at a time and switches between them at every line: all orders with a few switches, every time alike.

A test makes the objects afresh for each order, so what it finds is found on every computer. Locks, conditions, threads
and timers of `threading` are replaced by ones that hand over instead of waiting, so a deadlock is noticed at once.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any

from tests.support.interleaving_locks import Condition, Lock, RLock, Thread, Timer
from tests.support.interleaving_turns import Plan, Turns

_PATIENCE_S = 30.0
_MOST_THREADS = 6


@dataclass(frozen=True)
class Race:
    """One meeting of threads.

    Attributes:
        threads: what each does.
        check: asserts, after all have ended, what must hold in every order.
    """

    threads: Sequence[Callable[[], object]]
    check: Callable[[], object] = lambda: None


def refused_with(refusal: type[Exception], act: Callable[[], object]) -> Callable[[], object]:
    """The act, which may be refused."""

    def attempt() -> object:
        try:
            return act()
        except refusal as error:
            return error

    return attempt


def in_every_order(
    make: Callable[[], Race], *modules: ModuleType, switches: int = 2, most_runs: int = 110, by_opcode: bool = False
) -> int:
    """How many orders were tried; fails with the first in which a thread raises, all wait for ever, or `check` fails.

    Args:
        make: called for every order; all locks must be made in it.
        modules: in which threads are switched at each line.
        switches: of threads that could have gone on. Orders with fewer come first.
        most_runs: if there are more, evenly spread ones are tried.
        by_opcode: switch inside of lines as well.
    """
    files = frozenset(str(module.__file__) for module in modules)
    carriers = _Carriers(files, by_opcode)
    tried, level = 0, list[Plan]([()])
    try:
        while level and tried < most_runs:
            following = list[Plan]()
            for plan in _spread(level, most_runs - tried):
                turns = _run(make, plan, carriers)
                tried += 1
                following += turns.others(switches)
            level = following
    finally:
        carriers.end()
    return tried


def _spread(level: list[Plan], most: int) -> list[Plan]:
    """At most so many of them, from all over the list."""
    return level if len(level) <= most else [level[at * len(level) // most] for at in range(most)]


def _run(make: Callable[[], Race], plan: Plan, carriers: "_Carriers") -> Turns:
    carriers.gather()
    turns = Turns(plan, carriers.carry)
    with _replaced(turns):
        race = make()
        for act in race.threads:
            turns.add(act)
        turns.run(_PATIENCE_S)
        try:
            turns.raise_failure()
            race.check()
        except BaseException as error:
            raise AssertionError(f"{error!r} in this order:\n{turns.story}") from error
    return turns


@contextmanager
def _replaced(turns: Turns) -> Iterator[None]:
    names = {"Lock": Lock, "RLock": RLock, "Condition": Condition, "Thread": Thread, "Timer": Timer}
    kept = {name: getattr(threading, name) for name in names}

    def bound(kind: Any) -> Callable[..., Any]:
        return lambda *given, **named: kind(turns, *given, **named)

    for name, kind in names.items():
        setattr(threading, name, bound(kind))
    try:
        yield
    finally:
        for name, original in kept.items():
            setattr(threading, name, original)


class _Carriers:
    """Real threads that carry the scheduled ones, order after order."""

    def __init__(self, files: frozenset[str], by_opcode: bool) -> None:
        self._files = files
        self._by_opcode = by_opcode
        self._all = tuple(_Carrier(self._back) for _ in range(_MOST_THREADS))
        self._idle = list(self._all)

    def gather(self) -> None:
        """Wait for those that are still on their way back from the last order."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while len(self._idle) < len(self._all):
            assert time.monotonic() < deadline_s, "a thread of the order before is still at work"
            time.sleep(0.0001)

    def carry(self, act: Callable[[], None], step: Callable[[str], None]) -> None:
        """Let an idle thread do this, with `step` called before each line of the watched files."""
        self._idle.pop().do(act, self._tracer(step))

    def end(self) -> None:
        for carrier in self._all:
            carrier.do(None, None)

    def _back(self, carrier: "_Carrier") -> None:
        self._idle.append(carrier)

    def _tracer(self, step: Callable[[str], None]) -> Callable[..., Any]:
        wanted = "opcode" if self._by_opcode else "line"

        def inside(frame: FrameType, event: str, _: object) -> Any:
            if event == wanted:
                step(f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}")
            return inside

        def trace(frame: FrameType, _event: str, _argument: object) -> Any:
            if frame.f_code.co_filename not in self._files:
                return None
            frame.f_trace_opcodes = self._by_opcode
            return inside

        return trace


class _Carrier:
    def __init__(self, back: Callable[["_Carrier"], None]) -> None:
        self._back = back
        self._work: tuple[Callable[[], None] | None, Any] = (None, None)
        self._has_work = threading.Semaphore(0)
        threading.Thread(target=self._run, daemon=True).start()

    def do(self, act: Callable[[], None] | None, tracer: Any) -> None:
        """None ends the thread."""
        self._work = (act, tracer)
        self._has_work.release()

    def _run(self) -> None:
        while True:
            self._has_work.acquire()
            act, tracer = self._work
            if act is None:
                return
            sys.settrace(tracer)
            try:
                act()
            finally:
                sys.settrace(None)
                self._back(self)
