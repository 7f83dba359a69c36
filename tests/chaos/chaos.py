"""make chaos: what breaks around a box, part by part; figures in build/reports/chaos.json.

    python -m tests.chaos.chaos [--part writes cameras] [--most 400] [--stops 100] [--minutes 2]

- writes: the process killed, the disk full or failing at every write of an exam (writes.py);
- disk: read-only and failing under a running station, and well again (refusing_disk.py; root);
- cameras: unplugged, silent, crashing, noise, another format, in the middle of an exam (cameras.py);
- memory: no further memory in the middle of an exam (memory.py);
- stops: SIGTERM at any moment under load (stops.py);
- clients: 240 slow connections of 41 hosts (slow_clients.py; root).
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.cameras import camera_faults
from tests.chaos.live_station import REPOSITORY
from tests.chaos.memory import memory_pressure
from tests.chaos.refusing_disk import refusing_disk
from tests.chaos.slow_clients import slow_clients
from tests.chaos.stops import stops
from tests.chaos.writes import FAULTS, struck_writes

PARTS = ("writes", "disk", "cameras", "memory", "stops", "clients")
WRONG = (
    "exams_lost",
    "edits_lost",
    "validations_lost",
    "captures_lost",
    "results_doubled",
    "results_not_received",
    "stale_shown_as_live",
    "problems",
)


def main() -> None:
    """The parts; exit code 1 where anything was lost, doubled, stale or wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--most", type=int, default=400, help="writes: calls of one round at most")
    parser.add_argument("--fault", choices=list(FAULTS), nargs="+", default=list(FAULTS), help="writes")
    parser.add_argument("--starved", type=int, default=3, help="memory: times")
    parser.add_argument("--stops", type=int, default=100, help="stops: times")
    parser.add_argument("--minutes", type=float, default=2.0, help="clients: length of the attack")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build/reports/chaos.json")
    asked = parser.parse_args()
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "writes": lambda: struck_writes(asked.most, asked.fault),
        "disk": refusing_disk,
        "cameras": camera_faults,
        "memory": lambda: memory_pressure(asked.starved),
        "stops": lambda: stops(asked.stops),
        "clients": lambda: slow_clients(round(60 * asked.minutes)),
    }
    report: dict[str, Any] = {}
    totals: Counter[str] = Counter({"faults": 0} | dict.fromkeys(WRONG, 0))
    for name in asked.part:
        began_s = time.monotonic()
        figures = parts[name]()
        report[name] = {**figures, "seconds": round(time.monotonic() - began_s, 1)}
        print(name, json.dumps(report[name]), flush=True)
        totals.update({key: value for key, value in figures.items() if key in totals})
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps({**totals, "parts": report}, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(totals))
    sys.exit(1 if any(totals[one] for one in WRONG) else 0)


if __name__ == "__main__":
    main()
