"""Which pictures and videos `nailfold analyze` was given."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.capture.file_source import VIDEO_SUFFIXES
from appliance.capture.stills import IMAGE_SUFFIXES


@dataclass(frozen=True)
class Input:
    """One file.

    Attributes:
        path: where it is.
        name: what the result calls it: relative to the folder that was given, or the file's own name.
    """

    path: Path
    name: str

    @property
    def is_video(self) -> bool:
        return self.path.suffix.lower() in VIDEO_SUFFIXES


def find_inputs(paths: Sequence[Path], left_out: Path | None = None) -> tuple[list[Input], list[str]]:
    """Every file named or inside a named folder, sub-folders included, in natural order (img2 before img10).

    A file that is named is always tried, whatever its suffix; in folders only known suffixes count, and hidden files
    and `left_out` (where overlays go) do not. A file that is named twice is read once.

    Returns:
        The inputs, and one sentence for every folder that holds none.
    """
    found: dict[Path, Input] = {}
    problems: list[str] = []
    for path in paths:
        inputs = list(_walk(path, left_out)) if path.is_dir() else [Input(path, path.name)]
        if not inputs:
            problems.append(f"no picture or video in {path}")
        for item in inputs:
            found.setdefault(item.path.resolve(), item)
    return _with_unique_names(list(found.values())), problems


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sorts as a person does: numbers by value, letters without regard to case."""
    parts = re.split(r"(\d+)", text.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def _walk(folder: Path, left_out: Path | None) -> Iterator[Input]:
    skipped = left_out.resolve() if left_out else None
    for place, folders, files in os.walk(folder):
        here = Path(place)
        folders[:] = [name for name in folders if not name.startswith(".") and (here / name).resolve() != skipped]
        folders.sort(key=natural_key)
        for name in sorted(files, key=natural_key):
            if not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES | VIDEO_SUFFIXES:
                yield Input(here / name, str((here / name).relative_to(folder)))


def _with_unique_names(inputs: list[Input]) -> list[Input]:
    names = [item.name for item in inputs]
    return [item if names.count(item.name) == 1 else Input(item.path, str(item.path)) for item in inputs]
