"""Files that survive a power cut: the old one or the new one, never a part."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any


def write_durably(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put a file in place in one step, on the disk when this returns; the folder exists.

    Args:
        mode: access rights of the file, whatever the process's mask.

    Raises:
        OSError: the old file, or none, is then there, and nothing besides.
    """
    with _whole(path.parent, content, mode) as unfinished:
        unfinished.replace(path)
    sync_folder(path.parent)


def create_durably(path: Path, content: bytes, mode: int = 0o644) -> None:
    """The same for a file that must not be there yet. Raises FileExistsError where it is, OSError otherwise."""
    with _whole(path.parent, content, mode) as unfinished:
        # Unlike a rename, a link never takes another file's place.
        os.link(unfinished, path)
    sync_folder(path.parent)


def flush(file: IO[Any]) -> None:
    """Bring what was written to an open file onto the disk. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make new, renamed and deleted names in a folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _whole(folder: Path, content: bytes, mode: int) -> Iterator[Path]:
    """The content in a file of its own, on the disk; the name is gone afterwards."""
    unfinished = folder / f".{secrets.token_hex(8)}.part"
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with open(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            flush(file)
        yield unfinished
    finally:
        # An error on the way matters more than one while tidying up.
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
