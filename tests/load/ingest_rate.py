"""How fast the fleet's servers take results while no box shares their computer: `python tests/load/ingest_rate.py`.

The results are packets made beforehand (`packed_results.py`), so that what is measured is Mosquitto, the ingest workers
and the database, from the first packet to the last receipt. Beside it stand the rates of a bare publisher, and of one
a box, with the same payload and QoS against the same broker, to whom nobody listens (`bare_publishers.py`), and the
processor time of each part, from /proc.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.result_store import ResultStore
from tests.load import packed_results
from tests.load.bare_publishers import bare_fleet_rate, bare_rate
from tests.load.processes import LoadProcesses, processor_s, wait_for, write_line
from tests.support.postgres import Postgres


@dataclass(frozen=True)
class LoadDatabase:
    """Where results go; `pids` are of its own processes."""

    url: str
    pids: tuple[int, ...] = ()


@contextmanager
def load_database(kind: str) -> Iterator[LoadDatabase]:
    """An empty one, "sqlite" or "postgresql"; gone afterwards."""
    with ExitStack() as ends:
        if kind == "sqlite":
            folder = ends.enter_context(tempfile.TemporaryDirectory(prefix="nailfold-fleet-load-"))
            yield LoadDatabase(f"sqlite:///{folder}/fleet.sqlite3")
        else:
            postgres = ends.enter_context(Postgres())
            yield LoadDatabase(postgres.url, (postgres.pid,))


def ingest_alone(
    processes: LoadProcesses, database: LoadDatabase, boxes: int, results: int, workers: int
) -> dict[str, Any]:
    """Rate and processor time of the servers; raises SystemExit where a result is not kept exactly once.

    Args:
        results: of each box.
    """
    command = [packed_results.__file__, *map(str, (processes.broker.port, boxes, results))]
    sender = processes.start(command, "packed.log")
    ingest = [processes.start_ingest(number, database.url) for number in range(workers)]
    wait_for(sender, "filled")
    pids = {
        "ingest": [one.pid for one in ingest],
        "broker": [processes.broker.pid],
        "database": database.pids,
        "sender": [sender.pid],
    }
    before_s = {part: processor_s(those) for part, those in pids.items()}
    began_s = time.monotonic()
    write_line(sender)
    wait_for(sender, "done")
    took_s = time.monotonic() - began_s
    total = boxes * results
    used_ms = {part: round(1000 * (processor_s(those) - before_s[part]) / total, 3) for part, those in pids.items()}
    for one in (sender, *ingest):
        one.terminate()
        one.wait()
    with FleetDatabase(database.url) as kept:
        if (found := ResultStore(kept).count()) != total:
            raise SystemExit(f"{found} of {total} results are kept")
    return {"ingest_per_s": round(total / took_s, 1), "ingest_processor_ms_per_result": used_ms}


def measure(boxes: int, results: int, workers: int, database: str) -> dict[str, Any]:
    """The report of one run."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="nailfold-ingest-rate-")))
        where = ends.enter_context(load_database(database))
        processes = ends.enter_context(LoadProcesses(folder))
        bare_per_s = bare_rate(processes.broker.port)
        bare_fleet_per_s = bare_fleet_rate(processes, boxes, 1)
        alone = ingest_alone(processes, where, boxes, results, workers)
    return {
        "boxes": boxes,
        "results": boxes * results,
        "workers": workers,
        **alone,
        "bare_per_s": round(bare_per_s, 1),
        "bare_fleet_per_s": round(bare_fleet_per_s, 1),
        "ingest_over_bare": round(alone["ingest_per_s"] / bare_per_s, 4),
        "ingest_over_bare_fleet": round(alone["ingest_per_s"] / bare_fleet_per_s, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast broker, ingest and database take results.")
    parser.add_argument("--boxes", type=int, default=50)
    parser.add_argument("--results", type=int, default=200, help="of each box")
    parser.add_argument("--workers", type=int, default=1, help="of the ingest")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    given = parser.parse_args()
    print(json.dumps(measure(given.boxes, given.results, given.workers, given.database), indent=2))


if __name__ == "__main__":
    main()
