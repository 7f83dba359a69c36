"""A disk that turns read-only, or fails, under a running station in the middle of an exam, and is well again.

strace attaches to the station and answers the calls that change files or bring them onto the disk: as a file system
does that the kernel has remounted read-only (EROFS), and as a failing disk (EIO). Pictures and pages go on; what is
refused is refused in words; nothing that was finished is lost; once the disk is well, work goes on without a restart.
"""

import json
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance.apps.workbench.bench.station_process import StationProcess
from tests.chaos.live_station import FRESH_MS, PATIENCE_S, flags, ready_browser
from tests.support.station_client import Browser, Watcher, answered, wait_until

CALLS = "pwrite64,pwritev,fsync,fdatasync,rename,renameat2,unlink,unlinkat,ftruncate,mkdir,mkdirat,link"
FAULTS = {"read-only": "EROFS", "failing": "EIO"}
PAGES = ("/", "/exams", "/about", "/health/ready")
_NO_FRESH_PICTURE = 409
_REFUSED = 507


def refusing_disk() -> dict[str, Any]:
    """Both faults on one station; {"skipped": why} without strace."""
    if shutil.which("strace") is None:
        return {"skipped": "strace is not there; install it: apt-get install strace"}
    problems: list[str] = []
    finished: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="nailfold-disk-") as scratch,
        StationProcess(flags(Path(scratch), "--source", "simulated:?fps=10")) as station,
    ):
        browser = ready_browser(station)
        with Watcher(browser) as watcher:
            for name, error in FAULTS.items():
                _begin(browser, finished)
                with _refusing(station.pid, error):
                    problems += [f"{name}: {what}" for what in _under(browser, watcher)]
                wait_until(
                    lambda: answered(browser, "/api/v1/exam/capture"), "a capture on a disk that is well", PATIENCE_S
                )
                finished.append(browser.post("/api/v1/exam/finish", accepts_missing=True)["finished_exam_id"])
        kept = browser.get("/exams")
        lost = [one for one in finished if one not in kept]
        code = station.stop()
        if code:
            problems.append(f"it stopped with code {code}: {station.errors[-300:]}")
    return {"faults": len(FAULTS), "exams_lost": len(lost), "problems": len(problems), "what": problems}


def _begin(browser: Browser, finished: list[str]) -> None:
    """An exam that is finished before the fault, and one that is open."""
    for is_left_open in (False, True):
        browser.post("/api/v1/exam/start", pseudonym="NC-9", is_new=not finished)
        wait_until(lambda: answered(browser, "/api/v1/exam/capture"), "a capture", PATIENCE_S)
        if not is_left_open:
            finished.append(browser.post("/api/v1/exam/finish", accepts_missing=True)["finished_exam_id"])


@contextmanager
def _refusing(pid: int, error: str) -> Iterator[None]:
    command = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-p",
        str(pid),
        "-e",
        f"trace={CALLS}",
        "-e",
        f"inject={CALLS}:error={error}",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        try:
            assert tracer.stderr is not None
            assert "attached" in (said := tracer.stderr.readline()), said
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate()


def _under(browser: Browser, watcher: Watcher) -> Iterator[str]:
    """What is wrong while the disk refuses."""
    for path, more in (("capture", {}), ("finish", {"accepts_missing": True}), ("undo", {})):
        status, said = _asked(browser, f"/api/v1/exam/{path}", **more)
        asked_until_s = time.monotonic() + PATIENCE_S
        while path == "capture" and status == _NO_FRESH_PICTURE and time.monotonic() < asked_until_s:
            # On a busy computer, traced as well, no picture may be fresh enough at that moment: that is no answer.
            time.sleep(0.1)
            status, said = _asked(browser, f"/api/v1/exam/{path}", **more)
        if status != _REFUSED or not said.get("message") or not said.get("remedy"):
            yield f"{path} was answered with {status} {said}"
    for page in PAGES:
        try:
            browser.get(page)
        except (urllib.error.URLError, OSError) as error:
            yield f"{page} did not open: {error}"
    seen = watcher.frames
    wait_until(lambda: watcher.frames > seen + 5, "live pictures", PATIENCE_S)
    if (oldest_ms := max(watcher.ages_ms[seen:])) > FRESH_MS:
        yield f"a picture came {oldest_ms:.0f} ms late"
    if Browser(browser.url).log_in() != 200:
        yield "nobody can log in"


def _asked(browser: Browser, path: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    try:
        browser.post(path, **fields)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read()).get("error", {})
    return 200, {}
