"""What one box sends and no database can hold stops nobody else's messages."""

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.apps.fleet_server.box_message_service import BoxMessageService
from appliance.apps.fleet_server.console_views import ConsoleViews
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.gap_finder import GapFinder
from appliance.apps.fleet_server.ingest import IngestWorker, _Shift
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.reception import Arrival, RefusedResult, receive
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.fleet_server.settings import fleet_settings
from appliance.apps.system_clock import SystemClock
from appliance.domain.bounded_json import bounded_loads, keepable_loads, require_keepable
from appliance.domain.errors import ExportError
from appliance.fleet.audit import Audit
from appliance.fleet.message import read_message
from appliance.transport.connection import Acknowledged, Event, Received
from tests.support.fleet_results import arrival
from webui.console.services import ResultFilter

_STATE = json.loads((Path(__file__).parents[3] / "data/fleet_messages/nailfold.state-1.json").read_text("utf-8"))


class Broker:
    """Keeps what a worker confirms and publishes."""

    has_shared_subscriptions = True
    receive_maximum = 1000

    def __init__(self) -> None:
        self.confirmed: list[str] = []
        self.published: list[tuple[str, Any]] = []
        self.events: list[Event] = []

    def poll(self, _: float) -> list[Event]:
        events, self.events = self.events, []
        return events

    def confirm(self, received: Received) -> None:
        self.confirmed.append(received.topic)

    def publish(self, topic: str, payload: bytes, *_: object, **__: object) -> None:
        self.published.append((topic, json.loads(payload)))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[FleetDatabase]:
    with FleetDatabase(f"sqlite:///{tmp_path}/fleet.sqlite3") as opened:
        yield opened


@pytest.fixture
def worker(database: FleetDatabase) -> IngestWorker:
    clock = SystemClock()
    service, gaps = BoxMessageService(database, clock), GapFinder(database, 0.0)
    return IngestWorker(fleet_settings(), ResultStore(database), gaps, service, ModelWatch(database), clock)


def state_of(box: str, **changes: Any) -> Received:
    return Received(1, 1, f"nailfold/v1/clinic-1/{box}/state", json.dumps({**_STATE, **changes}).encode())


def result_of(came: Arrival) -> Received:
    return Received(1, 1, came.topic, came.payload, properties=came.properties)


def test_a_number_that_no_column_holds_costs_its_own_message_alone(worker: IngestWorker) -> None:
    broker = Broker()
    batch = [state_of("box-1"), state_of("box-2", conn_seq=10**30), state_of("box-3"), result_of(arrival())]

    _Shift(worker, broker)._settle(batch)  # type: ignore[arg-type]

    kept = worker.service.boxes.boxes(SystemClock().now_utc())
    assert {row.box for row in kept} == {"box-1", "box-3"}
    assert sorted(set(broker.confirmed)) == sorted(one.topic for one in batch)


def test_boxes_that_are_newer_than_the_server_are_told_of_once_and_stop_nobody(
    worker: IngestWorker, caplog: pytest.LogCaptureFixture
) -> None:
    newer = state_of("box-1", schema="nailfold.state/2", whereabouts="cupboard")

    for _ in range(3):
        _Shift(worker, Broker())._settle([newer, state_of("box-2")])  # type: ignore[arg-type]

    assert [row.box for row in worker.service.boxes.boxes(SystemClock().now_utc())] == ["box-2"]
    assert caplog.text.count("cannot be used") == 1


def test_receipts_that_the_broker_refuses_are_told_of_once(
    worker: IngestWorker, caplog: pytest.LogCaptureFixture
) -> None:
    broker = Broker()
    broker.events = [Acknowledged(1, 0x87), Acknowledged(2, 0x87), Acknowledged(3, 0)]
    shift = _Shift(worker, broker)  # type: ignore[arg-type]

    shift._listen(0.0)

    assert caplog.text.count("refuses what this server tells the boxes (reason code 0x87)") == 1


def test_a_box_that_floods_the_broker_fills_no_workers_memory(
    worker: IngestWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker, stopping, most = Broker(), threading.Event(), [0]
    shift = _Shift(worker, broker)  # type: ignore[arg-type]

    def flood(_: float) -> list[Event]:
        most[0] = max(most[0], len(shift._waiting))
        return [replace(state_of("box-1"), qos=0)] * 256

    monkeypatch.setattr(broker, "poll", flood)
    monkeypatch.setattr(shift, "_settle", lambda _: stopping.set() if len(settled) > 40 else settled.append(1))
    settled: list[int] = []
    monkeypatch.setattr("appliance.apps.fleet_server.ingest._LAST_ANSWERS_S", 0.0)
    shift.work(stopping)

    assert most[0] <= 3 * worker.settings.ingest.batch


def test_a_worker_killed_between_commit_and_receipt_costs_a_second_sending(worker: IngestWorker) -> None:
    broker, came = Broker(), result_of(arrival())
    worker.keep([came])  # and there it ended

    _Shift(worker, broker)._settle([came])  # type: ignore[arg-type]

    assert worker._store.count() == 1
    assert [said["outcome"] for _, said in broker.published] == ["stored"]


def test_an_entry_of_a_journal_that_is_none_stops_nobody(worker: IngestWorker) -> None:
    broker = Broker()
    audit = Received(1, 1, "nailfold/v1/clinic-1/box-1/audit/1", b'{"schema": "nailfold.audit/1"}')

    _Shift(worker, broker)._settle([audit, state_of("box-2")])  # type: ignore[arg-type]

    assert [row.box for row in worker.service.boxes.boxes(SystemClock().now_utc())] == ["box-2"]
    assert audit.topic in broker.confirmed


def test_a_figure_without_an_interval_is_shown_without_one(worker: IngestWorker, database: FleetDatabase) -> None:
    worker.keep([result_of(arrival(figures={"density_per_mm": {"value": 7.1, "uncertainty": None}}))])

    [shown] = ConsoleViews(database, SystemClock()).results(ResultFilter())

    assert "7.1" in str(shown)


@pytest.mark.parametrize("number", ["9" * 5000, "1" + "0" * 18, "01", "+1", "1e3", "٣", "1_0", " 1", "1\n"])
def test_a_number_that_is_none_is_refused_and_ends_no_worker(number: str) -> None:
    came = arrival()

    judged = receive(replace(came, properties={**came.properties, "seq": number}))

    assert isinstance(judged, RefusedResult)
    assert "property seq" in judged.reason


def test_a_result_far_ahead_of_all_others_fills_no_table(worker: IngestWorker, database: FleetDatabase) -> None:
    worker.keep([result_of(arrival(1)), result_of(arrival(999_999_999_999_999))])
    finder = GapFinder(database, 0.0)
    for _ in range(3):
        finder.look(SystemClock().now_utc())

    assert finder.open_gaps() == ()
    assert finder.leaps() == {("clinic-1", "box-7"): 999_999_999_999_999}


def test_a_clock_that_stood_in_the_future_ends_no_search(worker: IngestWorker, database: FleetDatabase) -> None:
    worker.keep([result_of(arrival(1)), result_of(arrival(3))])
    finder, now_utc = GapFinder(database, 1.0), SystemClock().now_utc()
    finder.look(now_utc + timedelta(days=3650))
    finder.look(now_utc + timedelta(days=3650, seconds=2))

    assert [lacking.seqs for lacking in finder.look(now_utc)] == [(2,)]


@pytest.mark.parametrize("text", [r'{"a":"\u0000"}', r'{"a":"\\\u0000"}', r'{"\ud800":1}', r'{"a":"\udfff\ud800"}'])
def test_text_that_no_database_holds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        require_keepable(text.encode())
    with pytest.raises(ExportError):
        read_message(Audit, text.encode())


@pytest.mark.parametrize(
    "text", ['["2026-02-31T00:00:00.000Z"]', r'["\u0032026-12-01T24:30:00Z"]', '["0000-01-01T00:00:00Z"]']
)
def test_a_moment_of_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|hour|day|year"):
        require_keepable(text.encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_a_result_in_another_encoding_hides_nothing_from_the_checks(encoding: str) -> None:
    came = arrival()
    payload = came.payload.decode().encode(encoding)
    said = receive(
        replace(came, payload=payload, properties={**came.properties, "sha256": hashlib.sha256(payload).hexdigest()})
    )
    assert isinstance(said, RefusedResult)
    assert "no JSON that can be kept" in said.reason
    with pytest.raises(ValueError, match=r"codec|BOM|line 1"):
        keepable_loads(r'{"a":"\u0000"}'.encode(encoding))
    with pytest.raises(ExportError):
        read_message(Audit, r'{"a":"\u0000"}'.encode(encoding))


def test_half_of_a_pair_in_bytes_is_refused() -> None:
    half = '{"a":"\ud800"}'.encode("utf-8", "surrogatepass")
    for refusing in (keepable_loads, require_keepable, bounded_loads):
        with pytest.raises(UnicodeDecodeError):
            refusing(half)


@pytest.mark.parametrize("text", [r'{"a":"\\u0000"}', r'{"a":"\ud83d\ude00"}', '{"a":"😀"}'])
def test_text_that_only_looks_so_is_taken(text: str) -> None:
    require_keepable(text.encode())


@pytest.mark.parametrize("number", ["1" + "0" * 400, "-1" + "0" * 19, "1e999", "-1E+400", "1" * 5000])
def test_a_number_that_nothing_holds_keeps_the_results_of_no_other_box_from_the_page(
    worker: IngestWorker, database: FleetDatabase, number: str
) -> None:
    came = arrival(figures={"density_per_mm": {"value": "HUGE", "uncertainty": 0.9}})
    payload = came.payload.replace(b'"HUGE"', number.encode())
    digest = hashlib.sha256(payload).hexdigest()
    huge = Arrival(came.topic, payload, {**came.properties, "sha256": digest})
    worker.keep([result_of(huge), result_of(arrival())])

    assert len(ConsoleViews(database, SystemClock()).results(ResultFilter())) == 1
    with pytest.raises(ExportError):
        read_message(Audit, b'{"seq": ' + number.encode() + b"}")


@pytest.mark.parametrize("number", [str((1 << 63) - 1), "0.0000000000000000000001", "1e-999", "1.5e+300", '"1e999"'])
def test_numbers_that_only_look_so_are_taken(number: str) -> None:
    assert bounded_loads(f"[{number}]") == [json.loads(number)]
    require_keepable(f"[{number}]".encode())


@pytest.mark.parametrize("text", ["NaN", '{"a": -Infinity}', "[Infinity]"])
def test_numbers_that_json_does_not_have_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="JSON has no"):
        bounded_loads(text)
