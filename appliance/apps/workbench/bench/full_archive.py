"""A store as a busy clinic has it after years: many exams, patients with names, folders, reviews."""

import random
import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import uuid_utils

from appliance.analysis.recorded_analysis import record_analysis
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.exam import CapturedImage, Exam, ExamState, Finger, Hand, Sector
from appliance.domain.folder import Folder
from appliance.domain.patient import PatientIdentity, Sex
from appliance.storage.exam_rows import INSERT_EXAM, INSERT_IMAGE, exam_values, image_values
from appliance.storage.journal import append_entry
from appliance.storage.open_storage import Storage, open_storage
from appliance.storage.settings import StorageSettings

GIVEN = ("Ana", "Bérénice", "Chiara", "David", "Elif", "Friedrich", "Greta", "Hugo", "Inés", "Jürgen", "Kaja", "Léo")
FAMILY = ("Álvarez", "Bianchi", "Çelik", "Dubois", "Eriksson", "Fischer", "García", "Huber", "Ivanova", "Jansen")
_FIRST_EXAM = datetime(2016, 1, 4, 8, 0, tzinfo=timezone.utc)
_BATCH = 250
_PLACES = tuple((hand, finger, sector) for hand in Hand for finger in Finger for sector in (Sector.B, Sector.C))


def fill(folder: Path, exams: int, images: int, analysis: FrameAnalysis, reporter: Callable[[str], None]) -> None:
    """Finished exams, each of another patient and with that many pictures; every third was validated.

    Rows alone: the pictures themselves are read one by one when a page asks for them, and take no part.

    Args:
        folder: as `storage.folder` of a station.
        analysis: what was found in each picture.
    """
    with open_storage(StorageSettings(folder, reserve_mb=0), lambda: _FIRST_EXAM) as storage:
        folders = _folders(storage)
        for number in range(exams):
            storage.patients.add_patient(f"NC-{number:06d}", _FIRST_EXAM, identity(number))
            if number % 1000 == 999:
                reporter(f"{number + 1} patients")
        for first in range(0, exams, _BATCH):
            with storage.database.transaction("fill the store") as connection:
                for number in range(first, min(first + _BATCH, exams)):
                    _exam(connection, number, images, analysis, folders)
        reporter(f"{exams} exams")


def identity(number: int) -> PatientIdentity:
    """Of the patient of that number; always the same."""
    name = f"{GIVEN[number % len(GIVEN)]} {FAMILY[number // 7 % len(FAMILY)]} {FAMILY[number // 91 % len(FAMILY)]}"
    born = date(1930, 1, 1) + timedelta(days=number * 7 % 25_000)
    return PatientIdentity(name, born, Sex.FEMALE, f"H-{number * 37 % 1_000_000:06d}", "Raynaud, first seen here.")


def _folders(storage: Storage) -> list[Folder]:
    projects = [storage.folders.add_folder(f"Project {number}") for number in range(5)]
    inner = [
        storage.folders.add_folder(f"Year {year}", one.folder_id) for one in projects for year in range(2020, 2026)
    ]
    return projects + inner


def _exam(
    connection: sqlite3.Connection, number: int, images: int, analysis: FrameAnalysis, folders: list[Folder]
) -> None:
    exam_id, started = str(uuid_utils.uuid7()), _FIRST_EXAM + timedelta(hours=8 * number)
    folder = random.Random(number).choice([None, *folders])
    exam = Exam(
        exam_id=exam_id,
        patient_pseudonym=f"NC-{number:06d}",
        state=ExamState.FINISHED,
        started_at_utc=started,
        finished_at_utc=started,
        protocol="16",
        operator="nurse",
        folder_id=None if folder is None else folder.folder_id,
    )
    connection.execute(INSERT_EXAM, exam_values(exam))
    for index in range(images):
        image_id = str(uuid_utils.uuid7())
        name = f"{image_id}.png"
        place = _PLACES[(number + index) % len(_PLACES)]
        image = CapturedImage(image_id, *place, started, name, "0" * 64, record_analysis(analysis, name))
        connection.execute(INSERT_IMAGE, image_values(exam_id, image))
    if number % 3 == 0:
        append_entry(connection, started, "physician", f"review:{exam_id}", "review.validated", {"edited_images": 0})
