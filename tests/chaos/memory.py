"""A station that gets no further memory in the middle of an exam, then has it back."""

import resource
import tempfile
import time
import urllib.error
from pathlib import Path
from typing import Any

from appliance.apps.workbench.bench.station_process import StationProcess
from tests.chaos.live_station import PATIENCE_S, flags, ready_browser
from tests.support.station_client import Browser, capture, is_ready, wait_until

STARVED_S = 10.0
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def memory_pressure(rounds: int) -> dict[str, Any]:
    """The address space is frozen at its size while pictures are kept and pages opened; every answer must hold.

    A process that gives up is started again, as systemd would; what it answered must be there all the same.
    """
    problems: list[str] = []
    ends = 0
    with tempfile.TemporaryDirectory(prefix="nailfold-memory-") as scratch:
        command = flags(Path(scratch), "--source", "simulated:?fps=15")
        station = StationProcess(command)
        try:
            browser = ready_browser(station)
            browser.post("/api/v1/exam/start", pseudonym="NC-9", is_new=True)
            capture(browser)
            answers, refusals = 1, 0
            for _ in range(rounds):
                kept, refused = _starve(station, browser)
                answers, refusals = answers + kept, refusals + refused
                if not _works_again(station):
                    ends += 1
                    station.kill()
                    station = StationProcess(command)
                    browser = ready_browser(station)
            exam_id = browser.post("/api/v1/exam/finish", accepts_missing=True)["finished_exam_id"]
            kept_in_all = browser.json(f"/api/v1/exams/{exam_id}")["exam"]["images"]
            code = station.stop()
        finally:
            station.kill()
    if kept_in_all < answers:
        problems.append(f"{answers} captures were answered, {kept_in_all} are in the exam")
    if code:
        problems.append(f"it stopped with code {code}: {station.errors[-300:]}")
    return {
        "faults": rounds,
        "captures_answered": answers,
        "captures_lost": max(0, answers - kept_in_all),
        "refused": refusals,
        "processes_that_gave_up": ends,
        "problems": len(problems),
        "what": problems,
    }


def _starve(station: StationProcess, browser: Browser) -> tuple[int, int]:
    """Captures that were answered with yes, and whatever was refused or not answered."""
    pages = Path(f"/proc/{station.pid}/statm").read_text(encoding="ascii").split()[0]
    size = int(pages) * resource.getpagesize()
    resource.prlimit(station.pid, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
    kept = refused = 0
    until_s = time.monotonic() + STARVED_S
    while time.monotonic() < until_s:
        try:
            browser.post("/api/v1/exam/capture")
            kept += 1
            browser.get("/exams")
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            refused += 1
            if isinstance(error, urllib.error.HTTPError):
                error.close()
        time.sleep(0.2)
    return kept, refused


def _works_again(station: StationProcess) -> bool:
    """Whether the same process goes on once there is memory."""
    try:
        resource.prlimit(station.pid, resource.RLIMIT_AS, UNLIMITED)
        wait_until(lambda: is_ready(station), "pictures again", PATIENCE_S / 2)
    except (ProcessLookupError, urllib.error.URLError, ConnectionError, AssertionError):
        return False
    return True
