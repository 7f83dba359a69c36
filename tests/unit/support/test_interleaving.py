"""The scheduler of the interleaving tests finds what it is there for."""

import sys
import threading

import pytest

from tests.support.interleaving import Race, in_every_order, refused_with

HERE = sys.modules[__name__]


class Counter:
    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.value = 0

    def add_in_two_steps(self) -> None:
        before = self.value
        self.value = before + 1

    def add_under_the_lock(self) -> None:
        with self.guard:
            self.add_in_two_steps()

    def add_on_one_line(self) -> None:
        self.value += self.one()

    def one(self) -> int:
        return 1


def counting(verb: str, expected: int = 2) -> Race:
    counter = Counter()

    def check() -> None:
        assert counter.value == expected

    add = getattr(counter, verb)
    return Race([add, add], check)


def test_lost_update_is_found() -> None:
    with pytest.raises(AssertionError, match="in this order"):
        in_every_order(lambda: counting("add_in_two_steps"), HERE)


def test_update_under_a_lock_holds_in_every_order() -> None:
    assert in_every_order(lambda: counting("add_under_the_lock"), HERE) > 10


def test_lost_update_within_one_line_is_found_between_its_steps() -> None:
    with pytest.raises(AssertionError, match="in this order"):
        in_every_order(lambda: counting("add_on_one_line"), HERE, by_opcode=True)


def test_what_a_thread_raises_fails_the_test_and_a_refusal_that_may_come_does_not() -> None:
    def refuse() -> None:
        raise KeyError("gone")

    with pytest.raises(AssertionError, match="gone"):
        in_every_order(lambda: Race([refuse]), HERE)
    assert in_every_order(lambda: Race([refused_with(KeyError, refuse)]), HERE) == 1


def crossed(first: threading.Lock, second: threading.Lock) -> None:
    with first, second:
        pass


def test_deadlock_is_found_at_once() -> None:
    def race() -> Race:
        one, other = threading.Lock(), threading.Lock()
        return Race([lambda: crossed(one, other), lambda: crossed(other, one)])

    with pytest.raises(AssertionError, match="all wait for each other"):
        in_every_order(race, HERE)


def test_waiting_threads_are_woken_or_time_out_and_background_threads_end_with_the_test() -> None:
    def race() -> Race:
        changed, came, given_up = threading.Condition(), list[int](), threading.Event()

        def wait() -> None:
            with changed:
                changed.wait_for(lambda: came)
                assert came

        def call() -> None:
            with changed:
                came.append(1)
                changed.notify_all()
            assert not threading.Event().wait(0.1)
            given_up.set()

        threading.Thread(target=lambda: threading.Event().wait()).start()
        return Race([wait, call], lambda: None if given_up.is_set() else pytest.fail("it waits still"))

    assert in_every_order(race, HERE) > 5


def test_orders_are_the_same_every_time() -> None:
    def stories() -> list[str]:
        found = list[str]()

        def race() -> Race:
            counter, said = Counter(), list[str]()

            def act(name: str) -> None:
                counter.add_under_the_lock()
                said.append(name)

            return Race([lambda: act("a"), lambda: act("b")], lambda: found.append("".join(said)))

        in_every_order(race, HERE)
        return found

    first = stories()
    assert first == stories()
    assert {"ab", "ba"} == set(first)
