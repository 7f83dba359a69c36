"""What the watch over the boxes' networks promises, on SQLite and on a real PostgreSQL."""

from datetime import datetime, timedelta, timezone

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.reception import ReceivedResult
from appliance.apps.fleet_server.result_store import ResultStore
from tests.support.fleet_models import START, exams

WHOSE = ("clinic-1", "box-7")
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=timezone.utc)


def raised(database: FleetDatabase, *results: ReceivedResult, at: datetime = NOW) -> list[str]:
    """What has drifted on the box after these, too."""
    ResultStore(database).keep(results, (), at)
    watch = ModelWatch(database)
    assert watch.step(600.0, at, most=10) == 0
    return [one.figure for one in watch.raised().get(WHOSE, [])]


def test_widths_that_drift_are_raised_and_end_when_they_are_as_before(database: FleetDatabase) -> None:
    assert raised(database, *exams(0, 150)) == []
    assert raised(database, *exams(150, 50, wider=0.25)) == ["apical_um"]
    (drift,) = ModelWatch(database).raised()[WHOSE]
    assert (drift.since[:19], drift.limit) == ("2026-11-30T12:00:00", 0.2)
    later = NOW + timedelta(hours=1)
    assert raised(database, *exams(200, 1, wider=0.25), at=later) == ["apical_um"]
    assert ModelWatch(database).raised()[WHOSE][0].since == drift.since, "raised once"
    assert raised(database, *exams(201, 50), at=later) == []


def test_result_that_comes_twice_is_counted_once(database: FleetDatabase) -> None:
    kept = list(exams(0, 150))
    ResultStore(database).keep([*kept, *kept[:20]], (), NOW)
    ResultStore(database).keep(kept[:50], (), NOW)
    widths = ModelWatch(database).periods(WHOSE)[1]
    assert (len(widths.reference), len(widths.current)) == (100, 50)
    assert widths.reference.sum() == 100 * 16


def test_nothing_is_said_before_both_periods_are_whole(database: FleetDatabase) -> None:
    assert raised(database, *exams(0, 100), *exams(100, 49, wider=1.0)) == []
    assert ModelWatch(database).periods(WHOSE)[1].drift is None


def test_new_networks_and_a_new_reference_begin_anew(database: FleetDatabase) -> None:
    assert raised(database, *exams(0, 100), *exams(100, 50, wider=0.25)) == ["apical_um"]
    watch = ModelWatch(database)
    watch.begin_reference(WHOSE, "eva", START + timedelta(hours=99, minutes=30))
    assert watch.raised() == {}
    assert len(watch.periods(WHOSE)[1].reference) == 50
    ResultStore(database).keep(list(exams(150, 10, detector="c")), (), NOW)
    assert len(watch.periods(WHOSE)[1].reference) == 10


def test_corrections_are_those_of_the_newest_revision(database: FleetDatabase) -> None:
    (finished,) = exams(0, 1)
    revisions = []
    for number, is_edited in ((1, True), (2, False)):
        images = [{**image, "is_edited": is_edited, "excluded": False} for image in finished.document["images"]]
        more = {"revision": number, "validated_at": "2026-11-30T13:30:00.000Z", "images": images}
        (revised,) = exams(0, 1)
        document = {**finished.document, **more, "msg_id": revised.msg_id}
        revisions.append(ReceivedResult("clinic-1", "box-7", 1 + number, "0" * 64, b"{}", document))
    ResultStore(database).keep([finished, *revisions], (), NOW)
    corrections = ModelWatch(database).periods(WHOSE)[4]
    assert corrections.reference.tolist() == [[2, 0]]


def test_boxes_are_judged_a_few_at_a_time(database: FleetDatabase) -> None:
    ResultStore(database).keep([one for box in "abcdef" for one in exams(0, 1, box=box)], (), NOW)
    watch = ModelWatch(database)
    assert [watch.step(600.0, NOW) for _ in range(3)] == [2, 0, 0]
