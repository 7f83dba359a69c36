"""Files that are whole or absent."""

import os
import stat
from pathlib import Path

from appliance.domain.errors import ExportError
from appliance.durable_files import write_durably


def write_atomically(path: Path, content: bytes) -> None:
    """Put a file in place in one step; an interruption at any moment leaves the old one or none, and nothing besides.

    A device or a FIFO, such as /dev/stdout, takes the bytes and stays what it is.

    Raises:
        ExportError: the disk or its rights refuse, or something else than a file bears that name; names it.
    """
    if _is_stream(path):
        _write_through(path, content)
        return
    require_replaceable(path)
    try:
        write_durably(path, content)
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror}", "Choose a folder to write in.") from error


def require_replaceable(path: Path) -> None:
    """Refuse a name that a file must not take the place of. Raises ExportError: a link, a folder, a socket."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror}", "Choose another name.") from error
    if stat.S_ISLNK(mode) and not _is_stream(path):
        raise ExportError(f"cannot write {path}: it is a link to {os.readlink(path)}", "Name the file itself.")
    if not stat.S_ISREG(mode) and not _is_stream(path):
        raise ExportError(f"cannot write {path}: it is there and is not a file", "Choose another name.")


def require_writable_folder(folder: Path) -> None:
    """Refuse a folder now rather than after the work. Raises ExportError."""
    if not folder.is_dir():
        raise ExportError(f"cannot write to {folder}: there is no such folder", "Create it or name another one.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ExportError(f"cannot write to {folder}: no right to", "Choose a folder to write in.")


def require_writable_file(path: Path) -> None:
    """Refuse an output file now rather than after the work. Raises ExportError."""
    if not _is_stream(path):
        require_writable_folder(path.parent)
        require_replaceable(path)


def make_writable_folder(folder: Path) -> None:
    """Make a folder now where it is missing, and refuse one that cannot be written to. Raises ExportError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"cannot make {folder}: {error.strerror}", "Name another folder.") from error
    require_writable_folder(folder)


def make_inner_folder(folder: Path, inner: Path) -> None:
    """Make `inner` below `folder`. Raises ExportError: a link on the way would lead out of it, or the disk refuses."""
    make_writable_folder(folder)
    try:
        if not inner.resolve().is_relative_to(folder.resolve()):
            raise ExportError(f"cannot write to {inner}: a link leads out of {folder}", "Name another folder.")
        inner.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"cannot make {inner}: {error.strerror}", "Name another folder.") from error


def _is_stream(path: Path) -> bool:
    """A character device or FIFO, also behind a link: /dev/stdout is one."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _write_through(path: Path, content: bytes) -> None:
    try:
        with path.open("wb", buffering=0) as stream:
            written = 0
            while written < len(content):
                written += stream.write(content[written:]) or 0
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror}", "Name a file.") from error
