"""A process that may take so much: what it answers, and what becomes of a call that takes more."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.domain.errors import CaptureError
from appliance.limited_process import LimitedProcess, LimitExceededError

MEGABYTE = 1_000_000


@pytest.fixture
def process() -> Iterator[LimitedProcess]:
    limited = LimitedProcess(300 * MEGABYTE, timeout_s=20.0)
    yield limited
    limited.close()


def picture(side: int) -> NDArray[np.uint8]:
    return np.full((side, side, 3), 7, np.uint8)


def refuse(name: str) -> None:
    raise CaptureError(f"cannot read {name}", "Make it whole.")


def pid() -> int:
    return os.getpid()


def die() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


class UnpicklableError(Exception):
    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one}{other}")


def raise_unpicklable() -> None:
    raise UnpicklableError("does not ", "travel")


def test_it_answers_from_another_process_and_keeps_it(process: LimitedProcess) -> None:
    np.testing.assert_array_equal(process.call(picture, 50), picture(50))
    first = process.call(pid)
    assert first != os.getpid()
    assert process.call(pid) == first


def test_what_it_raises_is_raised_here(process: LimitedProcess) -> None:
    with pytest.raises(CaptureError, match=r"cannot read a\.png") as refusal:
        process.call(refuse, "a.png")
    assert refusal.value.remedy == "Make it whole."
    with pytest.raises(RuntimeError, match="UnpicklableError: does not travel"):
        process.call(raise_unpicklable)


def test_too_much_memory_is_refused_and_the_next_call_is_answered(process: LimitedProcess) -> None:
    with pytest.raises(LimitExceededError, match="too much memory"):
        process.call(picture, 20_000)
    assert process.call(picture, 2_000).nbytes == 12 * MEGABYTE


def test_a_call_without_end_is_ended(process: LimitedProcess) -> None:
    process.call(pid)  # Python has started
    process._timeout_s = 0.5
    began_s = time.monotonic()
    with pytest.raises(LimitExceededError, match="took more than"):
        process.call(time.sleep, 60)
    assert time.monotonic() - began_s < 30
    process._timeout_s = 20.0
    assert process.call(pid) > 0


def test_a_crash_is_that_calls_alone(process: LimitedProcess) -> None:
    with pytest.raises(LimitExceededError, match="ended the process"):
        process.call(die)
    assert process.call(pid) > 0


def test_an_unused_process_ends() -> None:
    limited = LimitedProcess(300 * MEGABYTE, timeout_s=20.0, idle_s=0.1)
    stat = Path(f"/proc/{limited.call(pid)}/stat")
    deadline_s = time.monotonic() + 20
    while stat.exists():
        assert time.monotonic() < deadline_s, "it is still there"
        time.sleep(0.05)
    limited.close()
