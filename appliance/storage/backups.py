"""Copies of the database on the box itself: against a damaged page, not against a lost disk."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from appliance.domain.box_settings import RestoreTrial
from appliance.domain.errors import StoreError
from appliance.durable_files import flush, sync_folder
from appliance.storage.database import BUSY_TIMEOUT_S, Database, damage_in, disk_full
from appliance.storage.journal import SqliteJournal

_STAMP = "%Y%m%dT%H%M%SZ"
_PREFIX, _SUFFIX = "exams-", ".sqlite3"


@dataclass(frozen=True)
class Backup:
    """One copy and when it was made."""

    path: Path
    made_at_utc: datetime


class Backups:
    """The copies below `folder`/backups. Safe beside a running station.

    Args:
        kept: the newest so many stay.
        reserve_bytes: what must stay free on the disk after a copy.
    """

    def __init__(self, folder: Path, database_name: str, kept: int, reserve_bytes: int) -> None:
        self._database = folder / database_name
        self._folder = folder / "backups"
        self._kept = kept
        self._reserve_bytes = reserve_bytes

    def all(self) -> tuple[Backup, ...]:
        """Newest first."""
        found = [_backup(path) for path in self._folder.glob(f"{_PREFIX}*{_SUFFIX}")]
        return tuple(sorted((one for one in found if one), key=lambda one: one.made_at_utc, reverse=True))

    def make(self, now_utc: datetime) -> Backup:
        """A copy of the database as it is now, read through once; writers are not kept waiting.

        Raises:
            StoreError: the disk has no room, or the database or its copy is damaged; then nothing is left of the copy
                and the older ones stay.
        """
        stamp = now_utc.astimezone(timezone.utc).strftime(_STAMP)
        path = self._folder / f"{_PREFIX}{stamp}{_SUFFIX}"
        unfinished = path.with_suffix(".part")
        try:
            self._folder.mkdir(exist_ok=True, mode=0o700)
            for leftover in self._folder.glob("*.part"):
                leftover.unlink()
            if shutil.disk_usage(self._folder).free < self._database.stat().st_size + self._reserve_bytes:
                raise disk_full("back the exam database up", self._folder)
            copy_checked(self._database, unfinished)
            unfinished.replace(path)
            sync_folder(self._folder)
        except OSError as error:
            raise StoreError(
                f"could not back the exam database up: {error.strerror}", "Check the disk and its access rights."
            ) from error
        finally:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)
        for old in self.all()[max(1, self._kept) :]:
            old.path.unlink(missing_ok=True)
        return Backup(path, now_utc)


def try_restore(backup: Backup, now_utc: datetime, look: Callable[[Database], object] = lambda _: None) -> RestoreTrial:
    """Put a copy of the backup into a folder of its own and read all of it; the box's database is not touched.

    Args:
        look: called with the copy while it is open.

    Raises:
        StoreError: it is damaged, or there is no room for the copy.
    """
    try:
        with tempfile.TemporaryDirectory(dir=backup.path.parent, prefix="trial-") as folder:
            copy = Path(folder) / backup.path.name
            copy_checked(backup.path, copy)
            database = Database(copy)
            try:
                check = SqliteJournal(database, lambda: now_utc).verify()
                look(database)
                ((exams,),) = database.rows("count the exams of a backup", "SELECT count(*) FROM exams")
            finally:
                database.close()
    except OSError as error:
        said = f"could not try the backup {backup.path.name}: {error.strerror}"
        raise StoreError(said, "Free disk space.") from error
    return RestoreTrial(backup.path.name, int(exams), check.entries, None if check.is_intact else check.broken_seq)


def copy_checked(source: Path, target: Path) -> None:
    """Copy a database, also one in use, as one file; the copy is read through, with its indexes, and on the disk.

    Raises:
        StoreError: the source cannot be read as a database, or the copy is damaged.
        OSError: the copy cannot be written.
    """
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            closing(sqlite3.connect(source, timeout=BUSY_TIMEOUT_S)) as kept,
            closing(sqlite3.connect(target)) as copy,
        ):
            kept.backup(copy)
            # One file: the copy must not need a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
            damage = damage_in(copy, is_thorough=True)
    except sqlite3.Error as error:
        damage = str(error)
    if damage:
        target.unlink(missing_ok=True)
        raise StoreError(
            f"could not copy the database {source}: it is damaged ({damage})", "Take an older backup, or another disk."
        )
    with target.open("rb") as file:
        flush(file)


def _backup(path: Path) -> Backup | None:
    try:
        stamp = datetime.strptime(path.name, f"{_PREFIX}{_STAMP}{_SUFFIX}")  # noqa: DTZ007 (UTC is added below)
    except ValueError:
        return None
    return Backup(path, stamp.replace(tzinfo=timezone.utc))
