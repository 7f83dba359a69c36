"""Everything that a box knows about patients, gone, with a proof."""

import json
import logging
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from appliance.apps.config.settings import Settings
from appliance.apps.station.data_dir import is_of_the_disk
from appliance.domain.bounded_json import bounded_loads
from appliance.domain.errors import StoreError
from appliance.domain.instant import to_rfc3339
from appliance.durable_files import write_durably
from appliance.fleet.job_record import JobRecord
from appliance.fleet.jobs import JobState
from appliance.storage.open_storage import open_beside, open_storage
from appliance.storage.patient_keys import FOLDER_NAME

FILE_NAME = "wipe.json"
_KEPT = (FILE_NAME, "station.lock")
_log = logging.getLogger(__name__)


def ask_to_wipe(data_dir: Path, record: JobRecord, settings: Settings, now_utc: datetime) -> None:
    """The next start of the station wipes the box before anything else. Raises StoreError."""
    with open_beside(settings.storage, lambda: now_utc) as storage:
        exams = storage.database.rows("count the exams", "SELECT count(*) AS n FROM exams")[0]["n"]
        images = storage.database.rows("count the images", "SELECT count(*) AS n FROM images")[0]["n"]
    tops = list(_everything(data_dir, settings))
    files = [path for top in tops for path in (top, *top.rglob("*")) if path.is_file()]
    document = {
        "record": record.model_dump(mode="json", by_alias=True),
        "found": {"exams": exams, "images": images, "files": len(files), "bytes": sum(_size(one) for one in files)},
    }
    try:
        write_durably(data_dir / FILE_NAME, json.dumps(document).encode(), 0o600)
    except OSError as error:
        raise StoreError(f"could not prepare the wipe: {error.strerror}") from error


def wipe_if_asked(settings: Settings, boot_id: str, now_utc: datetime) -> None:
    """Remove everything, then write the proof into the new, empty data; interrupted, it begins anew at the next start.

    Raises:
        StoreError: something cannot be removed; the box does not start with half of its data. Or it cannot be read what
            was asked for.
    """
    data_dir = settings.station.data_dir
    marker = data_dir / FILE_NAME
    if not marker.exists():
        return
    found, record = _asked(marker)
    _log.warning("wiping this box, as the fleet asked")
    try:
        for path in list(_everything(data_dir, settings)):
            if is_of_the_disk(path):
                continue  # it stays, and the proof says so
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"the box could not be wiped: {error}", "Replace the disk, or erase it by hand.") from error
    left = [str(path) for path in _everything(data_dir, settings)]
    proof: dict[str, JsonValue] = {"removed": found, "left": [*left], "wiped_at": to_rfc3339(now_utc)}
    with open_storage(settings.storage, lambda: now_utc) as storage, storage.journal.transaction("note the wipe"):
        done = record.changed(boot_id, JobState.SUCCEEDED, detail=proof)
        storage.fleet_notes.keep_note(f"job:{record.job.job_id}", done.model_dump(mode="json", by_alias=True))
        storage.journal.append("station", "box", "box.wiped", {"job_id": record.job.job_id, **proof})
    marker.unlink()


def _asked(marker: Path) -> tuple[dict[str, Any], JobRecord]:
    try:
        asked = bounded_loads(marker.read_bytes())
        return dict(asked["found"]), JobRecord.model_validate(asked["record"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreError(
            f"a wipe of this box was begun, and {marker} cannot be read: {error}",
            "Remove the file to keep what is on the box, or replace the disk.",
        ) from error


def _everything(data_dir: Path, settings: Settings) -> Iterator[Path]:
    """What is to go, folders whole: the data folder's content, and what lies outside of it."""
    yield from (path for path in sorted(data_dir.iterdir()) if path.name not in _KEPT)
    kept = settings.storage
    outside = [kept.folder, kept.identity_key or data_dir / "identity.key", kept.folder.with_name(FOLDER_NAME)]
    yield from (path for path in outside if path.exists() and data_dir not in path.parents)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
