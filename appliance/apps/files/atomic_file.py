"""Files that are whole or absent."""

import os
import secrets
from pathlib import Path

from appliance.domain.errors import ExportError


def write_atomically(path: Path, content: bytes) -> None:
    """Put a file in place in one step; an interruption at any moment leaves the old one or none, and nothing besides.

    Raises:
        ExportError: the disk or its rights refuse; names the file.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            with unfinished.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror}", "Choose a folder to write in.") from error


def require_writable_folder(folder: Path) -> None:
    """Refuse a folder now rather than after the work. Raises ExportError."""
    if not folder.is_dir():
        raise ExportError(f"cannot write to {folder}: there is no such folder", "Create it or name another one.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ExportError(f"cannot write to {folder}: no right to", "Choose a folder to write in.")


def make_writable_folder(folder: Path) -> None:
    """Make a folder now where it is missing, and refuse one that cannot be written to. Raises ExportError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"cannot make {folder}: {error.strerror}", "Name another folder.") from error
    require_writable_folder(folder)
