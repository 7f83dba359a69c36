"""Which states under a box's own name come from another device."""

from datetime import timedelta

import pytest

from appliance.domain.journal import JournalState
from appliance.transport.state_message import BoxState
from appliance.transport.twin_watch import TwinWatch
from tests.support.exam_parts import IDENTITY, NOON


class Watch:
    """A watch of boot "mine" whose seconds are set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.twins = TwinWatch("clinic-1/box-7", "mine", lambda: self.now_s)

    def hears(self, boot_id: str, after_s: float, *, is_online: bool = True, is_retained: bool = False) -> str:
        payload = BoxState(boot_id, 1, IDENTITY).payload(
            is_online, NOON + timedelta(seconds=after_s), JournalState(None, 0)
        )
        self.twins.heard(payload, is_retained)
        return self.twins.reason


@pytest.fixture
def watch() -> Watch:
    made = Watch()
    made.twins.born(NOON)
    return made


def test_another_boot_id_is_told_with_its_name_and_its_remedy(watch: Watch) -> None:
    assert "another device runs under the name clinic-1/box-7 (boot id theirs)" in watch.hears("theirs", 5)


def test_twin_that_took_the_place_is_found_in_the_retained_state_afterwards(watch: Watch) -> None:
    assert "theirs" in watch.hears("theirs", 5, is_retained=True)


@pytest.mark.parametrize(
    ("boot_id", "after_s", "is_online", "is_retained"),
    [("mine", 5, True, False), ("before", -5, True, True), ("before", 5, False, False)],
    ids=["its own", "an earlier start, from a broker's old memory", "the late will of an earlier start"],
)
def test_what_the_box_itself_left_is_no_twin(
    watch: Watch, boot_id: str, after_s: float, is_online: bool, is_retained: bool
) -> None:
    assert watch.hears(boot_id, after_s, is_online=is_online, is_retained=is_retained) == ""


def test_before_its_first_birth_a_retained_state_is_an_earlier_start(watch: Watch) -> None:
    unborn = Watch()
    assert unborn.hears("before", 5, is_retained=True) == ""


@pytest.mark.parametrize("payload", [b"", b"x", b"[]", b'{"boot_id": "b"}', b'{"boot_id":"b","is_online":1,"ts":"x"}'])
def test_what_is_no_state_is_passed_over(watch: Watch, payload: bytes) -> None:
    watch.twins.heard(payload, False)
    assert watch.twins.reason == ""


def test_twin_that_is_not_heard_any_more_is_forgotten(watch: Watch) -> None:
    watch.hears("theirs", 5)
    watch.now_s = 601.0
    assert watch.twins.reason == ""
