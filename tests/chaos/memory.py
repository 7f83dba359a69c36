"""A station that gets no further memory in the middle of an exam: refused by the C library, or killed by the kernel."""

import resource
import tempfile
import time
import urllib.error
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from appliance.apps.workbench.bench.station_process import StationProcess
from tests.chaos.live_station import PATIENCE_S, flags, ready_browser
from tests.chaos.memory_group import MemoryGroup, memory_group
from tests.support.station_client import Browser, is_ready, wait_until

STARVED_S = 10.0
KILLED_WITH_BYTES = 1 << 20
PAGES = ("/", "/exams", "/patients")


def memory_pressure(rounds: int) -> dict[str, Any]:
    """Pictures are kept and pages opened, so many times without further address space and in a control group that is
    full. Every answer must hold; a process that ends is started again, as systemd would.
    """
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="nailfold-memory-") as scratch, memory_group() as group:
        box = _Box(Path(scratch), group)
        try:
            for _ in range(rounds):
                box.starve(counts, box.without_address_space)
                if group is not None:
                    box.starve(counts, box.in_a_full_group)
            kept, code = box.finish()
        finally:
            box.station.kill()
    lost = max(0, counts["answered"] - kept)
    problems = [f"{counts['answered']} captures were answered, {kept} are in the exam"] if lost else []
    if code:
        problems.append(f"it stopped with code {code}: {box.station.errors[-300:]}")
    return {
        "faults": rounds if group is None else 2 * rounds,
        "captures_answered": counts["answered"],
        "captures_lost": lost,
        "refused_or_unanswered": counts["refused"],
        "processes_that_ended": counts["ended"],
        "problems": len(problems),
        "what": problems,
        "control_group": "used" if group is not None else "not allowed on this computer",
    }


class _Box:
    """One data folder with an open exam, and the station on it, started again where it ended."""

    def __init__(self, folder: Path, group: MemoryGroup | None) -> None:
        self._command = flags(folder, "--source", "simulated:?fps=15")
        self._group = group
        self.station, self.browser = self._started()
        self.browser.post("/api/v1/exam/start", pseudonym="NC-9", is_new=True)

    def starve(self, counts: Counter[str], take_memory: Any) -> None:
        """Work on while there is no memory, then see that there is a station that works."""
        wait_until(lambda: self._is_kept(counts), "a picture is kept", PATIENCE_S)
        take_memory()
        self._work(counts)
        if not self._works_again():
            counts["ended"] += 1
            self.station.kill()
            self.station, self.browser = self._started()

    def without_address_space(self) -> None:
        """Nothing more can be mapped."""
        pages = Path(f"/proc/{self.station.pid}/statm").read_text(encoding="ascii").split()[0]
        limit = int(pages) * resource.getpagesize()
        resource.prlimit(self.station.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))

    def in_a_full_group(self) -> None:
        """Hardly anything more can be used."""
        assert self._group is not None
        self._group.allow_more(KILLED_WITH_BYTES)

    def finish(self) -> tuple[int, int]:
        """How many pictures the exam has in the end, and the exit code."""
        exam_id = self.browser.post("/api/v1/exam/finish", accepts_missing=True)["finished_exam_id"]
        kept = self.browser.json(f"/api/v1/exams/{exam_id}")["exam"]["images"]
        return kept, self.station.stop()

    def _started(self) -> tuple[StationProcess, Browser]:
        if self._group is None:
            station = StationProcess(self._command)
        else:
            self._group.allow_all()
            with self._group.births():
                station = StationProcess(self._command)
        return station, ready_browser(station)

    def _work(self, counts: Counter[str]) -> None:
        until_s = time.monotonic() + STARVED_S
        while time.monotonic() < until_s:
            self._is_kept(counts)
            time.sleep(0.2)

    def _is_kept(self, counts: Counter[str]) -> bool:
        """Whether a picture was kept and the pages came; what was not answered may have been done all the same."""
        try:
            self.browser.post("/api/v1/exam/capture")
            counts["answered"] += 1
            for page in PAGES:
                self.browser.get(page)
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            counts["refused"] += 1
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            return False
        return True

    def _works_again(self) -> bool:
        """Whether the same process goes on once there is memory."""
        if self._group is not None:
            self._group.allow_all()
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        with suppress(ProcessLookupError, urllib.error.URLError, ConnectionError, AssertionError):
            resource.prlimit(self.station.pid, resource.RLIMIT_AS, unlimited)
            wait_until(lambda: is_ready(self.station), "pictures again", PATIENCE_S / 2)
            return True
        return False
