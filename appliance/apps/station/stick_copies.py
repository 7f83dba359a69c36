"""Encrypted copies of the box on a stick, made by itself while one is plugged in."""

import json
import logging
import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from appliance.apps.station.copies import StationCopies
from appliance.domain.box_settings import BackupRow, ScheduledCopies
from appliance.domain.errors import StoreError
from appliance.domain.instant import from_rfc3339, to_rfc3339
from appliance.durable_files import flush, sync_folder, write_durably
from appliance.foreign_files.text import read_text
from appliance.ports import Clock
from appliance.storage.backup_stick import PLACE, BackupStick, stick_refusal
from appliance.storage.open_storage import Storage
from appliance.storage.sealed_stream import SealedReader
from appliance.storage.settings import StorageSettings

ACTOR = "station"
_LOOKED_AT_EVERY_S = 60.0
_TRIED_AGAIN_AFTER = timedelta(hours=1)
_OLD_AFTER_INTERVALS = 3
_PIECE_BYTES = 1 << 20
_log = logging.getLogger(__name__)


class StickCopies:
    """Makes a copy when the newest is older than `stick_every_h` and a stick is there, never during an exam.

    What was made and when is kept on the box, too: a stick that lies in a drawer still has its age.

    Args:
        state_file: where that is kept.
        is_plugged: whether a stick is mounted there.
    """

    def __init__(
        self,
        settings: StorageSettings,
        copies: StationCopies,
        state_file: Path,
        is_busy: Callable[[], bool],
        clock: Clock,
        is_plugged: Callable[[Path], bool] = os.path.ismount,
    ) -> None:
        self._settings, self._copies, self._state_file = settings, copies, state_file
        self._is_busy, self._clock, self._is_plugged = is_busy, clock, is_plugged
        self._every = timedelta(hours=settings.stick_every_h)
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stick-copies", daemon=True)

    def start(self) -> None:
        """Begin, unless the settings name no stick."""
        if self._settings.stick_folder is not None:
            self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """No further copy; calling it before start is harmless. One half-way is deleted by the next."""
        self._is_stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def state(self) -> ScheduledCopies | None:
        """What a page shows; None where the settings name no stick."""
        if self._settings.stick_folder is None:
            return None
        newest, problem, _ = self._kept()
        age = None if newest is None else self._clock.now_utc() - newest.made_at_utc
        is_old = age is None or age > _OLD_AFTER_INTERVALS * self._every
        return ScheduledCopies(self._is_plugged(self._settings.stick_folder), newest, is_old, problem)

    def make_if_due(self) -> bool:
        """Whether one was made."""
        folder, now_utc = self._settings.stick_folder, self._clock.now_utc()
        newest, problem, tried_at = self._kept()
        # One from the future comes from a clock that was wrong then: it counts for nothing.
        is_due = newest is None or not timedelta(0) <= now_utc - newest.made_at_utc < self._every
        waits = problem and tried_at is not None and timedelta(0) <= now_utc - tried_at < _TRIED_AGAIN_AFTER
        if folder is None or not is_due or waits or self._is_busy() or not self._is_plugged(folder):
            return False
        try:
            made = self._make(folder)
        except (StoreError, OSError) as error:
            said = str(error if isinstance(error, StoreError) else stick_refusal(error))
            _log.error("no copy on the stick: %s", said)
            self._keep(newest, said)
            return False
        self._keep(made, "")
        return True

    def _make(self, folder: Path) -> BackupRow:
        words = self._passphrase()
        for leftover in folder.glob("nailfold-copy-*.part"):
            leftover.unlink()
        self._make_room(folder)
        unfinished = folder / f"nailfold-copy-{os.getpid()}.part"
        try:
            with unfinished.open("wb") as file:
                name = self._copies.write_copy(ACTOR, file, words, lambda *_: None)
                flush(file)
            _read_again(unfinished, words)
            path = unfinished.replace(folder / name)
            sync_folder(folder)
        finally:
            unfinished.unlink(missing_ok=True)
        for old in self._on(folder)[: -max(1, self._settings.stick_kept)]:
            old.unlink(missing_ok=True)
        return BackupRow(path.name, self._clock.now_utc(), path.stat().st_size)

    def _passphrase(self) -> str:
        file = self._settings.stick_passphrase_file
        if file is None:
            said = "no passphrase for copies on a stick is set"
            raise StoreError(said, "Name a file in storage.stick_passphrase_file.")
        try:
            return read_text(file).strip()
        except (OSError, UnicodeError) as error:
            raise StoreError(f"the passphrase cannot be read from {file}: {error}", "Correct that file.") from error

    def _make_room(self, folder: Path) -> None:
        """Older copies give way, the newest never does."""
        needed = sum(path.stat().st_size for path in self._settings.folder.rglob("*") if path.is_file())
        for old in self._on(folder)[:-1]:
            if _free_bytes(folder) >= needed:
                return
            old.unlink()
        if _free_bytes(folder) < needed:
            free = f"{_free_bytes(folder) / 1e6:.0f} of {needed / 1e6:.0f} MB free"
            raise StoreError(f"the stick has no room for a copy: {free}", "Use a larger one called NF-BACKUP.")

    def _on(self, folder: Path) -> list[Path]:
        """Copies there, oldest first: their names hold the time."""
        return sorted(folder.glob("nailfold-copy-*.sealed"))

    def _kept(self) -> tuple[BackupRow | None, str, datetime | None]:
        try:
            kept = json.loads(self._state_file.read_text("utf-8"))
            made = kept["newest"]
            newest = made and BackupRow(str(made["name"]), from_rfc3339(made["made_at"]), int(made["bytes"]))
            return newest or None, str(kept["problem"]), from_rfc3339(kept["tried_at"])
        except FileNotFoundError:
            return None, "", None
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning(
                "%s cannot be read, so the age of the copy on the stick is unknown: %s", self._state_file, error
            )
            return None, "", None

    def _keep(self, newest: BackupRow | None, problem: str) -> None:
        made = newest and {
            "name": newest.name,
            "made_at": to_rfc3339(newest.made_at_utc),
            "bytes": newest.size_bytes,
        }
        kept = {"newest": made, "problem": problem, "tried_at": to_rfc3339(self._clock.now_utc())}
        write_durably(self._state_file, json.dumps(kept).encode(), 0o600)

    def _run(self) -> None:
        while not self._is_stopping.wait(_LOOKED_AT_EVERY_S):
            try:
                self.make_if_due()
            except Exception:  # without this thread there would be no copy
                _log.exception("no copy could be made on the stick; it is tried again")


def copies_of(
    settings: StorageSettings,
    storage: Storage,
    data_dir: Path,
    clock: Clock,
    is_busy: Callable[[], bool],
    restart: Callable[[], None],
) -> tuple[StationCopies, StickCopies]:
    """What a person asks of a station's copies, and what it makes by itself; arguments as of the two."""
    stick = BackupStick(settings.stick_folder or PLACE)
    copies = StationCopies(settings, storage, data_dir, clock, is_busy, restart, stick)
    return copies, StickCopies(settings, copies, data_dir / "stick-copies.json", is_busy, clock)


def _read_again(path: Path, words: str) -> None:
    """Every byte of a copy as a restore would read it. Raises StoreError: the stick gives back something else."""
    with path.open("rb") as file:
        reader = SealedReader(file, words)
        while reader.read(_PIECE_BYTES):
            pass


def _free_bytes(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
