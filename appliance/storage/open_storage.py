"""The store and the outbox of one folder, recovered and ready."""

import errno
import fcntl
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from appliance.domain.errors import StoreError
from appliance.storage.calibration_store import SqliteCalibrationStore
from appliance.storage.collection_store import SqliteCollectionStore
from appliance.storage.database import Database
from appliance.storage.exam_finder import SqliteExamFinder
from appliance.storage.exam_store import SqliteExamStore
from appliance.storage.folder_store import SqliteFolderStore
from appliance.storage.image_files import ImageFiles
from appliance.storage.outbox import SqliteOutbox
from appliance.storage.patient_store import SqlitePatientStore
from appliance.storage.settings import StorageSettings


class FolderLock:
    """Keeps a second station away: its recovery would delete the stills that this one is just writing.

    The kernel lets go of it with the process, also after kill -9.

    Raises:
        StoreError: another process holds the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor: int | None = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            raise StoreError(
                f"the exam folder {folder} is in use by another station", "Stop that one or set another folder."
            ) from error

    def release(self) -> None:
        """Let go; calling it twice is harmless."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@dataclass(frozen=True)
class Storage:
    """Exams and all that belongs to them over one database; usable with `with`, which closes it."""

    exams: SqliteExamStore
    outbox: SqliteOutbox
    patients: SqlitePatientStore
    folders: SqliteFolderStore
    collections: SqliteCollectionStore
    finder: SqliteExamFinder
    calibrations: SqliteCalibrationStore
    database: Database
    lock: FolderLock

    def close(self) -> None:
        """Close the database and let go of the folder; calling it twice is harmless."""
        self.database.close()
        self.lock.release()

    def __enter__(self) -> "Storage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_storage(settings: StorageSettings, now_utc: datetime) -> Storage:
    """What the settings name, after leftovers of a crash were removed and old receipts pruned.

    Raises:
        StoreError: the folder cannot be made or is in use, or the database cannot be used.
    """
    _make(settings.folder)
    lock = FolderLock(settings.folder)
    try:
        return _open_locked(settings, lock, now_utc)
    except BaseException:
        lock.release()
        raise


def _open_locked(settings: StorageSettings, lock: FolderLock, now_utc: datetime) -> Storage:
    files = ImageFiles(settings.folder / "images", settings.reserve_mb * 1_000_000)
    evidence = ImageFiles(settings.folder / "calibrations", settings.reserve_mb * 1_000_000)
    evidence.remove_unfinished()
    database = Database(settings.folder / "exams.sqlite3")
    try:
        exams, outbox = SqliteExamStore(database, files), SqliteOutbox(database, settings.resend_after_s)
        exams.recover()
        outbox.prune(now_utc - timedelta(days=settings.receipted_kept_days))
        patients = SqlitePatientStore(database, settings.identity_key or settings.folder.with_name("identity.key"))
    except BaseException:
        database.close()
        raise
    return Storage(
        exams=exams,
        outbox=outbox,
        patients=patients,
        folders=SqliteFolderStore(database),
        collections=SqliteCollectionStore(database),
        finder=SqliteExamFinder(database, patients.matching),
        calibrations=SqliteCalibrationStore(database, evidence),
        database=database,
        lock=lock,
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise StoreError(
            f"could not make the exam folder {folder}: {error.strerror}", "Choose another folder in the settings."
        ) from error
