"""What a wrong clock or a wrong number does to the fleet's figures: nothing, and it is said. On both databases."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from appliance.apps.fleet_server.console_views import ConsoleViews
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.gap_finder import GapFinder
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.system_clock import SystemClock
from appliance.domain.instant import to_rfc3339
from tests.support.fleet_models import exams
from tests.support.fleet_results import result
from webui.console.services import ResultFilter

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=timezone.utc)
WRONG = ("9999-12-31T23:59:59.000Z", "1970-01-01T00:00:07.000Z")
LARGEST = 999_999_999_999_999
LATER = "2026-12-03T10:00:00.000Z"
WHOSE = ("clinic-1", "box-7")


@pytest.mark.parametrize("stated", WRONG)
def test_exam_of_a_wrong_clock_stands_where_it_came_and_is_marked(database: FleetDatabase, stated: str) -> None:
    store, views = ResultStore(database), ConsoleViews(database, SystemClock())
    for day, ended in enumerate(("2026-11-29T09:00:00.000Z", stated, "2026-12-01T11:00:00.000Z")):
        store.keep([result(day + 1, finished_at=ended)], (), NOW + timedelta(days=day - 2))

    shown = views.results(ResultFilter())

    assert [one.finished_at_utc.day for one in shown] == [1, 30, 29], "newest first"
    assert [one.stated_at_utc is not None for one in shown] == [False, True, False]
    assert [one.stated_at_utc.year for one in shown if one.stated_at_utc] == [int(stated[:4])]
    day = NOW - timedelta(days=1)
    found = views.results(ResultFilter(since=day.replace(hour=0), until=day.replace(hour=0)))
    assert [one.exam_id for one in found] == [shown[1].exam_id], "it is found on the day on which it came"
    engine = next(iter(result().document["images"]))["software"]["engines"]["detector"]
    assert sorted(one.came_at is not None for one in store.exams_with("engine", engine)) == [False, False, True]


def test_clock_that_is_a_little_ahead_or_a_box_that_was_away_is_no_fault(database: FleetDatabase) -> None:
    for seq, ended in enumerate((NOW + timedelta(minutes=20), NOW - timedelta(days=200)), 1):
        ResultStore(database).keep([result(seq, finished_at=to_rfc3339(ended))], (), NOW)
    assert [one.stated_at_utc for one in ConsoleViews(database, SystemClock()).results(ResultFilter())] == [None, None]


def test_wrong_clock_neither_holds_the_newest_exams_of_the_watch_nor_becomes_its_reference(
    database: FleetDatabase,
) -> None:
    store, watch = ResultStore(database), ModelWatch(database)
    store.keep(list(exams(0, 100)), (), NOW)
    before = watch.periods(WHOSE)[1].reference
    for wrong, stated in zip(exams(100, 2, wider=1.0), WRONG, strict=True):
        store.keep([replace(wrong, document={**wrong.document, "finished_at": stated})], (), NOW)
    assert (watch.periods(WHOSE)[1].reference == before).all(), "1970 is not before the first exam"
    newer = [replace(one, document={**one.document, "finished_at": LATER}) for one in exams(102, 3, detector="c")]
    store.keep(newer, (), NOW + timedelta(days=2))
    assert len(watch.periods(WHOSE)[1].reference) == 3, "9999 is not after the newest networks"


def test_wrong_number_is_told_asks_for_nothing_and_hides_no_true_gap(database: FleetDatabase) -> None:
    store, gaps = ResultStore(database), GapFinder(database, 0.0)
    store.keep([result(1), result(LARGEST)], (), NOW)
    assert gaps.leaps() == {WHOSE: LARGEST}, "at once"
    asked = [gaps.look(NOW + timedelta(seconds=second)) for second in range(3)]
    assert asked == [()] * 3
    assert gaps.open_gaps() == ()
    store.keep([result(2), result(5)], (), NOW)
    gaps.look(NOW)
    assert [seq for _, _, seq, _ in gaps.open_gaps()] == [3, 4]
    assert gaps.leaps() == {WHOSE: LARGEST}
    store.keep([result(LARGEST)], (), NOW)
    gaps.look(NOW)
    assert [seq for _, _, seq, _ in gaps.open_gaps()] == [3, 4]


def test_box_whose_first_numbers_are_all_wrong_is_told(database: FleetDatabase) -> None:
    store, gaps = ResultStore(database), GapFinder(database, 0.0)
    store.keep([result(LARGEST - 1), result(LARGEST)], (), NOW)
    assert gaps.look(NOW) == ()
    assert gaps.open_gaps() == ()
    assert gaps.leaps() == {WHOSE: LARGEST}


def test_fleet_that_begins_anew_asks_for_all_that_a_box_has_ever_sent(database: FleetDatabase) -> None:
    store, gaps = ResultStore(database), GapFinder(database, 0.0)
    store.keep([result(2_500)], (), NOW)
    for _ in range(4):
        gaps.look(NOW)
    assert len(gaps.open_gaps()) == 2_499
    assert gaps.leaps() == {}
