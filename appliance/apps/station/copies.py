"""Encrypted copies of this box, the file of its patients' keys, and the way back."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO

from appliance.apps.station.restoring import ask_to_restore
from appliance.domain.box_settings import LARGEST_COPY_BYTES, KeysTakenIn, RestorePlan, StickState
from appliance.domain.errors import ExamError, StoreError
from appliance.exports.staging import Staging
from appliance.ports import Clock
from appliance.storage.backup_stick import BackupStick
from appliance.storage.backups import Backup
from appliance.storage.full_copy import KEYS, read_copy, read_keys, write_copy, write_keys
from appliance.storage.open_storage import DATABASE_NAME, Storage
from appliance.storage.restore_plan import plan_restore
from appliance.storage.sealed_stream import HEADER_BYTES, kind_of
from appliance.storage.settings import StorageSettings

_UPLOAD, _COPY = "upload", "copy"
_SUBJECT = "storage"


class StationCopies:
    """A `BoxCopies` over the storage of a running station.

    Args:
        data_dir: uploads lie below it until the next start.
        is_busy: whether an exam is under way.
        restart: ends this station and starts it anew.
        stick: where copies may be kept, too.
    """

    def __init__(
        self,
        settings: StorageSettings,
        storage: Storage,
        data_dir: Path,
        clock: Clock,
        is_busy: Callable[[], bool],
        restart: Callable[[], None],
        stick: BackupStick | None = None,
    ) -> None:
        self._settings, self._storage, self._data_dir, self._clock = settings, storage, data_dir, clock
        self._is_busy, self._restart = is_busy, restart
        self._stick = stick or BackupStick()
        self._staging = Staging(data_dir / "restore")
        self._pictures: dict[str, int] = {}

    def write_copy(self, actor: str, file: BinaryIO, passphrase: str, progress: Callable[[int, int], object]) -> str:
        try:
            pictures = write_copy(self._settings.folder, DATABASE_NAME, file, passphrase, progress)
        except OSError as error:
            raise StoreError(f"the copy could not be written: {error.strerror}", "Check the disk.") from error
        self._storage.journal.append(actor, _SUBJECT, "storage.copy_made", {"pictures": pictures})
        return self._name("copy")

    def write_keys(self, actor: str, file: BinaryIO, passphrase: str) -> str:
        self._storage.journal.append(actor, _SUBJECT, "storage.keys_written", {})
        write_keys(self._storage.keys, file, passphrase)
        return self._name("keys")

    def stick(self) -> StickState | None:
        return self._stick.state

    def put_on_stick(self, actor: str, name: str, file: BinaryIO) -> None:
        self._stick.keep(name, file)
        self._storage.journal.append(actor, _SUBJECT, "storage.put_on_stick", {"file": name})

    def receive_from_stick(self, name: str) -> str:
        with self._stick.open(name) as file:
            return self.receive(file)

    def receive(self, stream: IO[bytes]) -> str:
        return self._staging.receive_new(_UPLOAD, stream, LARGEST_COPY_BYTES)

    def open(self, actor: str, upload_id: str, passphrase: str) -> RestorePlan | KeysTakenIn:
        with self._staging.path(upload_id, _UPLOAD).open("rb") as file:
            kind = kind_of(file.read(HEADER_BYTES))
            file.seek(0)
            if kind == KEYS:
                return self._take_keys(actor, file, passphrase)
            return self._unpack(upload_id, file, passphrase)

    def plan(self, backup: str) -> RestorePlan:
        found = self._local(backup)
        return plan_restore(backup, found, self._storage.database, self._storage.keys, self._now, name=backup)

    def restore(self, actor: str, plan_id: str) -> None:
        if self._is_busy():
            raise ExamError("an exam is open", "Finish or discard it first: a restore restarts the box.")
        if plan_id in self._pictures:
            files: Path | None = self._staging.path(plan_id, _COPY)
            assert files is not None
            database, shown = files / DATABASE_NAME, "encrypted copy"
        else:
            files, database, shown = None, self._local(plan_id).path, plan_id
        self._storage.journal.append(actor, _SUBJECT, "storage.restore_asked", {"backup": shown})
        ask_to_restore(self._data_dir, database, files, actor)
        self._restart()

    @property
    def _now(self) -> datetime:
        return self._clock.now_utc()

    def _take_keys(self, actor: str, file: BinaryIO, passphrase: str) -> KeysTakenIn:
        new, erased = self._storage.keys.take_in(*read_keys(file, passphrase))
        self._storage.journal.append(actor, _SUBJECT, "storage.keys_taken_in", {"new": new, "erased": erased})
        self._storage.finish_erasures(self._now)
        return KeysTakenIn(new, erased)

    def _unpack(self, upload_id: str, file: BinaryIO, passphrase: str) -> RestorePlan:
        folder = self._staging.path(upload_id, _COPY)
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            pictures = read_copy(file, passphrase, DATABASE_NAME, folder)
        except OSError as error:
            raise StoreError(f"the copy could not be opened: {error.strerror}", "Free disk space.") from error
        self._pictures[upload_id] = pictures
        backup = Backup(folder / DATABASE_NAME, self._now)
        return plan_restore(upload_id, backup, self._storage.database, self._storage.keys, self._now, pictures=pictures)

    def _local(self, name: str) -> Backup:
        for one in self._storage.backups.all():
            if one.path.name == name:
                return one
        raise StoreError(f"there is no backup {name}", "Choose one from the list.")

    def _name(self, kind: str) -> str:
        return f"nailfold-{kind}-{self._now:%Y%m%dT%H%M%SZ}.sealed"
