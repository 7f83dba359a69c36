"""Everything of a box in one encrypted file: its database and every picture, each still sealed as it lies there.

The patients' keys are not in it: whoever erases a patient erases the pictures in every such file. They have a small
file of their own, of which a clinic keeps the newest alone.
"""

import json
import re
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from appliance.domain.bounded_json import bounded_loads
from appliance.domain.errors import StoreError
from appliance.storage.backups import copy_checked
from appliance.storage.patient_keys import PatientKeys
from appliance.storage.sealed_stream import SealedReader, SealedWriter

DATA, KEYS = b"D", b"K"
_FOLDERS = ("images", "calibrations")
_NAME = re.compile(r"(images|calibrations)/[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.(png|avi)")
_KEYS_SCHEMA = "nailfold.keys/1"

Progress = Callable[[int, int], object]


def write_copy(folder: Path, database_name: str, file: BinaryIO, passphrase: str, progress: Progress) -> int:
    """How many pictures are in the copy; works beside a running station.

    Args:
        progress: called with the files done and their number.

    Raises:
        StoreError: the passphrase is too short, or the database is damaged.
        OSError: a file cannot be read or written.
    """
    writer = SealedWriter(file, passphrase, DATA)
    with tempfile.TemporaryDirectory(dir=folder, prefix="copy-") as scratch:
        copy = Path(scratch) / database_name
        copy_checked(folder / database_name, copy)
        # Listed after the database was copied: every picture it knows of that was not erased since is there.
        pictures = [path for name in _FOLDERS for path in sorted((folder / name).glob("*/*")) if path.suffix != ".part"]
        with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
            archive.add(copy, database_name)
            for at, path in enumerate(pictures):
                progress(at, len(pictures))
                if path.exists():
                    archive.add(path, path.relative_to(folder).as_posix())
    writer.finish()
    return len(pictures)


def read_copy(file: BinaryIO, passphrase: str, database_name: str, into: Path) -> int:
    """Open a copy into an empty folder; how many pictures were in it.

    Raises:
        StoreError: it is none, does not open, or holds what no copy holds.
        OSError: it cannot be written.
    """
    reader = SealedReader(file, passphrase)
    if reader.kind != DATA:
        raise StoreError("this is a file of keys, not a copy of the data", "Choose the other file.")
    names: list[str] = []
    try:
        with tarfile.open(fileobj=reader, mode="r|") as archive:  # type: ignore[call-overload]
            for member in archive:
                is_named = member.name == database_name or _NAME.fullmatch(member.name)
                # Sparse files are files to `isfile`, and a few bytes of them fill any disk.
                if not member.isfile() or member.issparse() or not is_named or member.name in names:
                    raise StoreError(f"the copy holds {member.name!r}, which no copy holds", "Make another copy.")
                _extract(archive, member, into / member.name)
                names.append(member.name)
        reader.read()
    except (tarfile.TarError, ValueError, ArithmeticError, LookupError) as error:  # of headers that nobody writes
        raise StoreError("the copy cannot be read", "Copy the file again.") from error
    if database_name not in names:
        raise StoreError("there is no database in the copy", "Make another copy.")
    return len(names) - 1


def write_keys(keys: PatientKeys, file: BinaryIO, passphrase: str) -> int:
    """How many patients' keys are in the file. Raises StoreError."""
    kept, erased = keys.export()
    writer = SealedWriter(file, passphrase, KEYS)
    document = {"schema": _KEYS_SCHEMA, "keys": {one: key.hex() for one, key in kept.items()}, "erased": erased}
    writer.write(json.dumps(document).encode())
    writer.finish()
    return len(kept)


def read_keys(file: BinaryIO, passphrase: str) -> tuple[Mapping[str, bytes], Mapping[str, str]]:
    """Keys by patient, and when others were erased; for PatientKeys.take_in. Raises StoreError."""
    reader = SealedReader(file, passphrase)
    if reader.kind != KEYS:
        raise StoreError("this is a copy of the data, not a file of keys", "Choose the other file.")
    try:
        document: dict[str, Any] = bounded_loads(reader.read())
        if document["schema"] != _KEYS_SCHEMA:
            raise ValueError(document["schema"])
        return {one: bytes.fromhex(key) for one, key in document["keys"].items()}, dict(document["erased"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError("the file of keys cannot be read by this software", "Update the box first.") from error


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    content = archive.extractfile(member)
    assert content is not None
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with target.open("xb") as file:
        while piece := content.read(1 << 20):
            file.write(piece)
