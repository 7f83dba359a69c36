"""Folders that are whole or absent."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from appliance.domain.errors import ExportError


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill that takes the name `path` when the block ends well, and vanishes when it does not.

    Raises:
        ExportError: `path` exists and holds something, or the disk refuses.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ExportError(f"{path} exists already", "Name a new folder.")
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        unfinished.mkdir()
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror}", "Choose a folder to write in.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """A new folder with these files: relative path, with forward slashes, to content. Raises ExportError."""
    with new_folder(path) as folder:
        for name, content in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
