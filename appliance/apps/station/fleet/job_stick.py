"""Signed jobs from a USB stick, for a box that has no network."""

import logging
import stat
import threading
from pathlib import Path

from appliance.domain.errors import ExportError, StoreError
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
        """Take what is there and new. Raises StoreError where it cannot be kept, OSError where the stick is gone."""
        for file in sorted(self._folder.glob(f"**/*{ENDING}")):
            try:
                found = file.stat()
                stamp = (file, found.st_mtime)
                if stamp in self._told or not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST_BYTES:
                    continue
                reason = self._book.take(read_message(SignedJob, file.read_bytes()))
            except ExportError as error:
                reason = str(error)
            except OSError as error:  # pulled out, or a link to nothing: tried again
                _log.warning("cannot read %s: %s", file.name, error)
                continue
            self._told.add(stamp)
            _log.log(logging.ERROR if reason else logging.INFO, "job of %s: %s", file.name, reason or "taken")

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except (OSError, StoreError) as error:  # a stick that is pulled, a disk that is full: tried again
                _log.error("the jobs below %s cannot be read or kept: %s", self._folder, error)
            self._stopping.wait(_LOOK_S)
