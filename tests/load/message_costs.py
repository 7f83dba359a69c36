"""What a message costs an ingest worker: `python tests/load/message_costs.py`, processor and wall time of one thread.

As many boxes as given are born, tell their telemetry, send a result and leave, in batches of `ingest.batch`, against a
real PostgreSQL and without a broker. Time of PostgreSQL's own processes is in the wall time alone.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[2]))

from appliance.apps.fleet_server.box_message_service import BoxMessageService
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.reception import Arrival, ReceivedResult, receive
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.fleet_server.settings import IngestSettings
from appliance.apps.system_clock import SystemClock
from appliance.domain.box_topics import BoxTopics
from tests.support.fleet_results import arrival
from tests.support.full_fleet import recorded
from tests.support.postgres import Postgres

Message = tuple[str, bytes]
T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description="What a birth, a telemetry and a goodbye cost an ingest worker.")
    parser.add_argument("--boxes", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=IngestSettings().batch)
    given = parser.parse_args()
    with Postgres() as postgres, FleetDatabase(postgres.url) as database:
        service = BoxMessageService(database, SystemClock())
        births, again = _states(given.boxes, 1, is_online=True), _states(given.boxes, 2, is_online=True)
        told = {
            "first birth": births,
            "birth": again,
            "birth that is known": again,
            "telemetry": _telemetries(given.boxes),
            "goodbye": _states(given.boxes, 2, is_online=False),
        }
        for what, messages in told.items():
            _print(what, _cost_ms(service.take, messages, given.batch))
        store, clock = ResultStore(database), SystemClock()

        def keep(arrivals: Sequence[Arrival]) -> None:
            found = [one for arrival in arrivals if isinstance(one := receive(arrival), ReceivedResult)]
            store.keep(found, (), clock.now_utc())

        results = [arrival(1, site="load", box=f"box-{number}") for number in range(given.boxes)]
        _print("result", _cost_ms(keep, results, given.batch))


def _cost_ms(take: Callable[[Sequence[T]], object], messages: Sequence[T], batch: int) -> tuple[float, float]:
    """Processor and wall time of one message."""
    processor_s, wall_s = time.thread_time(), time.monotonic()
    for first in range(0, len(messages), batch):
        take(messages[first : first + batch])
    spent = (time.thread_time() - processor_s, time.monotonic() - wall_s)
    return 1000 * spent[0] / len(messages), 1000 * spent[1] / len(messages)


def _print(what: str, cost_ms: tuple[float, float]) -> None:
    print(f"{what}: {cost_ms[0]:.3f} ms of processor, {cost_ms[1]:.3f} ms of time")


def _states(boxes: int, conn_seq: int, *, is_online: bool) -> list[Message]:
    state = {**recorded("nailfold.state-1"), "conn_seq": conn_seq, "is_online": is_online}
    return [(topics.state, json.dumps(state).encode()) for topics in _topics(boxes)]


def _telemetries(boxes: int) -> list[Message]:
    payload = json.dumps(recorded("nailfold.telemetry-1")).encode()
    return [(topics.telemetry, payload) for topics in _topics(boxes)]


def _topics(boxes: int) -> list[BoxTopics]:
    return [BoxTopics("load", f"box-{number}") for number in range(boxes)]


if __name__ == "__main__":
    main()
