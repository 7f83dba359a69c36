"""What the fleet's database promises, on SQLite and on a real PostgreSQL."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import update

from appliance.apps.fleet_server.console_views import ConsoleViews
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.gap_finder import GapFinder, MissingResults
from appliance.apps.fleet_server.reception import RefusedResult
from appliance.apps.fleet_server.result_store import ResultStore, Taken
from appliance.apps.fleet_server.tables import boxes, layout
from appliance.apps.system_clock import SystemClock
from appliance.domain.errors import SettingsError, StoreError
from tests.support.fleet_results import result
from tests.support.postgres import Postgres, postgres_folder

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=timezone.utc)
GRACE_S = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    if postgres_folder() is None:
        pytest.skip("PostgreSQL is not installed")
    with Postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/fleet.sqlite3"
        return
    postgres: Postgres = request.getfixturevalue("server")
    yield postgres.url
    postgres.empty()


@pytest.fixture
def database(url: str) -> Iterator[FleetDatabase]:
    with FleetDatabase(url) as opened:
        yield opened


def test_same_result_is_kept_once_however_often_it_comes(database: FleetDatabase) -> None:
    store, one, other = ResultStore(database), result(1), result(2)
    assert store.keep([one], [], NOW) == 1
    assert store.keep([one, other, other], [], NOW) == 1
    assert store.keep([one, other], [], NOW) == 0
    assert store.count() == 2


def test_other_content_under_an_id_that_is_kept_is_told_and_leaves_no_trace(database: FleetDatabase) -> None:
    """In the same commit or later, of the same box or of another: the first stays, and what is true of it is found."""
    store, first = ResultStore(database), result(1)
    same_id = {"msg_id": first.msg_id, "exam_id": first.document["exam_id"]}
    images = json.loads(json.dumps(first.document["images"]).replace("0.1.0", "9.9.9"))
    changed, of_another = result(1, images=images, **same_id), result(1, box="box-8", **same_id)
    elsewhere = result(7, msg_id=first.msg_id)
    assert store.take([first, changed, first], [], NOW) == Taken(1, (1,))
    assert store.take([of_another, result(2), first, elsewhere], [], NOW) == Taken(1, (0, 3))
    assert store.exams_with("software", "9.9.9") == ()
    assert store.count() == 2
    assert {reason for _, reason in store.refused()} == {"the fleet has another result under this id"}
    later = NOW + timedelta(seconds=2 * GRACE_S)
    assert GapFinder(database, GRACE_S).look(later) == (), "box-8 has sent nothing, box-7 has no gap up to 2"


def test_exams_are_found_by_engine_calibration_and_software(database: FleetDatabase) -> None:
    store, mine = ResultStore(database), result(1)
    store.keep([mine], [], NOW)
    image = mine.document["images"][0]
    digest = image["software"]["engines"]["detector"]
    for kind, value in (("engine", digest), ("software", image["software"]["version"])):
        (found,) = store.exams_with(kind, value)
        assert (found.site, found.box, found.exam_id) == ("clinic-1", "box-7", mine.document["exam_id"])
    assert image["result"]["calibration_id"] is not None
    assert len(store.exams_with("calibration", image["result"]["calibration_id"])) == 1
    assert store.exams_with("engine", "sha256:" + "0" * 64) == ()
    assert store.exams_with("calibration", digest) == ()


def test_refusals_are_kept_with_their_first_reason(database: FleetDatabase) -> None:
    store = ResultStore(database)
    topic = "nailfold/v1/clinic-1/box-7/results/m"
    store.keep([], [RefusedResult(topic, None, "m", "no JSON")], NOW)
    store.keep([], [RefusedResult(topic, None, "m", "again")], NOW)
    assert store.refused() == ((topic, "no JSON"),)


def test_gap_is_asked_for_after_a_while_by_one_worker_and_later_each_time(database: FleetDatabase) -> None:
    store, workers = ResultStore(database), [GapFinder(database, GRACE_S), GapFinder(database, GRACE_S)]
    store.keep([result(1), result(4)], [], NOW)
    store.keep([result(2, box="box-8")], [], NOW)
    assert [worker.look(NOW) for worker in workers] == [(), ()]
    asked_at = []
    for minute in range(20):
        now = NOW + timedelta(minutes=minute)
        asked = [lacking for worker in workers for lacking in worker.look(now)]
        if asked:
            assert asked == [MissingResults("clinic-1", "box-7", (2, 3)), MissingResults("clinic-1", "box-8", (1,))]
            asked_at.append(minute)
    assert asked_at == [1, 3, 7, 15]


def test_gap_ends_with_the_arrival_alone(database: FleetDatabase) -> None:
    store, finder = ResultStore(database), GapFinder(database, GRACE_S)
    store.keep([result(3)], [], NOW)
    finder.look(NOW)
    assert finder.open_gaps() == (("clinic-1", "box-7", 1, 0), ("clinic-1", "box-7", 2, 0))
    late = result(2)
    store.keep([late], [], NOW)
    store.keep([late], [], NOW)
    assert finder.open_gaps() == (("clinic-1", "box-7", 1, 0),)
    assert finder.look(NOW + timedelta(days=1)) == (MissingResults("clinic-1", "box-7", (1,)),)


def test_gap_behind_a_thousand_that_stay_is_found_too(database: FleetDatabase) -> None:
    store, finder = ResultStore(database), GapFinder(database, GRACE_S)
    store.keep([result(2500), result(2502)], [], NOW)
    for _ in range(3):
        finder.look(NOW)
    assert len(finder.open_gaps()) == 2500
    assert finder.open_gaps()[-1][2] == 2501
    assert all(len(lacking.seqs) <= 100 for lacking in finder.look(NOW + timedelta(minutes=2)))


def test_workers_that_keep_the_same_results_at_once_keep_each_once(url: str) -> None:
    shared = [result(seq) for seq in range(1, 31)]
    failed: list[Exception] = []
    together = threading.Barrier(4)

    def work(offset: int) -> None:
        try:
            with FleetDatabase(url) as own:
                together.wait()
                for start in range(0, 30, 5):
                    at = (start + offset * 5) % 30
                    ResultStore(own).keep(shared[at : at + 10], [], NOW)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with FleetDatabase(url) as database:
        assert ResultStore(database).count() == 30


def test_database_of_a_newer_software_is_refused(database: FleetDatabase, url: str) -> None:
    with database.transaction("make it newer") as connection:
        connection.execute(update(layout).values(version=99))
    with pytest.raises(StoreError, match="layout 99"):
        FleetDatabase(url)


def test_postgresql_restarted_in_the_middle_of_a_commit_costs_that_commit_and_nothing_more(server: Postgres) -> None:
    """What the broker was not told of comes again; who reads meanwhile is told, and reads on afterwards."""
    server.empty()
    with FleetDatabase(server.url) as database:
        store, views = ResultStore(database), ConsoleViews(database, SystemClock())
        store.keep([result(1)], [], NOW)
        assert views.boxes() == ()

        def restart_and_go_on(*_: object) -> None:
            server.stop()
            with pytest.raises(StoreError, match="read the boxes"):
                views.boxes()
            server.start()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "_note_numbers", restart_and_go_on)
            with pytest.raises(StoreError, match="could not keep the results"):
                store.keep([result(2), result(3)], [], NOW)
        assert views.boxes() == ()
        assert store.count() == 1, "of a commit that broke off nothing stays"
        assert store.keep([result(2), result(3)], [], NOW) == 2


def test_postgresql_that_is_stopped_is_given_up_and_serves_again_once_it_goes_on(server: Postgres) -> None:
    """Its computer still answers for it, so that no time-out of the network ends the wait."""
    server.empty()
    with FleetDatabase(server.url, answer_timeout_s=1.0) as database:
        store = ResultStore(database)
        store.keep([result(1)], [], NOW)
        with server.frozen():
            for _ in range(2):  # on a connection that there is, and on none
                with pytest.raises(StoreError, match=r"could not keep the results: .*(no answer|timeout)"):
                    store.keep([result(2)], [], NOW)
        assert store.keep([result(3)], [], NOW) == 1
        assert store.count() == 2, "what was given up is not kept"


def test_worker_that_says_nothing_inside_a_transaction_keeps_its_rows_from_nobody_for_long(server: Postgres) -> None:
    server.empty()
    with FleetDatabase(server.url, answer_timeout_s=1.0) as silent, FleetDatabase(server.url) as other:
        ResultStore(silent).keep([result(1)], [], NOW)

        def hold_on() -> None:
            with silent.transaction("hold the row of the box") as held:
                held.execute(update(boxes).values(looked_seq=1))
                assert ResultStore(other).keep([result(2)], [], NOW) == 1, "it waits for that row until it is free"
                held.execute(update(boxes).values(looked_seq=1))

        with pytest.raises(StoreError, match="idle-in-transaction"):
            hold_on()


@pytest.mark.parametrize("url", ["fleet", "mysql://x/y", "nonsense://x"])
def test_address_of_no_known_database_is_refused_with_a_remedy(url: str) -> None:
    with pytest.raises(SettingsError, match="Use sqlite"):
        FleetDatabase(url)


def test_database_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not open the fleet's database"):
        FleetDatabase(f"sqlite:///{tmp_path}/absent/fleet.sqlite3")
