"""Nights in which the clocks are changed: an exam across them, in lists by day and on the pages."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from appliance.domain.exam import ExamStart
from appliance.exports.report.localisation import Localisation
from appliance.storage.memory_store import MemoryExamStore
from webui.api.search_bodies import ExamSearchBody

BoxZone = Callable[[str], ZoneInfo]


@pytest.fixture
def box_zone() -> Iterator[BoxZone]:
    before = os.environ.get("TZ")

    def choose(name: str) -> ZoneInfo:
        os.environ["TZ"] = name
        time.tzset()
        return ZoneInfo(name)

    yield choose
    os.environ.pop("TZ", None)
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Madrid",
        "America/Santiago",
        "America/Havana",
        "Asia/Beirut",
        "Africa/Cairo",
        "Australia/Lord_Howe",
        "UTC",
    ],
)
def test_every_moment_of_a_year_is_on_the_day_that_the_box_shows(box_zone: BoxZone, zone: str) -> None:
    """In some of them clocks go forward at midnight: 00:00 does not exist then."""
    local, patients = box_zone(zone), MemoryExamStore().patients
    for one in (date(2026, 1, 1) + timedelta(days=number) for number in range(366)):
        query = ExamSearchBody(from_date=one, to_date=one).query(patients)
        assert query.from_utc is not None
        assert query.before_utc is not None
        first, last = query.from_utc, query.before_utc - timedelta(seconds=1)
        shown = [moment.astimezone(local).date() for moment in (first, last, first - timedelta(seconds=1))]
        assert shown == [one, one, one - timedelta(days=1)]


def test_an_exam_across_the_hour_that_comes_twice_keeps_its_order_and_its_length(box_zone: BoxZone) -> None:
    box_zone("Europe/Madrid")
    words = Localisation("en")
    began = datetime(2026, 10, 25, 0, 50, tzinfo=timezone.utc)
    ended = began + timedelta(minutes=20)
    assert (words.time(began), words.time(ended)) == ("02:50", "02:10")
    assert words.moment(began).endswith("02:50:00 +02:00"), "a report tells the two apart"
    assert words.moment(ended).endswith("02:10:00 +01:00")
    store = MemoryExamStore()
    exam = store.start_exam("NC-1", began, ExamStart("ana"))
    assert exam.started_at_utc == began


def test_pages_follow_the_zone_that_was_chosen_last(box_zone: BoxZone) -> None:
    words, moment = Localisation("en"), datetime(2026, 10, 25, 3, tzinfo=timezone.utc)
    box_zone("Europe/Madrid")
    assert words.minute(moment) == "25 Oct 2026, 04:00"
    box_zone("America/Bogota")
    assert words.minute(moment) == "24 Oct 2026, 22:00"
