"""What `threading` offers, handing over instead of waiting; for tests/support/interleaving.py."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.support.interleaving_turns import Turns


class Lock:
    """As threading.Lock."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._is_held = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        self._turns.step()
        if not blocking and self._is_held:
            return False
        if not self._turns.wait(lambda: not self._is_held, timeout if timeout >= 0 else None):
            return False
        self._is_held = True
        return True

    def release(self) -> None:
        assert self._is_held, "a lock was let go that nobody holds"
        self._is_held = False

    def locked(self) -> bool:
        return self._is_held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class RLock:
    """As threading.RLock."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._owner: int | None = None
        self._count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        me = threading.get_ident()
        if self._owner != me:
            self._turns.step()
            if not blocking and self._owner is not None:
                return False
            if not self._turns.wait(lambda: self._owner is None, timeout if timeout >= 0 else None):
                return False
        self._owner = me
        self._count += 1
        return True

    def release(self) -> None:
        assert self._owner == threading.get_ident(), "a lock was let go by a thread that does not hold it"
        self._count -= 1
        if self._count == 0:
            self._owner = None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class Condition:
    """As threading.Condition."""

    def __init__(self, turns: Turns, lock: Any = None) -> None:
        self._turns = turns
        self._lock = lock or RLock(turns)
        self._waiting: list[list[bool]] = []
        self.acquire, self.release = self._lock.acquire, self._lock.release

    def __enter__(self) -> bool:
        return bool(self._lock.acquire())

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        is_called = [False]
        self._waiting.append(is_called)
        held = 0
        while self._is_mine:
            self._lock.release()
            held += 1
        try:
            return self._turns.wait(lambda: is_called[0], timeout)
        finally:
            if is_called in self._waiting:
                self._waiting.remove(is_called)
            for _ in range(held):
                self._lock.acquire()

    def wait_for(self, is_true: Callable[[], Any], timeout: float | None = None) -> Any:
        while not (found := is_true()):
            if (timeout is not None and timeout <= 0) or not self.wait(timeout):
                return is_true()
        return found

    def notify(self, n: int = 1) -> None:
        for is_called in self._waiting[:n]:
            is_called[0] = True
        del self._waiting[:n]

    def notify_all(self) -> None:
        self.notify(len(self._waiting))

    @property
    def _is_mine(self) -> bool:
        if isinstance(self._lock, RLock):
            return self._lock._owner == threading.get_ident()
        return bool(self._lock.locked())


class Thread:
    """As threading.Thread; it runs in the background of the test's own threads."""

    def __init__(
        self,
        turns: Turns,
        group: None = None,
        target: Callable[..., object] = lambda: None,
        name: str = "",
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
    ) -> None:
        self._turns = turns
        self._act = lambda: target(*args, **(kwargs or {}))
        self._turn: Any = None
        self.name, self.daemon = name, daemon

    def start(self) -> None:
        self._turn = self._turns.add(self._act, is_background=True)
        self._turns.step()

    def join(self, timeout: float | None = None) -> None:
        self._turns.wait(lambda: self._turn.is_done, timeout)

    def is_alive(self) -> bool:
        return self._turn is not None and not self._turn.is_done

    @property
    def ident(self) -> int | None:
        return None if self._turn is None else int(self._turn.number) + 1


class Timer(Thread):
    """As threading.Timer; its time may come at any moment."""

    def __init__(self, turns: Turns, interval: float, function: Callable[..., object], args: Any = ()) -> None:
        super().__init__(turns, target=self._fire)
        self._function, self._args, self._is_cancelled = function, args, False

    def cancel(self) -> None:
        self._is_cancelled = True

    def _fire(self) -> None:
        self._turns.step()
        if not self._is_cancelled:
            self._function(*self._args)
