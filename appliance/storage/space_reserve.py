"""Room on the disk that is kept for what must never be refused: the journal, and the end of a session."""

import logging
import os
from pathlib import Path

from appliance.storage.image_files import free_bytes

_log = logging.getLogger(__name__)
# Thousands of entries and sessions: an entry is about 500 bytes, a page of the database's log 4 KiB.
SIZE_BYTES = 8 << 20
# Taken again only where much more than it is free, or it would come and go with every write.
_TAKEN_FROM_BYTES = 16 * SIZE_BYTES


class SpaceReserve:
    """A file that holds the room until the disk is full; safe for calls from any thread."""

    def __init__(self, folder: Path, size_bytes: int = SIZE_BYTES) -> None:
        self._path = folder / "reserve"
        self._size_bytes = size_bytes

    @property
    def is_held(self) -> bool:
        """Whether the room is still there."""
        return self._path.exists()

    def hold(self) -> None:
        """Take the room where there is plenty; a refusal is logged."""
        if self.is_held or free_bytes(self._path.parent) < _TAKEN_FROM_BYTES:
            return
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self._size_bytes)
            finally:
                os.close(descriptor)
        except OSError as error:
            _log.warning("no room could be reserved on the disk: %s", error.strerror)
            self.release()

    def release(self) -> None:
        """The disk is full: the next writes may have it."""
        if self.is_held:
            _log.error("the disk is full; the room reserved for journal and sessions is used now")
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:  # a folder of that name, a disk that is read-only: then there is no reserve
                _log.error("the reserve cannot be given up: %s", error)
