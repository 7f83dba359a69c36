"""The store and the outbox of one folder, recovered and ready."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from appliance.domain.errors import StoreError
from appliance.storage.database import Database
from appliance.storage.exam_store import SqliteExamStore
from appliance.storage.image_files import ImageFiles
from appliance.storage.outbox import SqliteOutbox
from appliance.storage.settings import StorageSettings


@dataclass(frozen=True)
class Storage:
    """Exams and outbox over one database; usable with `with`, which closes it."""

    exams: SqliteExamStore
    outbox: SqliteOutbox
    database: Database

    def close(self) -> None:
        """Close the database; calling it twice is harmless."""
        self.database.close()

    def __enter__(self) -> "Storage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_storage(settings: StorageSettings, now_utc: datetime) -> Storage:
    """What the settings name, after leftovers of a crash were removed and old receipts pruned.

    Raises:
        StoreError: the folder cannot be made, or the database cannot be used.
    """
    _make(settings.folder)
    files = ImageFiles(settings.folder / "images", settings.reserve_mb * 1_000_000)
    database = Database(settings.folder / "exams.sqlite3")
    try:
        exams, outbox = SqliteExamStore(database, files), SqliteOutbox(database, settings.resend_after_s)
        exams.recover()
        outbox.prune(now_utc - timedelta(days=settings.receipted_kept_days))
    except BaseException:
        database.close()
        raise
    return Storage(exams, outbox, database)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(
            f"could not make the exam folder {folder}: {error.strerror}", "Choose another folder in the settings."
        ) from error
