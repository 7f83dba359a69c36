"""A key for each patient: whoever deletes it has erased all that was sealed with it, in every copy."""

import logging
import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.domain.errors import ErasedError, StoreError
from appliance.domain.instant import from_rfc3339, to_rfc3339
from appliance.durable_files import create_durably, flush, sync_folder, write_durably
from appliance.storage.box_key import KEY_BYTES, load_key, make_key

_log = logging.getLogger(__name__)
FOLDER_NAME = "patient-keys"
_NONCE_BYTES = 12  # what GCM is made for, NIST SP 800-38D
_FORMAT = b"\x01"
_CONTEXT = b"nailfold.patient-key/1:"
_ERASED = "erased "
_WHEN_IS_LOST = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""Of a note whose date is damaged: the patient is erased all the same."""


class PatientKeys:
    """One small file a patient, wrapped with AES-256-GCM under the box's key; never part of a backup.

    Of an erased patient the file stays and says when, so that an older database that was put back is erased again and
    no new key is made. Nothing is cached: what another process erased is erased here too.

    Args:
        box_key: file of the box's key.
        folder: of the patients' keys; None: beside the box's.
        makes_key: a box's key that was never there is made; False leaves that to the station.
        is_in_use: whether something was sealed already, so that a missing box's key is a lost one.
    """

    def __init__(
        self,
        box_key: Path,
        folder: Path | None = None,
        *,
        makes_key: bool = True,
        is_in_use: bool = False,
    ) -> None:
        self.folder = folder or box_key.with_name(FOLDER_NAME)
        self._problem: StoreError | None = None
        self._box: AESGCM | None = None
        try:
            self._box = AESGCM(self._open(box_key, makes_key, is_in_use))
            self._require_right_key(box_key)
        except StoreError as error:
            self.refuse(error)

    @property
    def problem(self) -> str:
        """Why nothing can be sealed or opened, and the remedy; empty while all is well."""
        return "" if self._problem is None else str(self._problem)

    def export(self) -> tuple[Mapping[str, bytes], Mapping[str, str]]:
        """Every key by patient, and when others were erased: for a file that leaves the box encrypted.

        Raises:
            StoreError: as `require_usable`, or a key cannot be read.
        """
        box = self.require_usable()
        kept = {path.name: self._unwrap(box, path, path.name) for path in self._kept()}
        return kept, {patient_id: to_rfc3339(when) for patient_id, when in self.erased().items()}

    def take_in(self, keys: Mapping[str, bytes], erased: Mapping[str, str]) -> tuple[int, int]:
        """How many keys were new here, and how many patients were erased elsewhere and now are here.

        A key that is here stays, and nobody who was erased comes back.

        Raises:
            StoreError: the disk refuses.
        """
        box, new, gone = self.require_usable(), 0, 0
        for patient_id, when in erased.items():
            if self.erased_at(patient_id) is None:
                self.erase(patient_id, from_rfc3339(when))
                gone += 1
        for patient_id, key in keys.items():
            if not self._path(patient_id).exists():
                self._make(box, self._path(patient_id), patient_id, key)
                new += 1
        return new, gone

    def require_usable(self) -> AESGCM:
        """The box's own cipher. Raises StoreError with `problem`."""
        if self._box is None:
            assert self._problem is not None
            raise StoreError(self._problem.message, self._problem.remedy)
        return self._box

    def refuse(self, problem: StoreError) -> None:
        """Keep everything closed for that reason."""
        self._problem, self._box = problem, None

    def seal(self, patient_id: str, context: bytes, plain: bytes) -> bytes:
        """Nonce and cipher text with its tag, under the patient's key, which is made now where there was none.

        Args:
            context: what it is; it opens as nothing else.

        Raises:
            ErasedError: the patient was erased.
            StoreError: the key cannot be read or made.
        """
        box, path = self.require_usable(), self._path(patient_id)
        if not path.exists():
            self._make(box, path, patient_id)
        return _seal(AESGCM(self._unwrap(box, path, patient_id)), context + patient_id.encode(), plain)

    def open(self, patient_id: str, context: bytes, sealed: bytes) -> bytes:
        """The reverse.

        Raises:
            ErasedError: the patient was erased.
            StoreError: the key is missing, or it was sealed with another or changed.
        """
        box, path = self.require_usable(), self._path(patient_id)
        return _open(AESGCM(self._unwrap(box, path, patient_id)), context + patient_id.encode(), sealed)

    def open_by_box(self, context: bytes, sealed: bytes) -> bytes:
        """What was sealed under the box's key itself. Raises StoreError."""
        return _open(self.require_usable(), context, sealed)

    def erase(self, patient_id: str, now_utc: datetime) -> None:
        """Overwrite the key and leave a note in its place; harmless for one that is erased.

        Raises:
            StoreError: the disk refuses; the key is then still there.
        """
        path = self._path(patient_id)
        if self.erased_at(patient_id) is not None:
            return
        try:
            self._make_folder()
            if path.exists():
                # The blocks themselves, as far as file system and flash let a program reach them.
                with path.open("r+b") as file:
                    file.write(os.urandom(path.stat().st_size))
                    flush(file)
            write_durably(path, f"{_ERASED}{to_rfc3339(now_utc)}\n".encode("ascii"), 0o600)
        except OSError as error:
            raise StoreError(f"could not erase a patient's key: {error.strerror}", "Check the disk.") from error

    def has(self, patient_id: str) -> bool:
        """Whether there is a key of that patient, or a note that there was one."""
        return self._path(patient_id).exists()

    def erased_at(self, patient_id: str) -> datetime | None:
        """When the patient was erased; None for one that was not."""
        return _erased_at(self._content(self._path(patient_id)))

    def erased(self) -> Mapping[str, datetime]:
        """Every erased patient's id, and when."""
        found = ((path.name, _erased_at(self._content(path))) for path in self._files())
        return {name: when for name, when in found if when is not None}

    def _open(self, box_key: Path, makes_key: bool, is_in_use: bool) -> bytes:
        if box_key.exists() or is_in_use or any(self._kept()):
            return load_key(box_key)
        if not makes_key:
            raise StoreError(f"the key of the identities {box_key} was not made yet", "Start the station.")
        return make_key(box_key)

    def _require_right_key(self, box_key: Path) -> None:
        """One key of a patient that opens is proof enough: a damaged one costs that patient alone."""
        box, damaged = self.require_usable(), 0
        for path in self._kept():
            try:
                self._unwrap(box, path, path.name)
            except StoreError as error:
                _log.error("a patient's key is damaged: %s: %s", path, error)
                damaged += 1
            else:
                return
        if damaged:
            raise StoreError(
                f"the key {box_key} opens none of the {damaged} patients' keys in {self.folder}: it is not the one "
                "that they were sealed with, or they are damaged",
                "Put the right files back from their recovery file, then restart.",
            )

    def _kept(self) -> Iterator[Path]:
        """Files of keys; what else lies there, or cannot be read, is none."""
        return (path for path in self._files() if self._content(path) and _erased_at(self._content(path)) is None)

    def _files(self) -> list[Path]:
        return sorted(filter(lambda path: path.name[0] != ".", self.folder.glob("*"))) if self.folder.is_dir() else []

    def _content(self, path: Path) -> bytes:
        """Empty for what is no file, or cannot be read."""
        try:
            return path.read_bytes() if path.is_file() else b""
        except OSError as error:
            _log.error("a patient's key cannot be read: %s", error)
            return b""

    def _make(self, box: AESGCM, path: Path, patient_id: str, key: bytes | None = None) -> None:
        wrapped = _FORMAT + _seal(box, _CONTEXT + patient_id.encode(), key or os.urandom(KEY_BYTES))
        try:
            self._make_folder()
            create_durably(path, wrapped, 0o600)
        except FileExistsError:
            return  # another thread or process was first, and nothing was sealed with ours
        except OSError as error:
            raise StoreError(f"could not make a patient's key: {error.strerror}", "Check the disk.") from error

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(exist_ok=True, mode=0o700)
            # A power cut must not take the folder from under what its keys have sealed.
            sync_folder(self.folder.parent)

    def _unwrap(self, box: AESGCM, path: Path, patient_id: str) -> bytes:
        try:
            wrapped = path.read_bytes()
        except OSError as error:
            raise StoreError(f"could not read the patient's key {path}: {error.strerror}", "Check the disk.") from error
        if _erased_at(wrapped) is not None:
            raise ErasedError("the patient was erased", "Name, pictures and texts are gone for good.")
        return _open(box, _CONTEXT + patient_id.encode(), wrapped[1:])

    def _path(self, patient_id: str) -> Path:
        if not patient_id or set(patient_id) - set("0123456789abcdef-"):
            raise StoreError(f"{patient_id!r} is no id of a patient", "Choose one from the list.")
        return self.folder / patient_id


def _seal(cipher: AESGCM, context: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, context)


def _open(cipher: AESGCM, context: bytes, sealed: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        said = "what was sealed does not open: it was changed, or its key is another box's"
        raise StoreError(said, "Put the right keys back from their recovery file.") from error


def _erased_at(content: bytes) -> datetime | None:
    if not content.startswith(_ERASED.encode("ascii")):
        return None
    try:
        return from_rfc3339(content.decode("ascii").removeprefix(_ERASED).strip())
    except ValueError:
        return _WHEN_IS_LOST
