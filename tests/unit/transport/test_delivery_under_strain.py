"""Thousands of results after weeks offline, brokers that refuse or take little, a fleet that gives no receipt."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from appliance.domain.journal import JournalState
from appliance.ports import OutboxMessage, Publication
from appliance.storage.database import Database, utc_text
from appliance.storage.outbox import SqliteOutbox, insert_message
from appliance.transport import delivery
from appliance.transport.connection import Acknowledged, Event, Received, Subscribed
from appliance.transport.delivery import Delivery
from appliance.transport.send_window import SendWindow
from appliance.transport.twin_watch import TwinWatch
from tests.support.exam_harness import mqtt_settings
from tests.support.exam_parts import HeldClock


class Line:
    """As BrokerConnection: notes what is published; `answers` gives out the acknowledgements."""

    is_session_present = is_writing = False

    def __init__(self, receive_maximum: int = 20, largest: int | None = None) -> None:
        self.receive_maximum, self._largest = receive_maximum, largest
        self.unanswered: list[tuple[int, str]] = []
        self.published: list[tuple[str, bytes]] = []
        self.most_unanswered = 0

    def fits(self, _topic: str, payload: bytes, _properties: object) -> bool:
        return self._largest is None or len(payload) <= self._largest

    def publish(self, topic: str, payload: bytes, _properties: object = None, retain: bool = False) -> int:
        self.published.append((topic, payload))
        self.unanswered.append((len(self.published), topic))
        self.most_unanswered = max(self.most_unanswered, len(self.unanswered))
        return len(self.published)

    def confirm(self, _received: object) -> None:
        """As it is."""

    def answers(self, refused: tuple[str, ...] = ()) -> list[Event]:
        given, self.unanswered = self.unanswered, []
        return [Acknowledged(mid, 0x87 if topic in refused else 0) for mid, topic in given]


class Agent:
    """Has something to say each time that it is asked, and all of it anew on a new connection."""

    filters: tuple[str, ...] = ()

    def __init__(self, *first: Publication) -> None:
        self._first = list(first)
        self._told = list(first)
        self.asked = 0

    def connected(self) -> None:
        self._told = list(self._first)

    def due(self) -> Sequence[Publication]:
        self.asked += 1
        told, self._told = self._told, []
        return told

    def received(self, topic: str, payload: bytes) -> None:
        """Nothing comes."""


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "exams.sqlite3")
    yield opened
    opened.close()


def fill(database: Database, clock: HeldClock, count: int) -> list[str]:
    """Results of that many exams; their ids."""
    now_utc = clock.now_utc()
    with database.transaction("fill it") as connection:
        for number in range(count):
            connection.execute(
                "INSERT INTO exams (exam_id, patient_pseudonym, state, started_at, finished_at) VALUES (?,?,?,?,?)",
                (f"e{number}", "NC-1", "finished", utc_text(now_utc), utc_text(now_utc)),
            )
            message = OutboxMessage(f"m{number}", "nailfold.exam/1", os.urandom(64), "0" * 64)
            insert_message(connection, f"e{number}", message, now_utc)
    return [f"m{number}" for number in range(count)]


def deliver(line: Line, outbox: SqliteOutbox, clock: HeldClock, agent: Any = None) -> Delivery:
    settings = mqtt_settings(1)

    def tell_birth() -> int:
        return line.publish("state", b"born")

    twins = TwinWatch("clinic-1/box-7", "boot-1", clock.monotonic_s)
    state = JournalState(None, 0)
    made = Delivery(line, outbox, clock, settings, SendWindow(), tell_birth, twins, lambda: state, agent)  # type: ignore[arg-type]
    made.handle([Subscribed(True), *line.answers()])
    return made


def sent(line: Line) -> list[str]:
    return [topic.rpartition("/")[2] for topic, _ in line.published if "/results/" in topic]


def receipts(topics: list[str]) -> list[Event]:
    return [Received(1, 1, topic.replace("/results/", "/receipts/")) for topic in topics if "/results/" in topic]


def test_results_of_weeks_leave_in_their_order_a_few_at_a_time_and_the_box_is_heard_meanwhile(
    database: Database, clock: HeldClock
) -> None:
    ids = fill(database, clock, 600)
    outbox = SqliteOutbox(database, receipt_timeout_s=120.0)
    line, agent = Line(), Agent()
    made = deliver(line, outbox, clock, agent)
    rounds = 0
    while len(sent(line)) < len(ids):
        clock.advance(0.5)
        made.hand_over_due()
        topics = [topic for _, topic in line.unanswered]
        made.handle([*line.answers(), *receipts(topics)])
        rounds += 1
        assert rounds < 100
    assert sent(line) == ids, "each once, in the order of the exams"
    assert line.most_unanswered <= 20, "what waits is in the file, not in the memory"
    assert agent.asked >= rounds // 2, "a box with much to send still tells how it is and asks for jobs"


def test_a_fleet_that_gives_no_receipts_hears_of_the_box_all_the_same(database: Database, clock: HeldClock) -> None:
    """A server that is older than the boxes: it neither keeps nor refuses what it does not know."""
    fill(database, clock, 40)
    line, agent = Line(), Agent()
    made = deliver(line, SqliteOutbox(database, receipt_timeout_s=120.0), clock, agent)
    for _ in range(60):
        clock.advance(1.0)
        made.hand_over_due()
        made.handle(line.answers())
    assert len(sent(line)) == 20, "a window full, until their receipts are overdue"
    assert agent.asked >= 50


def test_a_broker_that_takes_few_at_a_time_gets_no_more_of_a_journal_either(
    database: Database, clock: HeldClock
) -> None:
    line = Line(receive_maximum=10)
    made = deliver(line, SqliteOutbox(database), clock, Agent(*[Publication(f"audit/{n}", b"{}") for n in range(50)]))
    for _ in range(10):
        clock.advance(1.0)
        made.hand_over_due()
        assert len(line.unanswered) <= 10
        made.handle(line.answers())
    assert sum(topic.startswith("audit/") for topic, _ in line.published) == 50


def test_what_rules_of_the_broker_refused_is_told_again_once_they_may_be_mended(
    database: Database, clock: HeldClock
) -> None:
    line, agent = Line(), Agent(Publication("alerts", b"{}", is_retained=True))
    made = deliver(line, SqliteOutbox(database), clock, agent)
    clock.advance(1.0)
    made.hand_over_due()
    made.handle(line.answers(refused=("alerts",)))
    line.published.clear()
    for _ in range(int(delivery.TOLD_AGAIN_S) + 2):
        clock.advance(1.0)
        made.hand_over_due()
        made.handle(line.answers())
    assert sorted(topic for topic, _ in line.published) == ["alerts", "state"], "once, and not without end"


def test_a_message_of_the_agent_that_is_too_large_for_the_broker_is_told_in_short_or_not_at_all(
    database: Database, clock: HeldClock, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(largest=100)
    logs = Publication("jobs/1/update", b"x" * 101, shorter=b"short")
    made = deliver(line, SqliteOutbox(database), clock, Agent(Publication("telemetry", b"x" * 101), logs))
    clock.advance(1.0)
    made.hand_over_due()
    assert line.published[1:] == [("jobs/1/update", b"short")]
    assert "101 bytes, more than the broker accepts" in caplog.text


def test_no_payload_is_read_to_find_out_that_nothing_is_due(database: Database, clock: HeldClock) -> None:
    """Ten thousand results that wait for a receipt are half a gigabyte, looked through every second."""
    statements: list[str] = []
    outbox = SqliteOutbox(database, receipt_timeout_s=120.0)
    database._connection.set_trace_callback(statements.append)
    outbox.due(clock.now_utc())
    outbox.status()
    database._connection.set_trace_callback(None)
    asked = [one for one in statements if one.startswith("SELECT") and "last_error" not in one]
    assert len(asked) == 3
    for statement in asked:
        plan = [row["detail"] for row in database.rows("explain", f"EXPLAIN QUERY PLAN {statement}")]
        looks = [one for one in plan if "outbox" in one and "PRIMARY KEY" not in one]
        assert looks
        assert all("COVERING INDEX" in one for one in looks), plan
