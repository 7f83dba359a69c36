"""`nailfold export` and `nailfold pacs`: kept exams as files and in a DICOM archive, without a station."""

import importlib.metadata
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from appliance.apps.archive.assembly import (
    build_export_service,
    known_scales,
)
from appliance.apps.archive.data_folder import ExamArchive
from appliance.apps.archive.export_choice import ExportChoice
from appliance.apps.archive.report import archive_report_service
from appliance.apps.config.settings import LoadedSettings
from appliance.apps.files.atomic_file import require_writable_folder
from appliance.apps.system_clock import SystemClock
from appliance.domain.errors import ApplianceError, ExportError
from appliance.exam.review_service import ReviewService
from appliance.exports.dicom.files import dicom_objects
from appliance.exports.dicom.pacs import store
from appliance.exports.export_service import ExportFormat, ExportService
from appliance.exports.report.report_service import ReportService
from appliance.storage.calibration_store import SqliteCalibrationStore
from appliance.storage.collection_store import SqliteCollectionStore
from appliance.storage.database import Database
from appliance.storage.exam_finder import SqliteExamFinder
from appliance.storage.exam_store import SqliteExamStore
from appliance.storage.folder_store import SqliteFolderStore
from appliance.storage.image_files import ImageFiles
from appliance.storage.journal import SqliteJournal
from appliance.storage.patient_store import SqlitePatientStore

ACTOR = "command line"
VERSION = importlib.metadata.version("nailfold-appliance")


class Kept:
    """The exams of a data folder for a command line, also while the station runs: nothing is recovered or tidied."""

    def __init__(self, loaded: LoadedSettings, database: Database) -> None:
        settings = loaded.settings.storage
        files = ImageFiles(settings.folder / "images", settings.reserve_mb * 1_000_000)
        now_utc = SystemClock().now_utc
        self.exams = SqliteExamStore(database, files)
        self.journal = SqliteJournal(database, now_utc)
        key = settings.identity_key or settings.folder.with_name("identity.key")
        self.patients = SqlitePatientStore(database, key)
        self.finder = SqliteExamFinder(database, self.patients.matching)
        self.folders = SqliteFolderStore(database)
        self.collections = SqliteCollectionStore(database)
        scales = SqliteCalibrationStore(database, files)
        pacs = loaded.settings.pacs
        self.desk: ExportService = build_export_service(
            self.exams, self.patients, self.journal, pacs, now_utc, VERSION, lambda: known_scales(scales)
        )

    def reports(self, loaded: LoadedSettings) -> ReportService:
        """Reports in the clinic's own form, as `nailfold report` makes them."""
        archive = ExamArchive(self.exams, ReviewService(self.exams, self.journal), self.journal)
        return archive_report_service(archive, loaded.settings.station.data_dir / "report", VERSION)


@contextmanager
def kept_exams(loaded: LoadedSettings, *, make: bool = False) -> Iterator[Kept]:
    """What the settings' folder holds.

    Args:
        make: a folder that is not there is made; for imports.

    Raises:
        StoreError, ExportError: there is none, or it cannot be used.
    """
    folder = loaded.settings.storage.folder
    if not make and not (folder / "exams.sqlite3").exists():
        raise ExportError(f"there are no exams in {folder}", "Name the station's folder with --data-dir.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(folder / "exams.sqlite3")
    try:
        yield Kept(loaded, database)
    finally:
        database.close()


def export_exams(
    loaded: LoadedSettings, choice: ExportChoice, form: ExportFormat, out: Path, with_identity: bool, with_report: bool
) -> None:
    """Write the file, whole or not at all. Raises ApplianceError."""
    require_writable_folder(out.absolute().parent)
    unfinished = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    with kept_exams(loaded) as kept:
        try:
            exam_ids = choice.resolve(kept.exams, kept.finder, kept.folders, kept.collections)
            with unfinished.open("xb+") as file:
                report = kept.reports(loaded).pdf if with_report else None
                made = kept.desk.export(form, exam_ids, file, ACTOR, with_identity=with_identity, report=report)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(out)
        except OSError as error:
            raise ExportError(f"cannot write {out}: {error.strerror}", "Choose a folder to write in.") from error
        finally:
            unfinished.unlink(missing_ok=True)
    count = len(dict.fromkeys(exam_ids))
    click.echo(f"{out} ({made.media_type}, {count} exam{'' if count == 1 else 's'})")


def send_exams(loaded: LoadedSettings, exam_ids: Sequence[str], with_identity: bool) -> int:
    """The exit code: 0 when the archive has confirmed every exam."""
    failed = 0
    with kept_exams(loaded) as kept:
        for exam_id in exam_ids:
            try:
                objects = list(dicom_objects(kept.desk.source(exam_id, with_identity=with_identity)))
                store(loaded.settings.pacs, objects, lambda _: None)
            except ApplianceError as error:
                failed += 1
                click.echo(f"nailfold: exam {exam_id}: {error}", err=True)
                continue
            detail = {"archive": loaded.settings.pacs.name, "state": "sent", "stored": len(objects)}
            kept.journal.append(ACTOR, f"exam:{exam_id}", "exam.sent_to_pacs", detail)
            click.echo(f"{exam_id}: {len(objects)} objects")
    return 1 if failed else 0
