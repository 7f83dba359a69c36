"""Uploads on their way in: on the disk, never in memory, and gone when they are done with or the station restarts."""

import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

import uuid_utils

from appliance.domain.errors import ExportError, NotKeptError

_CHUNK = 1 << 20
RESERVE_BYTES = 500_000_000
"""Of the disk that an upload leaves free, so that an exam can always be finished."""


class Stream(Protocol):
    """Bytes that come in."""

    def read(self, size: int, /) -> bytes:
        """At most so many; none at the end."""


class Staging:
    """A folder a import below `folder`, emptied when it is opened.

    Args:
        free: asks how much is free; replaced in tests.
    """

    def __init__(self, folder: Path, free: Callable[[Path], int] = lambda at: shutil.disk_usage(at).free) -> None:
        self._folder = folder
        self._free = free
        shutil.rmtree(folder, ignore_errors=True)

    def new(self) -> str:
        """The id of a new, empty folder."""
        name = str(uuid_utils.uuid7())
        try:
            (self._folder / name).mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise ExportError(f"cannot make room for an import: {error.strerror}", "Check the disk.") from error
        return name

    def path(self, import_id: str, name: str) -> Path:
        """Where a file of an import lies; names are made here, never taken from outside."""
        folder = self._folder / import_id
        if not folder.is_dir():
            raise NotKeptError(f"there is no import {import_id}", "Start again.")
        return folder / name

    def receive_new(self, name: str, stream: Stream, limit_bytes: int) -> str:
        """The id of a new folder with one file, written as it came. Raises as `receive`; nothing is left then."""
        import_id = self.new()
        try:
            self.receive(self.path(import_id, name), stream, limit_bytes)
        except BaseException:
            self.drop(import_id)
            raise
        return import_id

    def receive(self, path: Path, stream: Stream, limit_bytes: int) -> int:
        """The size of a file that was written as it came.

        Raises:
            ExportError: empty, larger than the limit, or the disk is nearly full; nothing is left of it.
        """
        size = 0
        try:
            with path.open("xb") as file:
                while chunk := stream.read(_CHUNK):
                    size += len(chunk)
                    if size > limit_bytes:
                        raise ExportError(f"the file is larger than {limit_bytes / 1e6:.0f} MB", "Import it in parts.")
                    if self._free(self._folder) < RESERVE_BYTES + len(chunk):
                        raise ExportError("the disk of the box is nearly full", "Free some space and try again.")
                    file.write(chunk)
            if not size:
                raise ExportError("the file is empty", "Copy it again.")
        except BaseException as error:
            path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise ExportError(f"the upload broke off: {error.strerror or error}", "Try again.") from error
            raise
        return size

    def drop_all_but(self, import_ids: Collection[str]) -> None:
        """Delete the folders of every other import."""
        for folder in self._folder.glob("*"):
            if folder.name not in import_ids:
                self.drop(folder.name)

    def drop(self, import_id: str) -> None:
        """Delete an import's folder; one that is gone is fine."""
        shutil.rmtree(self._folder / import_id, ignore_errors=True)
