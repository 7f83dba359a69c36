"""When the watchdog is fed, and when the computer had better restart."""

import pytest

from firmware.feeding import PARTS, Feeding
from firmware.protocol import ProgressCounters

STALLED_S, START_S = 30.0, 300.0


def feeding() -> Feeding:
    return Feeding(STALLED_S, START_S, now_s=1000.0)


def test_a_station_may_take_its_time_to_come_but_not_for_ever() -> None:
    judge = feeding()
    assert judge.reason_against(1300.0) == ""
    assert judge.reason_against(1301.0) == "the station has been away for 301 s"


def test_progress_of_all_three_is_wanted() -> None:
    judge = feeding()
    judge.came(1000.0)
    for second in range(60):
        judge.progressed(ProgressCounters(frames=second, store=second // 5, web=second // 5), 1000.0 + second)
        assert judge.reason_against(1000.0 + second) == ""


@pytest.mark.parametrize("stuck", PARTS)
def test_one_part_that_stands_still_is_enough_and_is_named(stuck: str) -> None:
    judge = feeding()
    judge.came(1000.0)
    for second in range(32):
        counts = {part: 7 if part == stuck else second for part in PARTS}
        judge.progressed(ProgressCounters(**counts), 1000.0 + second)
    assert judge.reason_against(1029.0) == ""
    assert judge.reason_against(1031.0) == f"no progress for 30 s: {stuck}"
    judge.progressed(ProgressCounters(frames=99, store=99, web=99), 1032.0)
    assert judge.reason_against(1033.0) == ""


def test_a_station_that_says_nothing_any_more_has_stalled() -> None:
    judge = feeding()
    judge.came(1000.0)
    assert "frames, store, web" in judge.reason_against(1030.5)


def test_one_that_left_in_order_may_stay_away_and_one_that_vanished_may_not() -> None:
    judge = feeding()
    judge.came(1000.0)
    judge.left()
    judge.went(1010.0)
    assert judge.reason_against(9000.0) == ""
    judge.came(9000.0)
    judge.went(9010.0)
    assert judge.reason_against(9310.0) == ""
    assert judge.reason_against(9311.0) != ""


def test_a_new_station_counts_from_nought_and_has_the_whole_time() -> None:
    judge = feeding()
    judge.came(1000.0)
    judge.progressed(ProgressCounters(frames=500, store=50, web=50), 1001.0)
    judge.went(1002.0)
    judge.came(1100.0)
    judge.progressed(ProgressCounters(frames=500, store=50, web=50), 1101.0)
    assert judge.reason_against(1130.0) == ""
