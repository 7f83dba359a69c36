"""What a run of power cuts says of itself: a run in which nothing could be lost proves nothing."""

from typing import Any

import pytest

from tests.box.power import verdict

GOOD: dict[str, Any] = {
    "kills": 3,
    "exams_finished": 5,
    "exams_lost": 0,
    "results_not_received": 0,
    "problems": [],
}


def test_a_whole_run_without_a_loss_is_good() -> None:
    assert verdict(GOOD, 3, has_fsync=True) == ""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"exams_lost": 1}, "exams_lost"),
        ({"results_not_received": 1}, "results_not_received"),
        ({"problems": ["the journal does not verify"]}, "problems"),
        ({"kills": 2}, "2 cuts instead of 3"),
        ({"exams_finished": 0}, "that is chance"),
    ],
)
def test_a_run_that_lost_something_or_proves_nothing_says_so(change: dict[str, Any], says: str) -> None:
    assert says in verdict(GOOD | change, 3, has_fsync=True)


@pytest.mark.parametrize("change", [{"exams_lost": 1}, {"results_not_received": 1}, {"problems": ["damaged"]}])
def test_a_lie_that_is_noticed_is_what_such_a_run_is_for(change: dict[str, Any]) -> None:
    assert verdict(GOOD | change, 3, has_fsync=False) == ""


@pytest.mark.parametrize("change", [{}, {"exams_finished": 0}, {"kills": 0}])
def test_a_lie_that_nothing_notices_fails(change: dict[str, Any]) -> None:
    assert "not noticed" in verdict(GOOD | change, 3, has_fsync=False)
