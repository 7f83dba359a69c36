"""What the fleet's stores of boxes, jobs and journals promise, on SQLite and on a real PostgreSQL."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select

from appliance.apps.files.signatures import make_signing_key
from appliance.apps.fleet_server.audit_store import AuditStore
from appliance.apps.fleet_server.box_message_service import BoxMessageService
from appliance.apps.fleet_server.box_store import BoxStore
from appliance.apps.fleet_server.console_views import ConsoleViews
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.job_maker import JobMaker
from appliance.apps.fleet_server.job_store import JobStore
from appliance.apps.fleet_server.site_store import Site, SiteStore
from appliance.apps.fleet_server.tables import audit_aside
from appliance.apps.system_clock import SystemClock
from appliance.domain.errors import SettingsError, StoreError
from appliance.domain.journal import JournalEntry, JournalHead, next_entry
from appliance.fleet.audit import Audit, audit_of, entry_of
from appliance.fleet.jobs import JobState, JobUpdate, SignedJob
from tests.support.full_fleet import recorded
from tests.support.postgres import Postgres

WHOSE = ("clinic-1", "box-7")
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=timezone.utc)
TS = "2026-11-30T12:00:00.000Z"


@pytest.fixture
def maker(tmp_path: Path) -> JobMaker:
    make_signing_key(tmp_path / "k", tmp_path / "p")
    return JobMaker(tmp_path / "k")


def state(boot_id: str, is_online: bool = True, conn_seq: int = 1) -> dict[str, object]:
    return {**recorded("nailfold.state-1"), "boot_id": boot_id, "is_online": is_online, "conn_seq": conn_seq}


def test_will_of_an_earlier_connection_changes_nothing(database: FleetDatabase) -> None:
    store = BoxStore(database)
    store.take_states([(WHOSE, state("b1"))], NOW)
    store.take_states([(WHOSE, state("b1", conn_seq=2))], NOW)
    store.take_states([(WHOSE, state("b1", is_online=False, conn_seq=1))], NOW)
    assert store.boxes(NOW)[0].is_online
    store.take_states([(WHOSE, state("b1", is_online=False, conn_seq=2))], NOW)
    assert not store.boxes(NOW)[0].is_online


def test_restart_is_no_twin_and_a_boot_id_that_comes_back_is_one_for_ten_minutes(database: FleetDatabase) -> None:
    store = BoxStore(database)
    for boot_id in ("b1", "b2"):
        store.take_states([(WHOSE, state(boot_id))], NOW)
    assert not store.boxes(NOW)[0].has_twin
    store.take_states([(WHOSE, state("b1", conn_seq=2))], NOW)
    assert store.boxes(NOW + timedelta(minutes=9))[0].has_twin
    assert not store.boxes(NOW + timedelta(minutes=11))[0].has_twin


def test_states_that_a_slower_worker_hears_again_change_nothing(database: FleetDatabase) -> None:
    store, later = BoxStore(database), NOW + timedelta(minutes=3)
    told = [(WHOSE, state("b1")), (WHOSE, state("b2")), (WHOSE, state("b2", is_online=False))]
    store.take_states(told, NOW)
    before = store.boxes(NOW)
    assert not before[0].is_online
    store.take_states(told, later)
    assert store.boxes(NOW) == before, "neither a twin nor online again, and its goodbye is as old as it was"
    store.take_states([(WHOSE, state("b2", conn_seq=2))], later)
    assert store.boxes(later)[0].is_online


def test_one_commit_takes_the_states_of_many_boxes_in_the_order_of_their_coming(database: FleetDatabase) -> None:
    store, names = BoxStore(database), [("clinic-1", f"box-{number}") for number in range(50)]
    told = [(whose, state(f"b-{whose[1]}", is_online)) for whose in reversed(names) for is_online in (True, False)]
    store.take_states([*told, (names[0], state("b-box-0", conn_seq=2))], NOW)
    online = [row.box for row in store.boxes(NOW) if row.is_online]
    assert (len(store.boxes(NOW)), online) == (50, ["box-0"])


def test_two_workers_that_hear_the_same_states_never_wait_for_one_another(database: FleetDatabase) -> None:
    names = [("clinic-1", f"box-{number}") for number in range(30)]
    store = BoxStore(database)

    def hear(order: int) -> None:
        for seq in range(1, 6):
            store.take_states([(whose, state("b", conn_seq=seq)) for whose in names[::order]], NOW)

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(hear, (1, -1)))
    assert {row.state["conn_seq"] for row in store.boxes(NOW)} == {5}


def test_database_of_the_layout_before_goes_on_without_a_false_twin(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fleet.sqlite3"
    with FleetDatabase(url) as database:
        BoxStore(database).take_states([(WHOSE, state("b1"))], NOW)
        with database.transaction("make it old") as connection:
            connection.exec_driver_sql("""UPDATE box_states SET boots = '["b1"]'""")
            connection.exec_driver_sql("UPDATE layout SET version = 3")
    with FleetDatabase(url) as database:
        store = BoxStore(database)
        store.take_states([(WHOSE, state("b1", conn_seq=2))], NOW)
        assert (store.boxes(NOW)[0].state["conn_seq"], store.boxes(NOW)[0].has_twin) == (2, False)


def test_site_keeps_what_was_said_last_and_refuses_what_is_no_place(database: FleetDatabase) -> None:
    store = SiteStore(database)
    store.keep("lyon", "Rheumatology", None, "eva", NOW)
    store.keep("lyon", "  Rheumatology, Lyon ", (45.76, 4.84), "eva", NOW)
    assert store.all() == {"lyon": Site("lyon", "Rheumatology, Lyon", (45.76, 4.84))}
    for title, place in (("", None), ("Lyon", (91.0, 0.0)), ("Lyon", (0.0, 181.0))):
        with pytest.raises(SettingsError):
            store.keep("lyon", title, place, "eva", NOW)


def test_old_telemetry_is_dropped_and_the_newest_stays_shown(database: FleetDatabase) -> None:
    store = BoxStore(database)
    store.take_states([(WHOSE, state("b1"))], NOW)
    for ts in ("2026-08-01T00:00:00.000Z", "2038-01-19T03:14:07.000Z", TS):
        store.take_report(WHOSE, "telemetry", {**recorded("nailfold.telemetry-1"), "ts": ts}, NOW)
    assert store.forget_telemetry(NOW - timedelta(days=90), NOW) == 2, "that of a clock in the future, too"
    assert store.boxes(NOW)[0].reports["telemetry"][0]["ts"] == TS


def test_wish_is_given_to_one_worker(database: FleetDatabase) -> None:
    store = BoxStore(database)
    store.want(WHOSE, {"exam.best_of_s": 0.8}, "eva", NOW)
    ((whose, wish),) = store.untold(NOW)
    assert (whose, wish.version, wish.settings) == (WHOSE, 1, {"exam.best_of_s": 0.8})
    assert store.untold(NOW) == []


def update(signed: SignedJob, version: int, job_state: JobState) -> JobUpdate:
    return JobUpdate(job_id=signed.job.job_id, version=version, state=job_state, boot_id="b", ts=TS)


def test_job_is_pending_until_its_end_and_an_older_state_never_replaces_a_newer(
    database: FleetDatabase, maker: JobMaker
) -> None:
    store, signed = JobStore(database), maker.make(WHOSE, "restart", {}, NOW)
    store.add(signed, "eva", NOW)
    with pytest.raises(SettingsError, match="already"):
        store.add(signed, "eva", NOW)
    assert store.untold() == [WHOSE]
    assert store.untold() == []
    assert [one.job_id for one in store.pending(WHOSE, NOW).pending] == [signed.job.job_id]
    assert store.take_update(WHOSE, update(signed, 3, JobState.SUCCEEDED), NOW) == ""
    assert store.take_update(WHOSE, update(signed, 3, JobState.SUCCEEDED), NOW) == "", "told twice"
    assert store.take_update(WHOSE, update(signed, 2, JobState.IN_PROGRESS), NOW) == "a newer state is known"
    assert store.take_update(("clinic-1", "box-8"), update(signed, 9, JobState.FAILED), NOW) != ""
    assert store.pending(WHOSE, NOW).pending == ()
    (row,) = store.all()
    assert (row.state, row.signed) == (JobState.SUCCEEDED, signed)


def chain(count: int) -> list[Audit]:
    entries: list[JournalEntry] = []
    for number in range(count):
        head = JournalHead(entries[-1].seq, entries[-1].hash) if entries else None
        entries.append(next_entry(head, NOW, "ana", "exam:1", "exam.noted", {"number": number}))
    return [audit_of(entry) for entry in entries]


def test_journal_counts_up_to_its_first_gap_however_it_comes(database: FleetDatabase) -> None:
    store, told = AuditStore(database), chain(6)
    assert store.take(WHOSE, told[:2], NOW) == 2
    assert store.take(WHOSE, told[3:], NOW) == 2
    assert store.take(WHOSE, told[1:3], NOW) == 6
    assert store.have([WHOSE, ("clinic-1", "box-8")]) == {WHOSE: 6, ("clinic-1", "box-8"): 0}
    assert [one.seq for one in store.entries(WHOSE, 2)] == [6, 5]


def test_time_of_an_entry_is_doubted_by_when_it_came_not_by_when_it_is_looked_at(database: FleetDatabase) -> None:
    """Two days ahead then is long ago now."""
    AuditStore(database).take(WHOSE, chain(1), NOW - timedelta(days=2))
    AuditStore(database).take(("clinic-1", "box-8"), chain(1), NOW)
    views = ConsoleViews(database, SystemClock())
    shown = [views.journal(f"clinic-1/{box}").entries for box in ("box-7", "box-8")]
    assert [one.is_time_doubtful for (one,) in shown] == [True, False]


def test_two_workers_that_take_one_journal_lose_nothing(database: FleetDatabase) -> None:
    store, told = AuditStore(database), chain(40)
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(lambda start: store.take(WHOSE, told[start : start + 10], NOW), (0, 10, 20, 30)))
    assert store.take(WHOSE, told[:1], NOW) == 40


def test_changed_and_replaced_entries_are_told(database: FleetDatabase) -> None:
    store, told = AuditStore(database), chain(3)
    store.take(WHOSE, told[:1], NOW)
    changed = told[1].model_copy(update={"actor": "somebody"})
    assert store.take(WHOSE, [changed], NOW) == 1
    assert "entry 2 was changed" in store.problem(WHOSE)
    other = ("clinic-1", "box-8")
    store.take(other, told[:1], NOW)
    foreign = told[1].model_copy(update={"previous_hash": "f" * 64})
    store.take(other, [foreign], NOW)
    assert "the journal was replaced" in store.problem(other)
    BoxStore(database).take_states([(WHOSE, state("b1"))], NOW)
    (view,) = ConsoleViews(database, SystemClock()).boxes()
    assert "journal_broken" in [alert.code for alert in view.alerts]


def branch(told: list[Audit], keep: int, count: int) -> list[Audit]:
    """The journal of a box that was put back to its entry `keep`, and has written on."""
    entries = [entry_of(one) for one in told[:keep]]
    for number in range(count):
        head = JournalHead(entries[-1].seq, entries[-1].hash)
        entries.append(next_entry(head, NOW, "ben", "exam:2", "exam.noted", {"number": number}))
    return [audit_of(entry) for entry in entries]


def test_what_was_told_of_a_journal_stays_whatever_comes_later(database: FleetDatabase) -> None:
    store, told = AuditStore(database), chain(6)
    store.take(WHOSE, told, NOW)
    store.compare(WHOSE, 4, told[3].hash, NOW + timedelta(hours=1))
    assert "put back to an older state" in store.problem(WHOSE)
    # On its way before the box heard how far it is here, as after every connection.
    store.take(WHOSE, told[2:4], NOW + timedelta(hours=1))
    assert "put back to an older state" in store.problem(WHOSE)


def test_an_entry_that_differs_from_the_one_that_is_here_is_told(database: FleetDatabase) -> None:
    store, told = AuditStore(database), chain(6)
    store.take(WHOSE, told, NOW)
    assert store.take(WHOSE, branch(told, 4, 1)[4:], NOW) == 6
    assert store.problem(WHOSE) == "entry 5 is another than the one that came before: the journal was replaced"


def test_a_journal_with_a_reason_to_be_another_begins_anew_and_the_earlier_one_is_kept(database: FleetDatabase) -> None:
    store, told = AuditStore(database), chain(6)
    store.take(WHOSE, told, NOW)
    with pytest.raises(StoreError, match="is whole"):
        store.accept(WHOSE, "eva", "restored", NOW)
    now = branch(told, 4, 3)
    store.take(WHOSE, now[4:], NOW)

    assert "entry 5 is another" in store.accept(WHOSE, "eva", "its disk was replaced", NOW)
    assert (store.problem(WHOSE), store.have([WHOSE])) == ("", {WHOSE: 0})
    assert store.take(WHOSE, now[6:], NOW) == 0, "so that the box begins with the first"
    assert store.take(WHOSE, now, NOW) == 7
    assert store.problem(WHOSE) == ""
    [kept] = store.acceptances(WHOSE)
    assert (kept.by, kept.because) == ("eva", "its disk was replaced")
    assert "entry 5 is another" in kept.problem
    with database.transaction("read what was set aside") as connection:
        aside = connection.execute(select(audit_aside.c.hash).order_by(audit_aside.c.seq)).scalars().all()
    assert aside == [one.hash for one in (*told, now[6])], "all that had come until then"
    # And again, should it be put back once more.
    store.take(WHOSE, branch(now, 3, 1)[3:], NOW)
    store.accept(WHOSE, "eva", "once more", NOW + timedelta(seconds=1))
    assert [one.because for one in store.acceptances(WHOSE)] == ["once more", "its disk was replaced"]


def test_a_wish_is_told_to_a_box_though_the_fleets_database_was_put_back_to_before(database: FleetDatabase) -> None:
    """The box has had version 7; the fleet counts from 1 again. The box would pass over all that is not newer."""
    store = BoxStore(database)
    assert store.want(WHOSE, {"exam.best_of_s": 0.7}, "eva", NOW).version == 1
    assert [wish.version for _, wish in store.untold(NOW)] == [1]
    reported = {**recorded("nailfold.shadow-reported-1"), "desired_version": 7}
    for _ in range(2):
        store.take_report(WHOSE, "shadow", reported, NOW)
    assert [wish.version for _, wish in store.untold(NOW)] == [8], "once"
    store.take_report(WHOSE, "shadow", {**reported, "desired_version": 8}, NOW)
    assert store.untold(NOW) == []
    assert store.want(WHOSE, {"exam.best_of_s": 0.9}, "eva", NOW).version == 9


def test_a_version_that_a_box_made_up_is_not_where_the_count_ends(database: FleetDatabase) -> None:
    store = BoxStore(database)
    store.want(WHOSE, {"exam.best_of_s": 0.7}, "eva", NOW)
    store.take_report(
        WHOSE, "shadow", {**recorded("nailfold.shadow-reported-1"), "desired_version": (1 << 53) - 1}, NOW
    )
    assert store.want(WHOSE, {"exam.best_of_s": 0.8}, "eva", NOW).version == 2


def test_a_connection_to_postgresql_ends_a_wait_for_a_computer_that_is_gone(postgres: Postgres) -> None:
    with FleetDatabase(postgres.url) as database, database.transaction("look") as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        told = driver.info.get_parameters()
    assert (told["connect_timeout"], told["keepalives_idle"], told["tcp_user_timeout"]) == ("10", "30", "60000")


def journal_state(boot_id: str, conn_seq: int, end: Audit) -> dict[str, object]:
    return {**state(boot_id, conn_seq=conn_seq), "journal": {"seq": end.seq, "hash": end.hash, "alarms": 0}}


def birth(service: BoxMessageService, boot_id: str, conn_seq: int, end: Audit) -> str:
    """What the fleet thinks of the box's journal then."""
    payload = json.dumps(journal_state(boot_id, conn_seq, end)).encode()
    service.take([(f"nailfold/v1/{WHOSE[0]}/{WHOSE[1]}/state", payload)])
    return service.audit.problem(WHOSE)


def test_a_box_that_was_put_back_to_an_older_state_is_told_by_its_birth(database: FleetDatabase) -> None:
    """It tells no entry before its journal is as long again as it once was."""
    service, told = BoxMessageService(database, SystemClock()), chain(6)
    now_utc = SystemClock().now_utc()
    service.audit.take(WHOSE, told[:5], now_utc - timedelta(hours=1))
    service.audit.take(WHOSE, told[5:], now_utc)
    assert birth(service, "b1", 1, told[4]) == "", "the sixth entry is as young as the birth"
    assert birth(service, "b1", 2, told[2]).startswith("it ends with entry 3, and entry 5 came before")


def test_a_box_with_another_journal_is_told_by_its_birth(database: FleetDatabase) -> None:
    service, told = BoxMessageService(database, SystemClock()), chain(3)
    service.audit.take(WHOSE, told, SystemClock().now_utc() - timedelta(hours=1))
    assert birth(service, "b1", 1, told[2]) == ""
    other = told[2].model_copy(update={"hash": "0" * 64})
    assert "entry 3 is another than the one that came before" in birth(service, "b2", 1, other)
    assert birth(service, "b2", 1, told[2]) != "", "a birth that is heard again takes nothing back"
