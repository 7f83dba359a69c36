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
_MOST_TRIES = 3
_log = logging.getLogger(__name__)


def ask_to_restore(data_dir: Path, database: Path, files: Path | None, actor: str) -> None:
    """The next start puts that database back, with the pictures of a copy. Raises StoreError."""
    _ask(data_dir / FILE_NAME, database, files, actor, 0)


def _ask(marker: Path, database: Path, files: Path | None, actor: str, tries: int) -> None:
    asked = {
        "database": str(database),
        "files": None if files is None else str(files),
        "actor": actor,
        "tries": tries,
    }
    try:
        write_durably(marker, json.dumps(asked).encode(), 0o600)
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
    reason = ""
    try:
        asked = _begun(marker)
        aside = restore(settings, asked.database, now_utc, actor=asked.actor, files=asked.files)
        _log.warning("restored as asked on the pages; what was there is in %s", aside)
    except ApplianceError as error:
        _log.error("nothing was restored: %s", error)
        reason = str(error)
    marker.unlink(missing_ok=True)
    shutil.rmtree(data_dir / "restore", ignore_errors=True)
    return reason


@dataclass(frozen=True)
class _Asked:
    database: Path
    files: Path | None
    actor: str
    tries: int


def _begun(marker: Path) -> _Asked:
    """What is asked for, counted once more: one that the power ends is taken up, one that ends the station not always.

    Raises:
        StoreError: it cannot be read, or was tried too often.
    """
    asked = _asked(marker)
    if asked.tries >= _MOST_TRIES:
        raise StoreError(f"the restore was interrupted {asked.tries} times", "Ask for it again.")
    _ask(marker, asked.database, asked.files, asked.actor, asked.tries + 1)
    return asked


def _asked(marker: Path) -> _Asked:
    try:
        said = bounded_loads(marker.read_bytes())
        return _Asked(
            Path(said["database"]),
            None if said["files"] is None else Path(said["files"]),
            str(said["actor"]),
            int(said.get("tries", 0)),
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        aside = marker.with_name(f"{marker.name}.unread")
        marker.replace(aside)
        said_why = f"what was to be restored cannot be read in {aside}: {error}"
        raise StoreError(said_why, "Ask for the restore again.") from error
