"""make soak: a station at work for minutes or hours; memory, handles and the age of its pictures must stay flat.

    python -m tests.load.soak --minutes 120 --out build/reports/soak.json --plot build/reports/soak.png

Round after round: a page is closed and opened again, an exam is taken and sent to a real broker, and in every third one
the camera is unplugged and plugged in again. Samples are taken all the while.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

from appliance.apps.workbench.bench.station_process import StationProcess
from tests.chaos.live_station import PATIENCE_S, REPOSITORY, ready_browser, troubled
from tests.support.broker import Broker
from tests.support.station_client import Browser, Watcher, capture, wait_until
from tests.support.subscriber import Subscriber

ROUND_S, SAMPLE_EVERY_S, CAPTURES = 20.0, 2.0, 3
UNPLUGGED_EVERY, UNPLUGGED_S = 3, 3.0
WARM_UP_SHARE, WARM_UP_S = 0.25, 60.0
"""What is loaded once, and two seconds of pictures, are no growth: the shorter of both does not count."""
MORE_MB, MORE_HANDLES, MORE_AGE = 15.0, 4, 0.5
"""What the last third may have above the first: of memory, of handles, of the median age of a picture as a share."""
MORE_MB_AN_HOUR, SLOPE_FROM_S, LOWEST_OF_S = 4.0, 1800.0, 120.0
"""A leak of hours hides below MORE_MB, so runs of half an hour and more also have a slope: of the lowest memory of
every two minutes over the second half, the median of the slopes between any two (Theil and Sen). What is freed again
later, and single steps, move it little."""
RESULTS = "nailfold/v1/north/box-7/results/+"
PAGES = ("/", "/exams", "/patients", "/api/v1/state")


@dataclass(frozen=True)
class Sample:
    """One look.

    Attributes:
        at_s: since the start of the soak.
        rss_mb, handles, threads: of the station's process.
        age_ms: median age of the pictures since the sample before, when they arrived; None without any.
        load_average: of the computer.
    """

    at_s: float
    rss_mb: float
    handles: int
    threads: int
    age_ms: float | None
    load_average: float


class Soak:
    """One station, one broker, one browser."""

    def __init__(self, station: StationProcess, browser: Browser, orders: Path, seconds: float) -> None:
        self._station, self._browser, self._orders = station, browser, orders
        self._seconds = seconds
        self._began_s = time.monotonic()
        self.samples: list[Sample] = []
        self.exams = self.unplugs = self.reloads = 0

    def run(self) -> None:
        """Rounds until the time is over."""
        while self._elapsed_s < self._seconds:
            ends_s = self._elapsed_s + min(ROUND_S, self._seconds / UNPLUGGED_EVERY)
            with Watcher(self._browser) as page:
                self.reloads += 1
                self._examine()
                if self.reloads % UNPLUGGED_EVERY == 1:
                    self._unplug(page)
                for path in PAGES:
                    self._browser.get(path)
                is_over = False
                while not is_over:
                    page.ages_ms.clear()
                    time.sleep(SAMPLE_EVERY_S)
                    self.samples.append(self._sample(list(page.ages_ms)))
                    is_over = self._elapsed_s >= ends_s
            print(json.dumps(asdict(self.samples[-1])), flush=True)

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began_s

    def _examine(self) -> None:
        self._browser.post("/api/v1/exam/start", pseudonym=f"NC-{self.exams % 7}", is_new=self.exams < 7)
        for _ in range(CAPTURES):
            capture(self._browser)
        self._browser.post("/api/v1/exam/finish", accepts_missing=True)
        self.exams += 1

    def _unplug(self, page: Watcher) -> None:
        self._orders.write_text("unplugged")
        time.sleep(UNPLUGGED_S)
        self._orders.write_text("")
        seen = page.frames
        wait_until(lambda: page.frames > seen, "a picture after the camera was plugged in again", PATIENCE_S)
        self.unplugs += 1

    def _sample(self, ages_ms: list[float]) -> Sample:
        own = Path(f"/proc/{self._station.pid}")
        return Sample(
            at_s=round(self._elapsed_s, 1),
            rss_mb=round(self._station.rss_mb(), 1),
            handles=len(list((own / "fd").iterdir())),
            threads=len(list((own / "task").iterdir())),
            age_ms=round(median(ages_ms), 1) if ages_ms else None,
            load_average=round(os.getloadavg()[0], 1),
        )


def soak(seconds: float) -> dict[str, Any]:
    """The report of one run; `grew` names what is not flat, `lost` how many results never reached the broker."""
    with (
        tempfile.TemporaryDirectory(prefix="nailfold-soak-") as scratch,
        Broker(Path(scratch) / "broker", ["max_queued_messages 0"]) as broker,
    ):
        receiver = Subscriber(broker.port, RESULTS)
        flags = ("--source", "simulated:?fps=15", "--mqtt-host", "127.0.0.1", "--mqtt-port", str(broker.port))
        station, orders = troubled(Path(scratch), *flags)
        with station:
            browser = ready_browser(station)
            work = Soak(station, browser, orders, seconds)
            broken_off = ""
            try:
                work.run()
                wait_until(lambda: not _unsent(browser), "the last results' receipts", PATIENCE_S)
            except (AssertionError, OSError) as error:
                # What hours have shown until then is told all the same.
                broken_off = f"{type(error).__name__} after {work.samples[-1].at_s if work.samples else 0} s: {error}"
            code = station.stop()
        received = {arrival.document["exam_id"] for arrival in receiver.collect()}
    if not work.samples:
        raise SystemExit(f"it never came to a first sample: {broken_off}")
    report = judge(work.samples)
    report["lost"] = work.exams - len(received)
    return report | {
        "minutes": round(seconds / 60, 1),
        "exams": work.exams,
        "unplugs": work.unplugs,
        "reloads": work.reloads,
        "exit_code": code,
        "broken_off": broken_off,
        "samples": [asdict(sample) for sample in work.samples],
    }


def _unsent(browser: Browser) -> int:
    outbox = browser.json("/api/v1/state")["outbox"]
    return int(outbox["pending"]) + int(outbox["sent"])


def judge(samples: list[Sample]) -> dict[str, Any]:
    """The first and the last third after the warm-up, by medians, and what the last has too much of."""
    warm_s = min(WARM_UP_S, WARM_UP_SHARE * samples[-1].at_s)
    counted = [sample for sample in samples if sample.at_s >= warm_s]
    third = max(1, len(counted) // 3)
    first, last = _medians(counted[:third]), _medians(counted[-third:])
    allowed = {
        "rss_mb": first["rss_mb"] + MORE_MB,
        "handles": first["handles"] + MORE_HANDLES,
        "threads": first["threads"] + MORE_HANDLES,
        "age_ms": first["age_ms"] * (1 + MORE_AGE),
    }
    grew = [name for name, most in allowed.items() if last[name] > most]
    slope = memory_slope(samples)
    if slope is not None and slope > MORE_MB_AN_HOUR:
        grew.append("mb_an_hour")
    return {"first_third": first, "last_third": last, "mb_an_hour": slope, "grew": grew}


def memory_slope(samples: list[Sample]) -> float | None:
    """Megabytes an hour by which the memory rises in the second half; None of a run that is too short to say."""
    ends_s = samples[-1].at_s
    if ends_s < SLOPE_FROM_S:
        return None
    lowest: dict[int, float] = {}
    for sample in samples:
        if sample.at_s >= ends_s / 2:
            at = int(sample.at_s // LOWEST_OF_S)
            lowest[at] = min(lowest.get(at, sample.rss_mb), sample.rss_mb)
    rises = [(later - sooner) / (b - a) for (a, sooner), (b, later) in combinations(sorted(lowest.items()), 2)]
    return round(median(rises) * 3600 / LOWEST_OF_S, 2)


def _medians(samples: list[Sample]) -> dict[str, float]:
    known = {
        "rss_mb": [sample.rss_mb for sample in samples],
        "handles": [sample.handles for sample in samples],
        "threads": [sample.threads for sample in samples],
        "age_ms": [sample.age_ms for sample in samples if sample.age_ms is not None],
        "load_average": [sample.load_average for sample in samples],
    }
    return {name: round(float(median(values)), 1) if values else 0.0 for name, values in known.items()}


def plot(report: dict[str, Any], path: Path) -> None:
    """Memory, handles and the pictures' age over time, as PNG; needs the `evaluate` extra."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, panels = plt.subplots(1, 3, figsize=(12, 3.2), constrained_layout=True)
    minutes = [sample["at_s"] / 60 for sample in report["samples"]]
    labels = {"rss_mb": "resident memory, MB", "handles": "open handles", "age_ms": "age of a picture on arrival, ms"}
    for panel, (name, label) in zip(panels, labels.items(), strict=True):
        panel.plot(minutes, [sample[name] for sample in report["samples"]], linewidth=1)
        panel.set(xlabel="minutes", ylabel=label, ylim=(0, None))
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """See the module; exit code 1 where something grew, got lost, or the station did not stop in order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build/reports/soak.json")
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args()
    report = soak(60 * asked.minutes)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if asked.plot is not None:
        plot(report, asked.plot)
    print(json.dumps({name: value for name, value in report.items() if name != "samples"}, indent=2))
    sys.exit(1 if any(report[one] for one in ("grew", "lost", "exit_code", "broken_off")) else 0)


if __name__ == "__main__":
    main()
