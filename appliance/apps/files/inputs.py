"""Which pictures and videos a command was given."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from appliance.foreign_files.kinds import MediaKind, kind_of
from appliance.foreign_files.names import shown
from appliance.foreign_files.walk import walk


@dataclass(frozen=True)
class Input:
    """One file.

    Attributes:
        path: where it is.
        name: what the result calls it: relative to the folder that was given, or the file's own name.
        kind: what it holds; None for a named file that is neither a picture nor a video.
        below: its path below what was named: nothing above that says anything about the picture.
    """

    path: Path
    name: str
    kind: MediaKind | None = None
    below: str = ""

    @property
    def is_video(self) -> bool:
        return self.kind is MediaKind.VIDEO


@dataclass
class Inputs:
    """What was found.

    Attributes:
        problems: one sentence for every file that is left out and every folder that holds none.
        notes: what was passed over and is nobody's picture.
    """

    files: list[Input] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_inputs(paths: Sequence[Path], left_out: Collection[Path] = ()) -> Inputs:
    """Every file named or inside a named folder, sub-folders and links included, in natural order (img2 before img10).

    What a file holds decides, not its suffix. A file that is named is always tried; in folders, what is neither a
    picture nor a video is a problem, and hidden files and `left_out` (where outputs go) are passed over. A file that is
    named twice is read once.
    """
    found = Inputs()
    known: dict[Path, Input] = {}
    for path in paths:
        for item in _inside(path, left_out, found) if path.is_dir() else _named(path, found):
            known.setdefault(item.path.resolve(), item)
    found.files = _with_unique_names(list(known.values()))
    return found


def _named(path: Path, found: Inputs) -> list[Input]:
    try:
        kind = kind_of(path)
    except (OSError, ValueError) as error:
        found.problems.append(f"cannot read {path}: {getattr(error, 'strerror', None) or error}")
        return []
    if not path.is_file():
        found.problems.append(f"left out {path}: not a regular file")
        return []
    return [Input(path, shown(path.name), kind, path.name)]


def _inside(folder: Path, left_out: Collection[Path], found: Inputs) -> list[Input]:
    walked = walk(folder, left_out)
    usable = [item for item in walked.files if item.kind is not None]
    if not usable:
        found.problems.append(f"no picture or video in {folder}")
    found.problems += walked.problems
    found.problems += [f"cannot read {item.path}: the file is empty" for item in walked.empty]
    found.problems += [
        f"left out {item.path}: neither a picture nor a video in a known format"
        for item in walked.files
        if item.kind is None
    ]
    if note := walked.note():
        found.notes.append(f"{folder}: {note}")
    return [Input(item.path, shown(item.below), item.kind, item.below) for item in usable]


def _with_unique_names(inputs: list[Input]) -> list[Input]:
    """Names that occur twice become whole paths; what even then is shown alike is numbered."""
    names = [item.name for item in inputs]
    whole = [item if names.count(item.name) == 1 else replace(item, name=shown(str(item.path))) for item in inputs]
    seen: dict[str, int] = {}
    unique = []
    for item in whole:
        seen[item.name] = seen.get(item.name, 0) + 1
        unique.append(item if seen[item.name] == 1 else replace(item, name=f"{item.name} ({seen[item.name]})"))
    return unique
