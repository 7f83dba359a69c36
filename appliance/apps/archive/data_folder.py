"""The kept exams for a command line, also while the station runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.apps.config.load_settings import load_settings
from appliance.apps.system_clock import SystemClock
from appliance.domain.errors import StoreError
from appliance.exam.review_service import ReviewService
from appliance.storage.database import Database
from appliance.storage.exam_store import SqliteExamStore
from appliance.storage.image_files import ImageFiles
from appliance.storage.journal import SqliteJournal


@dataclass(frozen=True)
class ExamArchive:
    """Exams, their reviews and the journal of one data folder."""

    exams: SqliteExamStore
    reviews: ReviewService
    journal: SqliteJournal


@contextmanager
def exam_archive(config: Path | None, data_dir: Path | None) -> Iterator[ExamArchive]:
    """What a site's data folder holds. Nothing is recovered or tidied: that is the station's, which may be running.

    Raises:
        StoreError: there is no exam database, or it cannot be used.
    """
    settings = load_settings(config, {"station.data_dir": data_dir}).settings.storage
    path = settings.folder / "exams.sqlite3"
    if not path.exists():
        raise StoreError(f"there are no exams in {settings.folder}", "Name the station's folder with --data-dir.")
    database = Database(path)
    try:
        journal = SqliteJournal(database, SystemClock().now_utc)
        exams = SqliteExamStore(database, ImageFiles(settings.folder / "images", settings.reserve_mb * 1_000_000))
        yield ExamArchive(exams, ReviewService(exams, journal), journal)
    finally:
        database.close()
