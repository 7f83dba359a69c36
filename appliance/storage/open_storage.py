"""All that one data folder keeps, opened by the station that runs on it or beside that station."""

import errno
import fcntl
import logging
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from appliance.domain.errors import StoreError
from appliance.storage.account_store import SqliteAccountStore
from appliance.storage.backups import Backups
from appliance.storage.box_keys import open_keys
from appliance.storage.calibration_store import SqliteCalibrationStore
from appliance.storage.collection_store import SqliteCollectionStore
from appliance.storage.database import Database
from appliance.storage.emptied import require_not_emptied
from appliance.storage.erasures import finish_erasures
from appliance.storage.exam_finder import SqliteExamFinder
from appliance.storage.exam_store import SqliteExamStore
from appliance.storage.fleet_notes import SqliteFleetNotes
from appliance.storage.folder_store import SqliteFolderStore
from appliance.storage.image_files import ImageFiles
from appliance.storage.journal import SqliteJournal
from appliance.storage.older_copies import forget_in_copies
from appliance.storage.older_seals import NOTE_NAME, OlderSeals
from appliance.storage.outbox import SqliteOutbox
from appliance.storage.patient_keys import FOLDER_NAME
from appliance.storage.patient_store import SqlitePatientStore
from appliance.storage.sealed_pictures import SealedPictures
from appliance.storage.sealed_texts import SealedTexts
from appliance.storage.settings import StorageSettings
from appliance.storage.space_reserve import SpaceReserve

DATABASE_NAME = "exams.sqlite3"
_log = logging.getLogger(__name__)


class FolderLock:
    """Keeps a second station away: its recovery would delete the stills that this one is just writing.

    The kernel lets go of it with the process, also after kill -9.

    Raises:
        StoreError: another process holds the folder, or it cannot be locked.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor: int | None = None
        try:
            self._descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"the exam folder {folder} cannot be locked: {error.strerror}",
                f"Remove {folder / 'lock'}, or check the disk and its access rights.",
            ) from error
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


class Storage:
    """Exams and all that belongs to them over one database; usable with `with`, which closes it.

    Args:
        makes_key: the key of the box is made where there is none yet.
        lock: of the station that runs on the folder; None beside it.
    """

    def __init__(
        self,
        settings: StorageSettings,
        now_utc: Callable[[], datetime],
        *,
        makes_key: bool,
        lock: FolderLock | None = None,
    ) -> None:
        self._settings, self._lock = settings, lock
        reserve_bytes = settings.reserve_mb * 1_000_000
        self.reserve = SpaceReserve(settings.folder)
        self.database = Database(settings.folder / DATABASE_NAME, self.reserve.release)
        self.keys = open_keys(
            self.database,
            settings.identity_key or settings.folder.with_name("identity.key"),
            settings.folder.with_name(FOLDER_NAME),
            makes_key=makes_key,
        )
        texts = SealedTexts(self.database, self.keys)
        self.images = ImageFiles(settings.folder / "images", reserve_bytes, seals=SealedPictures(self.keys))
        self.evidence = ImageFiles(settings.folder / "calibrations", reserve_bytes)
        self.exams = SqliteExamStore(self.database, self.images, texts)
        self.outbox = SqliteOutbox(self.database, settings.resend_after_s, settings.receipt_timeout_s)
        self.folders = SqliteFolderStore(self.database)
        self.collections = SqliteCollectionStore(self.database)
        self.calibrations = SqliteCalibrationStore(self.database, self.evidence)
        self.accounts = SqliteAccountStore(self.database)
        self.journal = SqliteJournal(self.database, now_utc, texts=texts)
        self.fleet_notes = SqliteFleetNotes(self.database)
        self.patients = SqlitePatientStore(self.database, self.keys, self._forget_copies)
        self.finder = SqliteExamFinder(self.database, self.patients.matching)
        self.older_seals = OlderSeals(self.database, self.keys, self.images, settings.folder / NOTE_NAME)
        self.backups = Backups(settings.folder, DATABASE_NAME, settings.backups_kept, reserve_bytes)
        try:
            self.journal.check_head()
        except BaseException:
            self.database.close()
            raise

    def recover(self, now_utc: datetime) -> None:
        """Remove what a crash left, and the payload of old receipts; only for the station that holds the folder."""
        self.reserve.hold()
        self.evidence.remove_unfinished()
        self.exams.recover()
        self.finish_erasures(now_utc)
        self.outbox.prune(now_utc - timedelta(days=self._settings.receipted_kept_days))

    def finish_erasures(self, now_utc: datetime) -> None:
        """Make the rows agree with the keys: see `finish_erasures` there."""
        finish_erasures(self.database, self.keys, self.patients, self.exams, self.journal, now_utc)

    def close(self) -> None:
        """Close the database and let go of the folder; calling it twice is harmless."""
        self.database.close()
        if self._lock is not None:
            self._lock.release()

    def _forget_copies(self, patient_id: str) -> tuple[str, ...]:
        sql = "SELECT exam_id FROM exams JOIN patients ON pseudonym = patient_pseudonym WHERE patient_id = ?"
        rows = self.database.rows("look for copies", sql, (patient_id,))
        return forget_in_copies(self._settings.folder, DATABASE_NAME, patient_id, [str(row["exam_id"]) for row in rows])

    def __enter__(self) -> "Storage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_storage(settings: StorageSettings, now_utc: Callable[[], datetime]) -> Storage:
    """For the station itself: what the settings name, made where it is missing, recovered and tidied.

    Raises:
        StoreError: the folder cannot be made or is in use, the database cannot be used or is damaged, or it is empty
            beside stills.
    """
    _make(settings.folder)
    lock = FolderLock(settings.folder)
    try:
        require_not_emptied(settings.folder, DATABASE_NAME)
        storage = Storage(settings, now_utc, makes_key=True, lock=lock)
    except BaseException:
        lock.release()
        raise
    try:
        _require_undamaged(storage.database)
        if storage.keys.problem:
            _log.error("identities and pictures stay closed: %s", storage.keys.problem)
        storage.recover(now_utc())
    except BaseException:
        storage.close()
        raise
    return storage


def open_beside(settings: StorageSettings, now_utc: Callable[[], datetime], *, make: bool = False) -> Storage:
    """For the command line, also while the station runs: nothing is recovered or tidied.

    Args:
        make: a folder that is not there is made; else nothing is.

    Raises:
        StoreError: there is no database in the folder, or it cannot be used.
    """
    if make:
        _make(settings.folder)
        require_not_emptied(settings.folder, DATABASE_NAME)
    elif not (settings.folder / DATABASE_NAME).exists():
        raise StoreError(f"there is no station's data in {settings.folder}", "Name its folder with --data-dir.")
    return Storage(settings, now_utc, makes_key=make)


def _require_undamaged(database: Database) -> None:
    if damage := database.damage():
        raise StoreError(
            f"the exam database {database.path} is damaged ({damage})",
            "Put the last backup back with: nailfold data restore. The damaged one is kept beside it.",
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
