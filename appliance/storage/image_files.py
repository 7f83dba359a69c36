"""Still files on the disk: whole or absent, never half-written."""

import contextlib
import errno
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from appliance.domain.errors import StoreError
from appliance.durable_files import flush, sync_folder
from appliance.storage.database import disk_full
from appliance.storage.sealed_pictures import SealedPictures, is_sealed_file, require_patient

_log = logging.getLogger(__name__)

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\.png|\.avi)?")
_TEMPORARY = ".part"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def free_bytes(folder: Path) -> int:
    """What the station's user may still write."""
    return shutil.disk_usage(folder).free


def free_percent(folder: Path) -> float:
    """The same in per cent of the disk."""
    used = shutil.disk_usage(folder)
    return 100.0 * used.free / max(1, used.total)


class ImageFiles:
    """One folder an exam, one file a still, below `folder`.

    Args:
        folder: created with the first file, with access for this user alone.
        reserve_bytes: what must stay free after a write.
        free: asks how much is free; replaced in tests.
        seals: of files that belong to patients; None keeps them as they come.
    """

    def __init__(
        self,
        folder: Path,
        reserve_bytes: int,
        free: Callable[[Path], int] = free_bytes,
        seals: SealedPictures | None = None,
    ) -> None:
        self._folder = folder
        self._seals = seals
        self._reserve_bytes = reserve_bytes
        self._free = free

    def write(self, exam_id: str, file_name: str, content: bytes, patient_id: str | None = None) -> None:
        """Keep a file: after the return it survives a power cut.

        Args:
            patient_id: whose key seals it, where files are sealed.

        Raises:
            ErasedError: the patient was erased.
            StoreError: the disk is full (nothing is left behind) or refuses.
        """
        path = self._path(exam_id, file_name)
        if self._seals is not None:
            content = self._seals.seal(require_patient(patient_id), f"{exam_id}/{file_name}", content)
        temporary = path.with_name(path.name + _TEMPORARY)
        try:
            self._make_folder(self._folder)
            if self._free(self._folder) < len(content) + self._reserve_bytes:
                raise disk_full("keep the image", self._folder)
            self._make_folder(path.parent)
            _write_through(temporary, content)
            temporary.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise self._as_store_error("keep the image", error) from error

    def read(self, exam_id: str, file_name: str, sha256: str) -> bytes:
        """The file's bytes, opened.

        Raises:
            ErasedError: its patient was erased.
            StoreError: it is missing, cannot be opened, or its digest is not `sha256`.
        """
        path = self._path(exam_id, file_name)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise self._as_store_error("read the image", error) from error
        if self._seals is not None:
            content = self._seals.open(f"{exam_id}/{file_name}", content)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StoreError(
                f"refused the image {path}: its digest is not the recorded one",
                "The file was changed or the disk is failing; restore it from a backup.",
            )
        return content

    def remove(self, exam_id: str, file_name: str) -> None:
        """Delete one file; a missing one is fine, a refusal is logged and tried again at the next start."""
        try:
            self._path(exam_id, file_name).unlink(missing_ok=True)
        except OSError as error:
            _log.warning("could not delete an image of exam %s: %s", exam_id, error.strerror)

    def remove_exam(self, exam_id: str) -> None:
        """Delete every file of an exam; a refusal is logged."""
        folder = self._path(exam_id, "any.png").parent
        if folder.is_dir():
            shutil.rmtree(folder, onerror=lambda _, path, why: _log.error("could not delete %s: %s", path, why[1]))

    def remove_unfinished(self) -> int:
        """How many half-written files a crash had left and were deleted."""
        leftovers = list(self._folder.glob(f"*/*{_TEMPORARY}"))
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)
        return len(leftovers)

    def remove_all_but(self, exam_id: str, file_names: Collection[str]) -> int:
        """How many stills of this exam had no row and were deleted."""
        kept = [*(self._folder / exam_id).glob("*.png"), *(self._folder / exam_id).glob("*.avi")]
        orphans = [path for path in kept if path.name not in file_names]
        for orphan in orphans:
            self.remove(exam_id, orphan.name)
        return len(orphans)

    def unsealed(self, exam_id: str, file_names: Collection[str]) -> tuple[str, ...]:
        """Those of the exam's files that lie here as they came."""
        paths = (self._path(exam_id, name) for name in file_names)
        return tuple(path.name for path in paths if path.exists() and not is_sealed_file(path))

    def _path(self, exam_id: str, file_name: str) -> Path:
        for name in (exam_id, file_name):
            if not _SAFE_NAME.fullmatch(name):
                raise StoreError(f"refused the file name {name!r}", "Names are letters, digits, dashes, .png, .avi.")
        return self._folder / exam_id / file_name

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            sync_folder(folder.parent)
        except OSError as error:
            raise self._as_store_error("make the image folder", error) from error

    def _as_store_error(self, attempt: str, error: OSError) -> StoreError:
        if error.errno in _FULL:
            return disk_full(attempt, self._folder)
        return StoreError(
            f"could not {attempt}: {error.filename or self._folder}: {error.strerror}",
            "Check the disk and its access rights.",
        )


def _write_through(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        flush(file)
