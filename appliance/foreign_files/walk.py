"""The files below a folder that hold something; the one walker of every programme that takes folders."""

import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.foreign_files.kinds import MediaKind, kind_of

_SYSTEM_FILES = frozenset(
    {"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r", "picasa.ini", "zbthumbnail.info"}
)
_SYSTEM_FOLDERS = frozenset(
    {
        "__macosx", "@eadir", "#recycle", "@recycle", "#snapshot", "@snapshot", "$recycle.bin", "recycler",
        "system volume information", "lost+found", "network trash folder", "temporary items", "thumbnails",
    }
)  # fmt: skip
_MOST_NAMED = 20


@dataclass(frozen=True)
class FoundFile:
    """A regular file.

    Attributes:
        below: its path relative to the folder that was named, with forward slashes.
        kind: what it holds; None for what is neither a picture nor a video.
    """

    path: Path
    below: str
    kind: MediaKind | None


@dataclass
class FolderWalk:
    """What lies below a folder.

    Attributes:
        files: in natural order, each once even where links lead to it again.
        problems: one sentence for every file or folder that cannot be read.
        empty: files without a byte, each a problem but for who knows what an empty file says.
        passed_over: hidden files and folders, and those that systems make for themselves, relative to the folder.
    """

    files: list[FoundFile] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    empty: list[FoundFile] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    def note(self) -> str:
        """One sentence on what was passed over; empty where nothing was."""
        if not self.passed_over:
            return ""
        named = ", ".join(self.passed_over[:_MOST_NAMED])
        more = len(self.passed_over) - _MOST_NAMED
        return f"passed over as hidden or a system's own: {named}" + (f" and {more} more" if more > 0 else "")


def walk(folder: Path, left_out: Collection[Path] = ()) -> FolderWalk:
    """Every file below a folder, sub-folders and the targets of links included, each folder once.

    Args:
        left_out: files and folders of our own that lie there, such as outputs.
    """
    found = FolderWalk()
    _Walker(folder, {path.resolve() for path in left_out}, found).enter(folder, "")
    return found


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sorts as a person does: numbers by value, letters without regard to case."""
    parts = re.split(r"(\d+)", text.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def is_passed_over(name: str, is_folder: bool) -> bool:
    """Whether a file or folder of this name is hidden, AppleDouble, a thumbnail store or a waste basket."""
    if not is_folder and name.startswith("~$"):
        return True  # an office programme's lock
    return name.startswith(".") or name.casefold() in (_SYSTEM_FOLDERS if is_folder else _SYSTEM_FILES)


class _Walker:
    def __init__(self, folder: Path, left_out: set[Path], found: FolderWalk) -> None:
        self._left_out = left_out
        self._found = found
        self._visited: set[Path] = set()

    def enter(self, folder: Path, below: str) -> None:
        real = folder.resolve()
        if real in self._visited or real in self._left_out:
            return
        self._visited.add(real)
        try:
            names = sorted((entry.name for entry in os.scandir(folder)), key=lambda name: (natural_key(name), name))
        except OSError as error:
            self._found.problems.append(f"cannot read {folder}: {error.strerror}")
            return
        for path, inner in list(self._files(folder, below, names)):
            self.enter(path, inner)

    def _files(self, folder: Path, below: str, names: list[str]) -> Iterator[tuple[Path, str]]:
        """Takes the files of a folder and gives its sub-folders."""
        for name in names:
            path, inner = folder / name, f"{below}{name}"
            try:
                is_folder = path.is_dir()
                if is_passed_over(name, is_folder):
                    if path.resolve() not in self._left_out:
                        self._found.passed_over.append(inner)
                elif is_folder:
                    yield path, f"{inner}/"
                else:
                    self._take(path, inner)
            except (OSError, RuntimeError) as error:  # RuntimeError: a link to itself, before Python 3.13
                self._found.problems.append(f"cannot read {path}: {getattr(error, 'strerror', None) or error}")

    def _take(self, path: Path, below: str) -> None:
        real = path.resolve()
        if real in self._visited or real in self._left_out:
            return
        self._visited.add(real)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            self._found.problems.append(f"left out {path}: not a regular file")
        elif status.st_size == 0:
            self._found.empty.append(FoundFile(path, below, None))
        else:
            self._found.files.append(FoundFile(path, below, kind_of(path)))
