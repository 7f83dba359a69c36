"""Time as text."""

import time
from datetime import datetime, timedelta, timezone

import pytest

from appliance.domain.instant import from_rfc3339, in_zone, require_sayable, to_rfc3339

MOMENT = datetime(2026, 11, 22, 10, 0, 0, 123_987, tzinfo=timezone.utc)


def test_one_text_for_one_instant_whatever_its_zone() -> None:
    east = MOMENT.astimezone(timezone(timedelta(hours=9)))
    assert to_rfc3339(east) == to_rfc3339(MOMENT) == "2026-11-22T10:00:00.123Z"
    assert to_rfc3339(MOMENT.replace(microsecond=0)) == "2026-11-22T10:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-11-22T10:00:00Z", 0),
        ("2026-11-22T10:00:00.123Z", 123_000),
        ("2026-11-22T10:00:00.123987Z", 123_987),
        ("2026-11-22T19:00:00.123987+09:00", 123_987),
    ],
)
def test_every_precision_that_was_ever_stored_is_read(text: str, microsecond: int) -> None:
    read = from_rfc3339(text)
    assert read == MOMENT.replace(microsecond=microsecond)
    assert read.utcoffset() == timedelta(0)


def test_microseconds_come_back_exactly() -> None:
    assert from_rfc3339(to_rfc3339(MOMENT, "microseconds")) == MOMENT


@pytest.mark.parametrize("text", ["2026-11-22T10:00:00.123", "yesterday", ""])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|isoformat"):
        from_rfc3339(text)


def test_what_was_read_is_in_utc_wherever_the_computer_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Lima")
    time.tzset()
    try:
        assert from_rfc3339("2026-11-22T19:00:00+09:00").utcoffset() == timedelta(0)
    finally:
        monkeypatch.undo()
        time.tzset()


ENDS = ("9999-12-31T23:59:59.999Z", "9999-12-30T00:00:00.000Z", "0001-01-01T00:00:00.000Z")


@pytest.mark.parametrize("text", ENDS)
def test_what_was_stored_is_read_and_shown_in_every_zone_and_only_a_stranger_is_refused(text: str) -> None:
    stored = from_rfc3339(text)
    assert to_rfc3339(stored) == text
    for hours in (-23, 0, 14, 23):
        assert in_zone(stored, timezone(timedelta(hours=hours))).year in (1, 9999)
    with pytest.raises(ValueError, match="end of the calendar"):
        require_sayable(stored)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_what_utc_has_no_words_for_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="calendar"):
        from_rfc3339(text)
