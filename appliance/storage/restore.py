"""An older database put back, or none at all: on purpose, with what was there kept."""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

from appliance.domain.errors import StoreError
from appliance.durable_files import sync_folder
from appliance.storage.backups import copy_checked
from appliance.storage.journal import HEAD_FILE_NAME
from appliance.storage.older_seals import NOTE_NAME
from appliance.storage.open_storage import DATABASE_NAME, FolderLock, open_beside
from appliance.storage.settings import StorageSettings

RESTORED = "storage.restored"
_WITH_LOG = ("", "-wal", "-shm")


def restore(
    settings: StorageSettings, backup: Path, now_utc: datetime, *, actor: str = "console", files: Path | None = None
) -> Path:
    """Put a backup in the place of the database; the folder that now holds what was there.

    Stills that the backup does not know and that the next start would delete go there too. The journal says what
    happened, and what it has lost.

    Args:
        actor: who asked for it.
        files: a folder with the pictures of an encrypted copy; those that are not here are moved here.

    Interrupted, as by the power, it is done by doing it again: where the database is away, its copy is whole.

    Raises:
        StoreError: a station runs on the folder, or the backup is missing or damaged; then nothing was changed.
    """
    folder = settings.folder
    database, fresh = folder / DATABASE_NAME, folder / f"{DATABASE_NAME}.restoring"
    is_half_done = fresh.exists() and not database.exists()
    if not is_half_done and not backup.is_file():
        raise StoreError(f"there is no backup {backup}", "See those that there are: nailfold data backups.")
    lock = FolderLock(folder)
    try:
        try:
            if not is_half_done:
                copy_checked(backup, fresh)
            aside = _aside(folder, now_utc)
            _move(aside, [folder / f"{DATABASE_NAME}{suffix}" for suffix in _WITH_LOG])
            _move(aside, _unknown_stills(folder, fresh), folder)
            fresh.replace(database)
            sync_folder(folder)
            taken = 0 if files is None else _take(files, folder)
            (folder / NOTE_NAME).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"could not restore {backup}: {error.strerror}", "Check the disk.") from error
        finally:
            if database.exists():
                fresh.unlink(missing_ok=True)
    finally:
        lock.release()
    with open_beside(settings, lambda: now_utc) as storage:
        detail = {"backup": backup.name, "set_aside": aside.name, "pictures": taken}
        storage.journal.append(actor, "storage", RESTORED, detail)
    return aside


def start_anew(settings: StorageSettings, now_utc: datetime) -> Path:
    """Set everything of the exam folder aside, so that the next start is that of a new box; the folder that holds it.

    Raises:
        StoreError: a station runs on the folder, or it cannot be written.
    """
    folder = settings.folder
    if not folder.is_dir():
        raise StoreError(f"there is no exam folder {folder}", "Name its data folder with --data-dir.")
    lock = FolderLock(folder)
    try:
        aside = _aside(folder, now_utc)
        names = [f"{DATABASE_NAME}{suffix}" for suffix in _WITH_LOG]
        _move(aside, [folder / name for name in (*names, HEAD_FILE_NAME, "images", "calibrations")])
        sync_folder(folder)
    except OSError as error:
        raise StoreError(f"could not set {folder} aside: {error.strerror}", "Check the disk.") from error
    finally:
        lock.release()
    return aside


def _aside(folder: Path, now_utc: datetime) -> Path:
    name = f"set-aside-{now_utc.astimezone(timezone.utc):%Y%m%dT%H%M%S.%fZ}"
    aside = next(path for path in (folder / f"{name}{again}" for again in ("", *range(1, 100))) if not path.exists())
    aside.mkdir(mode=0o700)
    return aside


def _move(aside: Path, paths: Iterable[Path], below: Path | None = None) -> None:
    for path in paths:
        if path.exists():
            target = aside / (path.name if below is None else path.relative_to(below))
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.rename(path, target)


def _take(files: Path, folder: Path) -> int:
    """How many pictures of a copy were not here, and now are."""
    taken = 0
    for path in [path for name in ("images", "calibrations") for path in (files / name).glob("*/*")]:
        target = folder / path.relative_to(files)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.rename(path, target)
            sync_folder(target.parent)
            taken += 1
    return taken


def _unknown_stills(folder: Path, database: Path) -> list[Path]:
    """Stills without a row in the exam that is open in that database: a crash's leftovers to the next start."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        sql = """SELECT exams.exam_id, file_name FROM exams LEFT JOIN images USING (exam_id) WHERE state = 'open'"""
        rows = connection.execute(sql).fetchall()
    known = {(exam_id, name) for exam_id, name in rows}
    stills = [still for exam_id in {row[0] for row in rows} for still in (folder / "images" / exam_id).glob("*.*")]
    return [still for still in stills if (still.parent.name, still.name) not in known]
