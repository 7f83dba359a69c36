"""Copies on the box from before patients had keys: a patient's name and pictures lie in them without that key."""

import logging
import shutil
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from appliance.storage.identity_vault import is_under_box_key
from appliance.storage.sealed_pictures import is_sealed_file

_log = logging.getLogger(__name__)


def forget_in_copies(folder: Path, database_name: str, patient_id: str, exam_ids: Collection[str]) -> tuple[str, ...]:
    """The names of the copies below a data folder that held the patient without a key, and were removed.

    Every other copy stays: what it holds of the patient is sealed with the key that was deleted. A copy that cannot be
    read is removed too, for nobody can tell.

    Args:
        exam_ids: the patient's exams, whose pictures lie in folders that a restore has set aside.
    """
    backups = folder / "backups"
    removed = [path.name for path in sorted(backups.glob("*.sqlite3")) if _removed(path, path, patient_id)]
    for aside in sorted(folder.glob("set-aside-*")):
        database = aside / database_name
        if database.exists() and _removed(database, aside, patient_id):
            removed.append(aside.name)
            continue
        for exam_id in exam_ids:
            pictures = [path for path in (aside / "images" / exam_id).glob("*") if not is_sealed_file(path)]
            for path in pictures:
                path.unlink(missing_ok=True)
            removed += [f"{aside.name}/{exam_id}"] if pictures else []
    return tuple(removed)


def _removed(database: Path, whole: Path, patient_id: str) -> bool:
    if not _holds(database, patient_id):
        return False
    _log.warning("removed %s: it holds an erased patient without a key", whole)
    if whole.is_dir():
        shutil.rmtree(whole)
    else:
        whole.unlink(missing_ok=True)
    return True


def _holds(database: Path, patient_id: str) -> bool:
    """Whether the patient's identity is readable there, or nobody can tell."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute(
                "SELECT sealed_identity FROM patients WHERE patient_id = ?", (patient_id,)
            ).fetchone()
    except sqlite3.Error:
        return True
    return row is not None and row[0] is not None and is_under_box_key(row[0])
