"""PDF from the report's HTML, in a process of its own so that the live picture never waits."""

import os
import resource
import signal
import subprocess
import sys
import tempfile

from appliance.domain.errors import ExportError
from appliance.exports.progress import JobCancelledError, NoProgress, Progress
from appliance.limited_process import own_environment

SHORTEST_CPU_S, LONGEST_CPU_S, BYTES_A_SECOND = 60, 600, 10_000
"""Of one core, for one report: at least so much, one second more for so many bytes of its HTML, and at most some fifty
times what the largest takes. A few lines of a clinic's template that would lay out millions of cells get no more than
any small report. By the clock there is no limit: a station that examines leaves the report little of its cores."""
MEMORY_BYTES = 1_000_000_000
"""Beyond what the process holds once it is ready. Half a megabyte of PNG in a clinic's template took 1.3 GB."""
OUT_OF_MEMORY = "it takes too much memory"
_NICENESS = 10
_LOOK_S = 0.25
_WORKER = "appliance.exports.report.pdf_worker"


def html_to_pdf(html: str, progress: Progress | None = None, memory_bytes: int = MEMORY_BYTES) -> bytes:
    """The PDF of a self-contained HTML document; takes seconds, of one core at low priority.

    Args:
        progress: asked whether anybody still waits.
        memory_bytes: that it may take.

    Raises:
        ExportError: the document could not be made into pages, or takes more than LONGEST_CPU_S or too much memory.
        JobCancelledError: nobody waits any more.
    """
    progress = progress or NoProgress()
    command, pipe = [sys.executable, "-m", _WORKER, str(memory_bytes)], subprocess.PIPE
    # A file and no pipe: `communicate` forgets what is left to be sent when it is asked a second time.
    with tempfile.TemporaryFile(prefix="nailfold-report-") as sent:
        sent.write(html.encode())
        sent.seek(0)
        with subprocess.Popen(command, stdin=sent, stdout=pipe, stderr=pipe, env=own_environment()) as worker:
            made, said = _wait_for(worker, progress)
    if worker.returncode == -signal.SIGXCPU:
        said_s = cpu_seconds(len(html))
        raise ExportError(f"the report took more than {said_s} s of a core", "Print fewer pages, see the form.")
    if worker.returncode != 0 or not made.startswith(b"%PDF"):
        if worker.returncode < 0:
            said = said or OUT_OF_MEMORY.encode()  # libraries in C end the process where there is none
        last = (said.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise ExportError(f"the report could not be made into pages: {last}", "Check the report's template and style.")
    return made


def _wait_for(worker: "subprocess.Popen[bytes]", progress: Progress) -> tuple[bytes, bytes]:
    while True:
        try:
            return worker.communicate(timeout=_LOOK_S)
        except subprocess.TimeoutExpired:
            if progress.is_cancelled:
                worker.kill()
                raise JobCancelledError from None


def cpu_seconds(characters: int) -> int:
    """How much of a core a report may take whose HTML has so many characters."""
    return min(SHORTEST_CPU_S + characters // BYTES_A_SECOND, LONGEST_CPU_S)


def limit_cpu(seconds: int) -> None:
    """End this process once it has taken so much of a core."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def lower_priority() -> None:
    """Let everything else of the station go first."""
    os.nice(_NICENESS)
