"""A stick for encrypted copies: where it is mounted, what lies there, and a file put there whole."""

import errno
import logging
import os
import shutil
import threading
from pathlib import Path
from typing import IO, BinaryIO

from appliance.domain.box_settings import StickState
from appliance.domain.errors import StoreError
from appliance.durable_files import flush, sync_folder

_log = logging.getLogger(__name__)
PLACE = Path("/media/backup")
"""Of a stick called NF-BACKUP on the box's own image (media-backup.mount)."""
_SUFFIX, _UNFINISHED = ".sealed", ".part"
_writing = threading.Lock()
_NO_STICK = ("no stick called NF-BACKUP is plugged in", "Plug it into the box and wait some seconds.")


class BackupStick:
    """Comes and goes while the station runs.

    Args:
        place: where it is mounted; where this folder is missing, the computer mounts none.
    """

    def __init__(self, place: Path = PLACE) -> None:
        self._place = place

    @property
    def state(self) -> StickState | None:
        """Whether it is there, and its files, the newest first; None on a computer that mounts none.

        One that was pulled out a moment ago, or is broken, is not there.
        """
        try:
            if not self._place.is_dir():
                return None
            if not self._is_there:
                return StickState(False, ())
            names = sorted((path.name for path in self._place.glob(f"*{_SUFFIX}") if path.is_file()), key=_time_of)
        except OSError as error:
            _log.warning("the stick for copies cannot be read, as if there were none: %s", error)
            return StickState(False, ())
        return StickState(True, tuple(reversed(names)))

    def keep(self, name: str, file: BinaryIO) -> None:
        """A copy of the open file under that name: whole, and on the stick when this returns.

        Raises:
            StoreError: there is no stick, it is full or it cannot be written; nothing of the file stays then.
        """
        if not self._is_there:
            raise StoreError(*_NO_STICK)
        with _writing:
            self._keep(name, file)

    def _keep(self, name: str, file: BinaryIO) -> None:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        unfinished = self._place / f"{name}{_UNFINISHED}"
        try:
            # Of a stick that was pulled out in the middle: each would take the room of a whole copy for good.
            for left in self._place.glob(f"*{_SUFFIX}{_UNFINISHED}"):
                _discard(left)
            if (free := shutil.disk_usage(self._place).free) < size:
                raise StoreError(
                    f"the file has {size / 1e6:.0f} MB, and {free / 1e6:.0f} MB are free on the stick",
                    "Use a larger stick, or delete older files on a computer.",
                )
            with unfinished.open("wb") as kept:
                shutil.copyfileobj(file, kept, 1 << 20)
                flush(kept)
            unfinished.replace(self._place / name)
            sync_folder(self._place)
        except OSError as error:
            raise stick_refusal(error) from error
        finally:
            _discard(unfinished)

    def open(self, name: str) -> IO[bytes]:
        """One of its files, for reading. Raises StoreError where there is none of that name."""
        state = self.state
        if state is None or not state.is_there:
            raise StoreError(*_NO_STICK)
        if name not in state.files:
            raise StoreError(f"the stick has no file {name}", "Choose one from the list.")
        try:
            return (self._place / name).open("rb")
        except OSError as error:
            raise StoreError(f"{name} cannot be read: {error.strerror}", "Plug the stick in again.") from error

    @property
    def _is_there(self) -> bool:
        return os.path.ismount(self._place)


def stick_refusal(error: OSError) -> StoreError:
    """What a person reads of a stick that does not take a file."""
    if error.errno == errno.EFBIG:
        return StoreError("the file is too large for the stick's FAT", "Format the stick as exFAT, called NF-BACKUP.")
    return StoreError(f"the stick cannot be written: {error.strerror}", "Plug it in again, or use another one.")


def _discard(unfinished: Path) -> None:
    """A stick that was pulled out has nothing to be discarded."""
    try:
        unfinished.unlink(missing_ok=True)
    except OSError:
        return


def _time_of(name: str) -> tuple[str, str]:
    """Files are called nailfold-copy-TIME and nailfold-keys-TIME."""
    return name.rpartition("-")[2], name
