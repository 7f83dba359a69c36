"""Whose turn it is: the heart of tests/support/interleaving.py."""

import _thread
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

Plan = tuple[tuple[int, int], ...]
"""At which moment which thread goes on, in place of the one that would."""
_MOST_MOMENTS = 20_000


class DeadlockError(AssertionError):
    """Every thread waits for another."""


class _Over(BaseException):
    """Ends a thread when the test is over; no error, so that nothing under test handles it."""


@dataclass(eq=False)
class Turn:
    """A scheduled thread.

    Attributes:
        until: what it waits for; None while it can go on.
        gives_up_at_s: when nothing else can go on, the clock of the test moves to the first of these.
    """

    number: int
    act: Callable[[], object]
    is_background: bool
    go: "_thread.LockType" = field(default_factory=_thread.allocate_lock)
    until: Callable[[], bool] | None = None
    gives_up_at_s: float | None = None
    timed_out: bool = False
    is_done: bool = False
    at: str = "start"

    @property
    def is_ready(self) -> bool:
        return not self.is_done and (self.until is None or self.until())


@dataclass(frozen=True)
class _Moment:
    """What could have happened instead; `cost` is 1 where the running thread could have gone on."""

    chosen: int
    possible: tuple[int, ...]
    cost: int


class Turns:
    """One order of some threads. Only the thread whose turn it is runs.

    Args:
        carry: starts a real thread for a scheduled one.
    """

    def __init__(self, plan: Plan, carry: Callable[[Callable[[], None], Callable[[str], None]], None]) -> None:
        self._plan = dict(plan)
        self._fixed = plan
        self._carry = carry
        self._turns: list[Turn] = []
        self._moments: list[_Moment] = []
        self._all_done = _thread.allocate_lock()
        self._now_s = 0.0
        self._is_over = False
        self._is_running = False
        self._failure: BaseException | None = None
        self._switched: list[str] = []
        self._by_ident: dict[int, Turn] = {}

    def add(self, act: Callable[[], object], *, is_background: bool = False) -> Turn:
        """Another thread; also while the others run."""
        turn = Turn(len(self._turns), act, is_background)
        turn.go.acquire()
        self._turns.append(turn)
        if self._is_running:
            self._carry(lambda: self._live(turn), self.step)
        return turn

    def run(self, patience_s: float) -> None:
        """All of them, to the end of those in the foreground."""
        self._all_done.acquire()
        self._is_running = True
        for turn in tuple(self._turns):
            self._carry(lambda turn=turn: self._live(turn), self.step)  # type: ignore[misc]
        self._hand_over(self._choose(None))
        if not self._all_done.acquire(timeout=patience_s):
            raise DeadlockError(f"a thread waits outside of what is watched:\n{self.story}")
        self._is_running = False

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    @property
    def story(self) -> str:
        """Who went on where."""
        return "\n".join(self._switched)

    def others(self, most_switches: int) -> list[Plan]:
        """Orders that part from this one after its last fixed moment."""
        first = self._fixed[-1][0] + 1 if self._fixed else 0
        spent = sum(self._moments[at].cost for at, _ in self._fixed if at < len(self._moments))
        return [
            (*self._fixed, (at, instead))
            for at in range(first, len(self._moments))
            for instead in self._moments[at].possible
            if instead != self._moments[at].chosen and spent + self._moments[at].cost <= most_switches
        ]

    def step(self, at: str = "lock") -> None:
        """The running thread stands before a line or a lock: another may go on here."""
        me = self._mine()
        if me is None or self._is_over:
            return
        me.at = at
        others = [turn for turn in self._turns if turn is not me and turn.is_ready]
        self._hand_over(self._decide(me, [me, *others], cost=1) if others else me)

    def wait(self, until: Callable[[], bool], timeout_s: float | None) -> bool:
        """Let others go on until it holds; False when it gave up waiting."""
        if until():
            return True
        me = self._mine()
        if me is None:
            if timeout_s is not None:
                return False
            raise DeadlockError("the test itself would wait for ever")
        if self._is_over:
            raise _Over
        me.until, me.timed_out = until, False
        me.gives_up_at_s = None if timeout_s is None else self._now_s + timeout_s
        self._hand_over(self._choose(me))
        me.until = None
        return not me.timed_out

    def _mine(self) -> Turn | None:
        return self._by_ident.get(threading.get_ident())

    def _live(self, turn: Turn) -> None:
        turn.go.acquire()
        self._by_ident[threading.get_ident()] = turn
        try:
            if not self._is_over:
                turn.act()
        except _Over:
            pass
        except BaseException as error:
            if not self._is_over:
                self._failure = self._failure or error
        turn.is_done = True
        del self._by_ident[threading.get_ident()]
        self._next_after(turn)

    def _next_after(self, turn: Turn) -> None:
        following = self._choose(turn)
        if following is None:
            self._all_done.release()
        else:
            self._switched.append(f"thread {following.number} goes on at {following.at}")
            following.go.release()

    def _choose(self, me: Turn | None) -> Turn | None:
        """Who goes on when the running thread cannot."""
        if not self._is_over:
            if ready := [turn for turn in self._turns if turn is not me and turn.is_ready]:
                return self._decide(ready[0], ready, cost=0)
            awaited = [turn for turn in self._turns if not turn.is_done and not turn.is_background]
            if awaited and (impatient := self._most_impatient()) is not None:
                impatient.timed_out, impatient.until = True, None
                self._now_s = max(self._now_s, impatient.gives_up_at_s or 0.0)
                return impatient
            if awaited and self._failure is None:
                places = ", ".join(f"thread {turn.number} at {turn.at}" for turn in awaited)
                self._failure = DeadlockError(f"all wait for each other: {places}")
            self._is_over = True
        return next((turn for turn in self._turns if not turn.is_done and turn is not me), None) or (
            me if me is not None and not me.is_done else None
        )

    def _most_impatient(self) -> Turn | None:
        """Whose time-out comes first."""
        waiting = (turn for turn in self._turns if not turn.is_done and turn.until is not None)
        timed = [(turn.gives_up_at_s, turn.number) for turn in waiting if turn.gives_up_at_s is not None]
        return self._turns[min(timed)[1]] if timed else None

    def _decide(self, usual: Turn, possible: list[Turn], cost: int) -> Turn:
        at = len(self._moments)
        if at > _MOST_MOMENTS:
            self._failure, self._is_over = self._failure or DeadlockError("the threads never end"), True
        numbers = tuple(turn.number for turn in possible)
        chosen = self._plan.get(at, usual.number)
        chosen = chosen if chosen in numbers else usual.number
        self._moments.append(_Moment(chosen, numbers, cost))
        return self._turns[chosen]

    def _hand_over(self, following: Turn | None) -> None:
        me = self._mine()
        if following is not me and following is not None:
            self._switched.append(f"thread {following.number} goes on at {following.at}")
            following.go.release()
            if me is not None:
                me.go.acquire()
        if me is not None and self._is_over:
            raise _Over
