"""`make fleet-load`: many boxes, one broker, several ingest workers, and everything is killed once.

Writes boxes, sent, stored, lost, duplicated, rates and rate_over_bare as JSON. `rate_per_s` runs from the first
publication to half of the results on the fleet's disk, before anything is killed; `rate_with_kills_per_s` over all of
them. Two rates stand beside it, both of publishers that do nothing else and to whom nobody listens, with the same
payload and QoS against the same broker in the same run: `bare_per_s` of one on one connection, `bare_fleet_per_s` of as
many, in as many processes, as there are boxes (`bare_publishers.py`). Neither has TLS, as here the boxes have none.
`processor_ms_per_result` is what each part had used by then, from
/proc; unlike the rates it hangs little on what else the computer does.

What boxes cost is no property of the fleet's servers: in a fleet each is a computer of its own. So `ingest_per_s` and
`ingest_over_bare` are measured beside it, before anything is killed, with results that were packed beforehand
(`ingest_rate.py`).

A run is bounded by its size. `--add` puts it beside the earlier ones of the report and sums up, so that 100,000 results
can be ten runs of 10,000, each with its own kills, at any time.
"""

import argparse
import json
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).parents[2]))

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.fleet_server.tables import results as results_table
from tests.load import fleet_boxes
from tests.load.bare_publishers import bare_fleet_rate, bare_rate
from tests.load.ingest_rate import LoadDatabase, ingest_alone, load_database
from tests.load.processes import ROOT, LoadProcesses, Process, processor_s, wait, wait_for, write_line

MOST_PACKED_BOXES = 100
"""Of those that send alone: what they have is in the memory."""


class Load:
    """One run on processes and a database of its own."""

    def __init__(self, started: LoadProcesses, where: LoadDatabase, boxes: int, results: int, processes: int) -> None:
        self._started, self._where = started, where
        self._boxes, self._results, self._processes = boxes, results, min(processes, boxes)

    def run(self, workers: int) -> dict[str, Any]:
        """The report."""
        with FleetDatabase(self._where.url) as database:
            return self._run(database, workers)

    def _run(self, database: FleetDatabase, workers: int) -> dict[str, Any]:
        store, total, broker = ResultStore(database), self._boxes * self._results, self._started.broker
        ingest = [self._started.start_ingest(number, self._where.url) for number in range(workers)]
        boxes = [self._start_boxes(number) for number in range(self._processes)]
        for process in boxes:
            wait_for(process, "filled")
        began_s = time.monotonic()
        pids = {
            "boxes": [one.pid for one in boxes],
            "ingest": [one.pid for one in ingest],
            "broker": [broker.pid],
            "database": self._where.pids,
        }
        before_s = {part: processor_s(those) for part, those in pids.items()}
        for process in boxes:
            write_line(process)

        def reach(share: float) -> None:
            wait(lambda: store.count() >= share * total, store.count)

        reach(0.5)
        half_s = time.monotonic() - began_s
        half = store.count()
        used_ms = {part: 1000 * (processor_s(those) - before_s[part]) / half for part, those in pids.items()}
        broker.kill()
        broker.start()
        reach(0.6)
        ingest[0].kill()
        ingest.append(self._started.start_ingest(workers, self._where.url))
        reach(0.7)
        boxes[0].kill()
        boxes[0].wait()
        boxes[0] = self._start_boxes(0)
        wait_for(boxes[0], "filled")
        write_line(boxes[0])
        reach(1.0)
        took_s = time.monotonic() - began_s
        for process in boxes:
            wait_for(process, "done")
            process.wait()
        return {
            **self._report(database, half / half_s, took_s),
            "processor_ms_per_result": {part: round(spent, 3) for part, spent in used_ms.items()},
        }

    def _report(self, database: FleetDatabase, rate_per_s: float, took_s: float) -> dict[str, Any]:
        with database.transaction("read the ids") as connection:
            stored = Counter(connection.execute(select(results_table.c.msg_id)).scalars())
        sent = self._sent()
        return {
            "boxes": self._boxes,
            "processes_killed": {"broker": 1, "ingest": 1, "boxes": self._span(0)[1]},
            "database": self._where.url.split(":")[0],
            "sent": len(sent),
            "stored": len(stored),
            "lost": len(sent - set(stored)),
            "duplicated": sum(stored.values()) - len(stored) + len(set(stored) - sent),
            "rate_per_s": round(rate_per_s, 1),
            "rate_with_kills_per_s": round(len(sent) / took_s, 1),
        }

    def _sent(self) -> set[str]:
        """Every id in the boxes' own databases."""
        sent: set[str] = set()
        for number in range(self._boxes):
            path = self._started.folder / "boxes" / fleet_boxes.box_name(number) / "exams.sqlite3"
            connection = sqlite3.connect(path)
            sent.update(msg_id for (msg_id,) in connection.execute("SELECT msg_id FROM outbox"))
            connection.close()
        return sent

    def _start_boxes(self, number: int) -> Process:
        first, count = self._span(number)
        numbers = (self._started.broker.port, first, count, self._results)
        command = [fleet_boxes.__file__, str(self._started.folder / "boxes"), *map(str, numbers)]
        return self._started.start(command, f"boxes-{number}.log")

    def _span(self, number: int) -> tuple[int, int]:
        first = number * self._boxes // self._processes
        return first, (number + 1) * self._boxes // self._processes - first


def added(report: dict[str, Any], file: Path) -> dict[str, Any]:
    """This run beside those of the file: sums of what was counted, medians of what was measured."""
    runs = [*json.loads(file.read_text("utf-8")).get("runs", []), report] if file.exists() else [report]
    summed = {key: sum(run[key] for run in runs) for key in ("sent", "stored", "lost", "duplicated")}
    over = [f"{part}_over_{bare}" for part in ("rate", "ingest") for bare in ("bare", "bare_fleet")]
    rates = ("rate_per_s", "rate_with_kills_per_s", "ingest_per_s", "bare_per_s", "bare_fleet_per_s")
    # A run of before a figure was measured lacks it.
    measured = [key for key in (*rates, *over) if all(key in run for run in runs)]
    medians = {key: round(median(run[key] for run in runs), 6) for key in measured}
    return {**report, **summed, **medians, "runs": runs}


def measure(boxes: int, results: int, processes: int, workers: int, database: str) -> dict[str, Any]:
    """The report of one run.

    Args:
        results: of each box.
        database: "sqlite" or "postgresql".
    """
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="nailfold-fleet-load-")))
        started = ends.enter_context(LoadProcesses(folder))
        bare = {
            "bare": bare_rate(started.broker.port),
            "bare_fleet": bare_fleet_rate(started, boxes, min(processes, boxes)),
        }
        with load_database(database) as where:
            alone = ingest_alone(started, where, min(boxes, MOST_PACKED_BOXES), results, workers)
        with load_database(database) as where:
            report = Load(started, where, boxes, results, processes).run(workers)
    report |= alone
    for name, per_s in bare.items():
        report[f"{name}_per_s"] = round(per_s, 1)
        report[f"rate_over_{name}"] = round(report["rate_per_s"] / per_s, 6)
        report[f"ingest_over_{name}"] = round(report["ingest_per_s"] / per_s, 6)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description="Boxes, broker and ingest under load and under kill -9.")
    parser.add_argument("--boxes", type=int, default=100)
    parser.add_argument("--results", type=int, default=20, help="of each box")
    parser.add_argument("--processes", type=int, default=4, help="of boxes; one of them is killed")
    parser.add_argument("--workers", type=int, default=2, help="of the ingest; one of them is killed")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--add", action="store_true", help="to the runs that the report has already")
    parser.add_argument("--out", type=Path, default=ROOT / "build/reports/fleet.json")
    given = parser.parse_args()
    # Else nothing that was started would be ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    report = measure(given.boxes, given.results, given.processes, given.workers, given.database)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    if given.add:
        report = added(report, given.out)
    given.out.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(json.dumps(report, indent=2))
    sys.exit(bool(report["lost"] or report["duplicated"]))


if __name__ == "__main__":
    main()
