"""A restore that somebody asked for on the pages, done by the next start before anything is opened."""

import json
import logging
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.domain.bounded_json import bounded_loads
from appliance.domain.errors import ApplianceError, StoreError
from appliance.durable_files import write_durably
from appliance.ports import Clock
from appliance.storage.open_storage import Storage, open_storage
from appliance.storage.restore import restore
from appliance.storage.settings import StorageSettings

FILE_NAME = "restore.json"
_log = logging.getLogger(__name__)


def ask_to_restore(data_dir: Path, database: Path, files: Path | None, actor: str) -> None:
    """The next start puts that database back, with the pictures of a copy. Raises StoreError."""
    asked = {"database": str(database), "files": None if files is None else str(files), "actor": actor}
    try:
        write_durably(data_dir / FILE_NAME, json.dumps(asked).encode(), 0o600)
    except OSError as error:
        raise StoreError(f"could not prepare the restore: {error.strerror}", "Check the disk.") from error


def restored_storage(data_dir: Path, settings: StorageSettings, clock: Clock) -> Storage:
    """The station's storage, after the restore that was asked for; one that was not possible is in the journal."""
    reason = restore_if_asked(data_dir, settings, clock.now_utc())
    storage = open_storage(settings, clock.now_utc)
    if reason:
        storage.journal.append("station", "storage", "storage.restore_failed", {"reason": reason})
    return storage


def restore_if_asked(data_dir: Path, settings: StorageSettings, now_utc: datetime) -> str:
    """Put back what was asked for; why that was not possible, empty otherwise. What is there is then as it was.

    A box with yesterday's data is of more use than one that does not start: the reason belongs into the journal.
    """
    marker = data_dir / FILE_NAME
    if not marker.exists():
        return ""
    try:
        asked = _asked(marker)
        # Asked for once: a restore that ends the station must not be tried at every start.
        marker.unlink()
        aside = restore(settings, asked.database, now_utc, actor=asked.actor, files=asked.files)
    except ApplianceError as error:
        _log.error("nothing was restored: %s", error)
        return str(error)
    finally:
        shutil.rmtree(data_dir / "restore", ignore_errors=True)
    _log.warning("restored as asked on the pages; what was there is in %s", aside)
    return ""


@dataclass(frozen=True)
class _Asked:
    database: Path
    files: Path | None
    actor: str


def _asked(marker: Path) -> _Asked:
    try:
        said = bounded_loads(marker.read_bytes())
        return _Asked(
            Path(said["database"]), None if said["files"] is None else Path(said["files"]), str(said["actor"])
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        aside = marker.with_name(f"{marker.name}.unread")
        marker.replace(aside)
        said_why = f"what was to be restored cannot be read in {aside}: {error}"
        raise StoreError(said_why, "Ask for the restore again.") from error
