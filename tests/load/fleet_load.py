"""`make fleet-load`: many boxes, one broker, several ingest workers, and everything is killed once.

Writes boxes, sent, stored, lost, duplicated, rates and rate_over_bare as JSON. `rate_per_s` runs from the first
publication to half of the results on the fleet's disk, before anything is killed; `rate_with_kills_per_s` over all of
them. The bare rate is that of one publisher that does nothing else and to whom nobody listens, with the same payload
and QoS against the same broker in the same run. `processor_ms_per_result` is what each part had used by then, from
/proc; unlike the rates it hangs little on what else the computer does.

A run is bounded by its size. `--add` puts it beside the earlier ones of the report and sums up, so that 100,000 results
can be ten runs of 10,000, each with its own kills, at any time.
"""

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).parents[2]))

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.fleet_server.tables import results as results_table
from tests.load import fleet_boxes
from tests.support.broker import Broker
from tests.support.postgres import Postgres

ROOT = Path(__file__).parents[2]
BARE_MESSAGES = 2000
STALLED_S = 120.0
Process = subprocess.Popen[str]


class Load:
    """One run. Usable with `with`, which ends everything that it started."""

    def __init__(self, folder: Path, boxes: int, results: int, processes: int, workers: int, database: Database) -> None:
        self._folder, self._database, self._url = folder, database, database.url
        self._boxes, self._results = boxes, results
        self._processes, self._workers = min(processes, boxes), workers
        self._ends = ExitStack()
        self._broker = Broker(folder / "broker", ["max_queued_messages 0"])

    def __enter__(self) -> "Load":
        self._broker.start()
        self._ends.callback(self._broker.stop)
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def run(self) -> dict[str, Any]:
        bare_per_s = self._bare_rate()
        with FleetDatabase(self._url) as database:
            return self._run(database, bare_per_s)

    def _run(self, database: FleetDatabase, bare_per_s: float) -> dict[str, Any]:
        store, total = ResultStore(database), self._boxes * self._results
        ingest = [self._start_ingest(number) for number in range(self._workers)]
        boxes = [self._start_boxes(number) for number in range(self._processes)]
        for process in boxes:
            _wait_for(process, "filled")
        began_s = time.monotonic()
        pids = {
            "boxes": [one.pid for one in boxes],
            "ingest": [one.pid for one in ingest],
            "broker": [self._broker.pid],
        }
        before_s = {part: _processor_s(those) for part, those in pids.items()}
        for process in boxes:
            _write_line(process)

        def reach(share: float) -> None:
            _wait(lambda: store.count() >= share * total, store.count)

        reach(0.5)
        half_s = time.monotonic() - began_s
        half = store.count()
        used_ms = {part: 1000 * (_processor_s(those) - before_s[part]) / half for part, those in pids.items()}
        self._broker.kill()
        self._broker.start()
        reach(0.6)
        ingest[0].kill()
        ingest.append(self._start_ingest(self._workers))
        reach(0.7)
        boxes[0].kill()
        boxes[0].wait()
        boxes[0] = self._start_boxes(0)
        _wait_for(boxes[0], "filled")
        _write_line(boxes[0])
        reach(1.0)
        took_s = time.monotonic() - began_s
        for process in boxes:
            _wait_for(process, "done")
            process.wait()
        return {
            **self._report(database, half / half_s, took_s, bare_per_s),
            "processor_ms_per_result": {part: round(spent, 3) for part, spent in used_ms.items()},
        }

    def _report(self, database: FleetDatabase, rate_per_s: float, took_s: float, bare_per_s: float) -> dict[str, Any]:
        with database.transaction("read the ids") as connection:
            stored = Counter(connection.execute(select(results_table.c.msg_id)).scalars())
        sent = self._sent()
        return {
            "boxes": self._boxes,
            "processes_killed": {"broker": 1, "ingest": 1, "boxes": self._span(0)[1]},
            "database": self._url.split(":")[0],
            "sent": len(sent),
            "stored": len(stored),
            "lost": len(sent - set(stored)),
            "duplicated": sum(stored.values()) - len(stored) + len(set(stored) - sent),
            "rate_per_s": round(rate_per_s, 1),
            "rate_with_kills_per_s": round(len(sent) / took_s, 1),
            "bare_per_s": round(bare_per_s, 1),
            "rate_over_bare": round(rate_per_s / bare_per_s, 6),
        }

    def _sent(self) -> set[str]:
        """Every id in the boxes' own databases."""
        sent: set[str] = set()
        for number in range(self._boxes):
            path = self._folder / "boxes" / fleet_boxes.box_name(number) / "exams.sqlite3"
            connection = sqlite3.connect(path)
            sent.update(msg_id for (msg_id,) in connection.execute("SELECT msg_id FROM outbox"))
            connection.close()
        return sent

    def _start_ingest(self, number: int) -> Process:
        name = f"ingest-{number}"
        file = self._folder / f"{name}.toml"
        file.write_text(
            f'[mqtt]\nhost = "127.0.0.1"\nport = {self._broker.port}\ntls = false\nbox = "{name}"\n'
            f'reconnect_first_s = 0.2\nreconnect_longest_s = 1.0\n[database]\nurl = "{self._url}"\n'
        )
        before = self._broker.connections_of(f"nailfold-host-{name}")
        command = ["-m", "appliance.apps.cli", "fleet", "ingest", "--config", str(file)]
        process = self._start(command, f"{name}.log")
        _wait(lambda: self._broker.connections_of(f"nailfold-host-{name}") > before, process.poll)
        return process

    def _start_boxes(self, number: int) -> Process:
        first, count = self._span(number)
        numbers = (self._broker.port, first, count, self._results)
        command = [fleet_boxes.__file__, str(self._folder / "boxes"), *map(str, numbers)]
        return self._start(command, f"boxes-{number}.log")

    def _span(self, number: int) -> tuple[int, int]:
        first = number * self._boxes // self._processes
        return first, (number + 1) * self._boxes // self._processes - first

    def _start(self, arguments: list[str], log: str) -> Process:
        errors = self._ends.enter_context((self._folder / log).open("a"))
        pipe = subprocess.PIPE
        process: Process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=errors, text=True
        )
        self._ends.enter_context(process)
        self._ends.callback(process.kill)
        return process

    def _bare_rate(self) -> float:
        answered: list[int] = []
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare", protocol=MQTTProtocolVersion.MQTTv5)
        client.on_publish = lambda _client, _data, mid, _code, _properties: answered.append(mid)
        client.connect("127.0.0.1", self._broker.port)
        payload = fleet_boxes.message("bare", "bare").payload
        began_s = time.monotonic()
        for _ in range(BARE_MESSAGES):
            client.publish("bare/results", payload, qos=1)
        while len(answered) < BARE_MESSAGES:
            client.loop(1.0)
        took_s = time.monotonic() - began_s
        client.disconnect()
        client.loop(0.1)
        return BARE_MESSAGES / took_s


def _processor_s(pids: Iterable[int]) -> float:
    """That these processes have used so far, user and system."""
    ticks = 0
    for pid in pids:
        # Behind the name, which may have spaces: utime and stime are fields 14 and 15 of all (man proc).
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def added(report: dict[str, Any], file: Path) -> dict[str, Any]:
    """This run beside those of the file: sums of what was counted, medians of what was measured."""
    runs = [*json.loads(file.read_text("utf-8")).get("runs", []), report] if file.exists() else [report]
    summed = {key: sum(run[key] for run in runs) for key in ("sent", "stored", "lost", "duplicated")}
    measured = ("rate_per_s", "rate_with_kills_per_s", "bare_per_s", "rate_over_bare")
    medians = {key: round(median(run[key] for run in runs), 6) for key in measured}
    return {**report, **summed, **medians, "runs": runs}


def _write_line(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def _wait_for(process: Process, word: str) -> None:
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    if said != word:
        raise SystemExit(f"boxes said {said!r} in the place of {word!r}; see their log")


def _wait(is_so: Callable[[], bool], progress: Callable[[], object]) -> None:
    """Raises SystemExit when nothing has moved for two minutes."""
    seen, since_s = progress(), time.monotonic()
    while not is_so():
        time.sleep(0.1)
        if progress() != seen:
            seen, since_s = progress(), time.monotonic()
        if time.monotonic() - since_s > STALLED_S:
            raise SystemExit(f"nothing has moved for {STALLED_S:.0f} s, at {seen}")


def measure(boxes: int, results: int, processes: int, workers: int, database: str) -> dict[str, Any]:
    """The report of one run.

    Args:
        results: of each box.
        database: "sqlite" or "postgresql".
    """
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="nailfold-fleet-load-")))
        url = f"sqlite:///{folder}/fleet.sqlite3" if database == "sqlite" else ends.enter_context(Postgres()).url
        return ends.enter_context(Load(folder, boxes, results, processes, workers, url)).run()


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
