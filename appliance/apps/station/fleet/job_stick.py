"""Signed jobs from a USB stick, for a box that has no network."""

import logging
import threading
from pathlib import Path

from appliance.domain.errors import ExportError
from appliance.fleet.job_book import JobBook
from appliance.fleet.jobs import SignedJob
from appliance.fleet.message import read_message

ENDING = ".nailfold-job.json"
_LOOK_S = 5.0
_LARGEST_BYTES = 1_000_000
_log = logging.getLogger(__name__)


class JobStick:
    """Looks for files *.nailfold-job.json below a folder; checked as if they had come from the broker."""

    def __init__(self, folder: Path, book: JobBook) -> None:
        self._folder, self._book = folder, book
        self._told: set[tuple[Path, float]] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet-stick", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Look no more; harmless before start."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def look(self) -> None:
        """Take what is there and new."""
        for file in sorted(self._folder.glob(f"**/*{ENDING}")):
            try:
                stamp = (file, file.stat().st_mtime)
                if stamp in self._told or file.stat().st_size > _LARGEST_BYTES:
                    continue
                reason = self._book.take(read_message(SignedJob, file.read_bytes()))
            except (OSError, ExportError) as error:
                reason = str(error)
            self._told.add(stamp)
            _log.log(logging.ERROR if reason else logging.INFO, "job of %s: %s", file.name, reason or "taken")

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.look()
            self._stopping.wait(_LOOK_S)
