"""The folder in which a station keeps everything; it belongs to one running station at a time."""

import fcntl
import os
from pathlib import Path

from appliance.domain.errors import StoreError


class DataDir:
    """The folder, made and locked; the lock ends with the process, whatever ends it.

    Raises:
        StoreError: it cannot be made or written, or another station has it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        remedy = "Choose another one with --data-dir."
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(folder / "station.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"the data folder {folder} cannot be used: {error.strerror}", remedy) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise StoreError(
                f"the data folder {folder} belongs to a station that runs", f"Stop it. {remedy}"
            ) from error
        try:
            _require_plain_files(folder)
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def access_file(self) -> Path:
        """Where the two words of the set-up are kept."""
        return self.folder / "access.json"

    @property
    def time_zone_file(self) -> Path:
        """Names the time zone that was chosen."""
        return self.folder / "time-zone"

    @property
    def tls_folder(self) -> Path:
        """Where the box's own certificate and its key are kept."""
        return self.folder / "tls"

    def close(self) -> None:
        """Let another station have it."""
        os.close(self._lock)


def is_of_the_disk(path: Path) -> bool:
    """Whether a folder in the data folder is the file system's lost+found, which root alone may read."""
    return path.name == "lost+found" and path.stat().st_uid != os.getuid()


def _require_plain_files(folder: Path) -> None:
    """A pipe or device in the place of a file would hold up the start for ever: reading it never ends.

    Looks into the folder and the folders in it; deeper there are only pictures, which are opened one by one. Where the
    folder is a disk of its own, that has a lost+found that root alone may read.
    """
    try:
        for at in (folder, *(path for path in folder.iterdir() if path.is_dir() and not is_of_the_disk(path))):
            for path in at.iterdir():
                if path.is_fifo() or path.is_char_device() or path.is_block_device():
                    raise StoreError(f"{path} is a pipe or a device, not a file", "Take it away.")
    except OSError as error:
        raise StoreError(f"the data folder {folder} cannot be read: {error.strerror}", "Check its owner.") from error
