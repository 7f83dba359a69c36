"""PDF from the report's HTML, in a process of its own so that the live picture never waits."""

import os
import subprocess
import sys

from appliance.domain.errors import ExportError

TIMEOUT_S = 120.0
_NICENESS = 10
_WORKER = "appliance.exports.report.pdf_worker"


def html_to_pdf(html: str, timeout_s: float = TIMEOUT_S) -> bytes:
    """The PDF of a self-contained HTML document; takes seconds, of one core at low priority.

    Raises:
        ExportError: the document could not be made into pages, or not in time.
    """
    command = [sys.executable, "-m", _WORKER]
    try:
        done = subprocess.run(
            command, input=html.encode(), capture_output=True, timeout=timeout_s, check=False, env=_environment()
        )
    except subprocess.TimeoutExpired as error:
        raise ExportError(
            f"the report was not ready after {timeout_s:.0f} s", "Try again when the station has less to do."
        ) from error
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        last = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise ExportError(f"the report could not be made into pages: {last}", "Check the report's template and style.")
    return done.stdout


def lower_priority() -> None:
    """Let everything else of the station go first."""
    os.nice(_NICENESS)


def _environment() -> dict[str, str]:
    # The worker imports this very package, from wherever the station runs.
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
