"""The fleet's stores on a real PostgreSQL whose big tables are partitioned by month."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.apps.fleet_server.box_store import BoxStore
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.gap_finder import GapFinder
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.domain.errors import StoreError
from appliance.domain.instant import to_rfc3339
from tests.support.fleet_results import result
from tests.support.full_fleet import recorded
from tests.support.postgres import Postgres, postgres_folder

pytestmark = pytest.mark.skipif(postgres_folder() is None, reason="PostgreSQL is not installed")
SCRIPT = (Path(__file__).parents[2] / "image-build/fleet/partition.sql").read_text("utf-8")
NOW = datetime.now(timezone.utc)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with Postgres() as running:
        yield running


@pytest.fixture
def database(postgres: Postgres) -> Iterator[FleetDatabase]:
    postgres.empty()
    with FleetDatabase(postgres.url) as opened:
        yield opened


def run_script(database: FleetDatabase) -> None:
    with database.transaction("partition the tables") as connection:
        # BEGIN and COMMIT are the transaction's; a percent sign is the driver's.
        script = SCRIPT.replace("\nBEGIN;\n", "\n").replace("\nCOMMIT;\n", "\n").replace("%", "%%")
        connection.exec_driver_sql(script)


def places(database: FleetDatabase, table: str) -> list[str]:
    with database.transaction("look") as connection:
        found = connection.exec_driver_sql(f"SELECT tableoid::regclass::text FROM {table} ORDER BY 1")
        return [place for (place,) in found]


def test_results_lie_in_their_month_and_a_second_coming_is_still_no_second_row(database: FleetDatabase) -> None:
    run_script(database)
    this_month = to_rfc3339(NOW)
    kept = [result(1, finished_at=this_month), result(3, finished_at="2020-02-01T00:00:00.000Z")]
    store = ResultStore(database)
    assert store.keep(kept, (), NOW) == 2
    assert store.keep(kept, (), NOW) == 0
    assert store.count() == 2
    assert set(places(database, "results")) == {"results_other", f"results_{this_month[:7].replace('-', '_')}"}
    finder = GapFinder(database, 60.0)
    finder.look(NOW)
    assert [seq for _, _, seq, _ in finder.open_gaps()] == [2]


def test_telemetry_lies_in_its_month_and_is_dropped_when_it_is_old(database: FleetDatabase) -> None:
    run_script(database)
    store, whose = BoxStore(database), ("clinic-1", "box-7")
    for ts in (to_rfc3339(NOW), "2020-02-01T00:00:00.000Z"):
        store.take_report(whose, "telemetry", {**recorded("nailfold.telemetry-1"), "ts": ts}, NOW)
    assert "telemetry_other" in places(database, "telemetry")
    assert store.forget_telemetry(NOW - timedelta(days=90), NOW) == 1
    assert places(database, "telemetry") == [f"telemetry_{to_rfc3339(NOW)[:7].replace('-', '_')}"]


def test_a_box_whose_clock_is_ahead_keeps_no_later_month_from_being_made(database: FleetDatabase) -> None:
    run_script(database)
    store, ahead = ResultStore(database), NOW + timedelta(days=300)
    month = f"results_{to_rfc3339(ahead)[:7].replace('-', '_')}"
    with database.transaction("as if that month were not made yet") as connection:
        connection.exec_driver_sql(f"DROP TABLE {month}")
    early = result(1, finished_at=to_rfc3339(ahead))
    store.keep([early], (), NOW)
    assert places(database, "results") == ["results_other"]
    run_script(database)
    assert places(database, "results") == [month]
    assert store.keep([early], (), NOW) == 0, "still kept once"


def test_script_can_run_again_and_refuses_tables_that_hold_something(
    database: FleetDatabase, postgres: Postgres
) -> None:
    ResultStore(database).keep([result(1)], (), NOW)
    with pytest.raises(StoreError, match="only while it is empty"):
        run_script(database)
    assert ResultStore(database).count() == 1
    with database.transaction("empty it") as connection:
        connection.exec_driver_sql("DELETE FROM results")
    run_script(database)
    run_script(database)
    with FleetDatabase(postgres.url) as again:
        assert ResultStore(again).keep([result(1)], (), NOW) == 1
