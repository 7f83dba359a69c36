"""A station that is asked to stop at any moment, under load: it ends with 0, in time, and with nothing left behind."""

import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from appliance.apps.workbench.bench.station_process import StationProcess
from tests.chaos.live_station import flags
from tests.support.station_client import Browser, Watcher, answered

WITHIN_S = 10.0
LONGEST_BEFORE_S = 4.0
WATCHERS = 2
PAGES = ("/", "/exams", "/api/v1/state", "/health/ready")


def stops(times: int, longest_before_s: float = LONGEST_BEFORE_S) -> dict[str, Any]:
    """So many starts and stops on one data folder, each at another moment of captures, pages and live pictures."""
    draw = random.Random(13)
    took_s: list[float] = []
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="nailfold-stops-") as scratch:
        for number in range(times):
            with StationProcess(flags(Path(scratch), "--source", "simulated:?fps=30")) as station, _load(station):
                time.sleep(draw.uniform(0.0, longest_before_s))
                began_s = time.monotonic()
                code = station.stop(timeout_s=5 * WITHIN_S)
                took_s.append(time.monotonic() - began_s)
                print(f"stop {number + 1} of {times}: code {code} after {took_s[-1]:.2f} s", flush=True)
                if code or took_s[-1] > WITHIN_S or "Traceback" in station.errors:
                    problems.append(f"stop {number}: code {code} after {took_s[-1]:.1f} s; {station.errors[-300:]}")
    return {
        "faults": times,
        "problems": len(problems),
        "what": problems[:20],
        "longest_s": round(max(took_s), 2),
        "median_s": round(sorted(took_s)[times // 2], 2),
    }


@contextmanager
def _load(station: StationProcess) -> Iterator[None]:
    """Somebody who examines, pages that are opened again and again, and pages that show the live view."""
    browser, is_over = Browser(station.url), threading.Event()
    browser.set_up(station.access_code) if station.access_code else browser.log_in()
    answered(browser, "/api/v1/exam/start", pseudonym="NC-8", is_new=True)  # refused where one is open: it goes on
    with ExitStack() as open_ones:
        for _ in range(WATCHERS):
            open_ones.enter_context(Watcher(browser))
        thread = threading.Thread(target=_work, args=(browser, is_over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join(15)


def _work(browser: Browser, is_over: threading.Event) -> None:
    with suppress(OSError):  # the station goes away in the middle of it
        while not is_over.is_set():
            for page in PAGES:
                browser.get(page)
            answered(browser, "/api/v1/exam/capture")
