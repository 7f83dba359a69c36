"""The publisher's thread against whoever starts, stops and wakes it."""

import random
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from appliance.domain.errors import ExportError
from appliance.ports import OutboxMessage
from appliance.storage.memory_outbox import MemoryOutbox
from appliance.transport import delivery, mqtt_publisher
from appliance.transport.connection import Acknowledged, Event, Subscribed
from appliance.transport.mqtt_publisher import MqttPublisher
from tests.support.exam_harness import mqtt_settings
from tests.support.exam_parts import IDENTITY, NOON, HeldClock
from tests.support.interleaving import Race, in_every_order

RESULT = OutboxMessage("m-1", "nailfold.exam/1", b"{}", "0" * 64)


class Broker:
    """Takes everything; knows how many connections are open at once and what came over them."""

    def __init__(self) -> None:
        self.open_now = 0
        self.most_open = 0
        self.results: list[bytes] = []

    def connection(self, *_: object, **__: object) -> "Line":
        return Line(self)


class Line:
    """As BrokerConnection."""

    is_session_present = False
    lacks: tuple[str, ...] = ()
    is_writing = False
    receive_maximum = 20

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._events: list[Event] = []
        self._mid = 0

    def open(self) -> None:
        self._broker.open_now += 1
        self._broker.most_open = max(self._broker.most_open, self._broker.open_now)
        self._events.append(Subscribed(True))

    def publish(self, topic: str, payload: bytes, *_: object, **__: object) -> int:
        self._mid += 1
        if payload == RESULT.payload:
            self._broker.results.append(payload)
        self._events.append(Acknowledged(self._mid, 0))
        return self._mid

    def poll(self, timeout_s: float) -> Sequence[Event]:
        if not self._events:
            threading.Event().wait(timeout_s)
        events, self._events = self._events, []
        return events

    def fits(self, *_: object) -> bool:
        return True

    def close(self) -> None:
        self._broker.open_now -= 1


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    found = Broker()
    monkeypatch.setattr(mqtt_publisher, "BrokerConnection", found.connection)
    return found


def publisher_over(outbox: Any) -> MqttPublisher:
    return MqttPublisher(mqtt_settings(1883), outbox, IDENTITY, HeldClock(), random.Random(1))


def test_publisher_that_two_threads_start_and_stop_has_one_connection_and_ends(broker: Broker) -> None:
    def race() -> Race:
        broker.open_now = broker.most_open = 0
        publisher = publisher_over(MemoryOutbox())

        def check() -> None:
            assert broker.most_open <= 1, "two threads deliver the same outbox"
            assert not publisher.status().is_connected or publisher._thread is not None

        return Race([lambda: (publisher.start(), publisher.stop(60)), publisher.start], check)

    assert in_every_order(race, mqtt_publisher) > 50


def test_thread_that_was_slow_to_end_is_not_called_back_to_life(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def race() -> Race:
        broker.open_now = 0
        publisher = publisher_over(MemoryOutbox())
        first: list[Any] = []

        def restart() -> None:
            publisher.start()
            first.append(publisher._thread)
            publisher.stop(0)
            publisher.start()
            first[0].join(60)
            assert not first[0].is_alive()
            publisher.stop(60)

        return Race([restart], lambda: broker.open_now == 0 or pytest.fail("a connection is left open"))

    assert in_every_order(race, mqtt_publisher) > 20


def test_finished_exam_leaves_at_once_whenever_it_wakes_the_publisher(broker: Broker) -> None:
    def race() -> Race:
        broker.results.clear()
        outbox = MemoryOutbox()
        publisher = publisher_over(outbox)
        publisher.start()

        def finish() -> None:
            outbox.insert("exam", RESULT, NOON)
            publisher.wake()
            for _ in range(20):
                threading.Event().wait(0.1)
            publisher.stop(60)

        def check() -> None:
            # The clock stands still: without the call the outbox would never have been looked at again.
            assert broker.results == [RESULT.payload]
            assert outbox.message_state("exam") == "acknowledged"

        return Race([finish], check)

    assert in_every_order(race, mqtt_publisher, delivery, most_runs=100) > 50


def test_status_of_an_unreachable_broker_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoLine(Line):
        def open(self) -> None:
            raise ExportError("no connection to the broker", "Results wait.")

        def close(self) -> None:
            pass

    monkeypatch.setattr(mqtt_publisher, "BrokerConnection", lambda *_, **__: NoLine(Broker()))

    def race() -> Race:
        publisher = publisher_over(MemoryOutbox())

        def read() -> None:
            for _ in range(3):
                status = publisher.status()
                assert not status.is_connected
                assert status.is_enabled

        return Race([lambda: (publisher.start(), publisher.stop(60)), read])

    assert in_every_order(race, mqtt_publisher, most_runs=100) > 20
