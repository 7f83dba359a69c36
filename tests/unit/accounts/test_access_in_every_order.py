"""Guesses made at the same time gain nothing."""

import pytest

from appliance.accounts import access
from appliance.accounts.access import AttemptLimiter
from tests.support.exam_parts import HeldClock
from tests.support.interleaving import Race, in_every_order


def test_of_guesses_made_at_once_no_more_are_free_than_one_after_the_other() -> None:
    def race() -> Race:
        limiter = AttemptLimiter(2, 8.0, 60.0, HeldClock().monotonic_s)
        waits: list[float] = []

        def guess() -> None:
            waits.append(limiter.begin("10.0.0.1"))

        def check() -> None:
            assert sorted(waits) == [0.0, 0.0, 8.0]
            assert limiter.wait_s("10.0.0.1") == 8.0

        return Race([guess, guess, guess], check)

    assert in_every_order(race, access) > 50


def test_success_forgets_one_client_and_no_other() -> None:
    def race() -> Race:
        limiter = AttemptLimiter(1, 8.0, 60.0, HeldClock().monotonic_s)
        limiter.begin("mine")
        return Race(
            [lambda: limiter.succeeded("mine"), lambda: limiter.begin("other")],
            lambda: (limiter.wait_s("mine"), limiter.wait_s("other")) == (0.0, 8.0) or pytest.fail("mixed up"),
        )

    assert in_every_order(race, access) > 10
