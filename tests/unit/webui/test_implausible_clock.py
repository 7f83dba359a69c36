"""A box that wakes in 1970: no exam gets that date unless somebody vouches for the clock."""

from datetime import datetime, timedelta, timezone

import pytest

from appliance.exam.clock_watch import CONFIRMED, RELEASED_AT_UTC, ClockWatch
from appliance.storage.memory_journal import MemoryJournal
from tests.support.page_client import log_in
from tests.support.page_station import PageStation

EPOCH = datetime(1970, 1, 1, 0, 0, 5, tzinfo=timezone.utc)
YEAR = timedelta(days=365)


class SetClock:
    """A clock that says what it was set to."""

    def __init__(self, now_utc: datetime) -> None:
        self.set_to_utc = now_utc

    def now_utc(self) -> datetime:
        return self.set_to_utc

    def monotonic_s(self) -> float:
        return 0.0


def test_no_exam_is_dated_1970_unless_somebody_vouches_for_the_clock() -> None:
    station = PageStation(exam_clock=SetClock(EPOCH))
    client = log_in(station.app.test_client())

    refused = client.post("/api/v1/exam/start", json={"pseudonym": "NC-1", "is_new": True})
    assert refused.status_code == 409
    assert "the clock says 1970-01-01T00:00:05.000Z" in refused.json["error"]["message"]
    assert 'id="clock"' in client.get("/about").text

    assert client.post("/api/v1/clock/confirm").json == {"earliest_utc": None}
    assert client.post("/api/v1/exam/start", json={"pseudonym": "NC-1", "is_new": True}).status_code == 200
    [entry] = station.journal.entries("clock")
    assert (entry.action, entry.actor) == (CONFIRMED, "ana.ruiz")
    assert entry.detail["clock"] == "1970-01-01T00:00:05.000Z"


def test_the_page_has_a_button_for_it() -> None:
    client = log_in(PageStation(exam_clock=SetClock(EPOCH)).app.test_client())

    assert client.post("/clock/confirm").status_code == 302
    assert 'id="clock"' not in client.get("/about").text


@pytest.mark.parametrize(
    ("back", "is_plausible"), [(timedelta(0), True), (timedelta(seconds=90), True), (timedelta(hours=1), False)]
)
def test_a_clock_before_the_newest_entry_is_no_clock_for_an_exam(back: timedelta, is_plausible: bool) -> None:
    clock = SetClock(RELEASED_AT_UTC + YEAR)
    journal = MemoryJournal(clock.now_utc)
    watch = ClockWatch(clock, journal)
    journal.append("ana", "review:a", "review.edited", {})
    clock.set_to_utc -= back

    assert (watch.earliest_utc() is None) is is_plausible


def test_a_clock_that_was_a_year_ahead_is_set_right_and_vouched_for_once() -> None:
    clock = SetClock(RELEASED_AT_UTC + 2 * YEAR)
    journal = MemoryJournal(clock.now_utc)
    journal.append("ana", "review:a", "review.edited", {})
    clock.set_to_utc -= YEAR
    ClockWatch(clock, journal).confirm("ana")

    assert ClockWatch(clock, journal).earliest_utc() is None, "after the next start"
