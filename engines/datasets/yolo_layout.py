"""Which label file belongs to which picture, as labelImg, Ultralytics, Roboflow and CVAT lay them out.

labels/ beside images/, train/labels beside train/images, obj_train_data/ with both or with labels alone, or the label
beside its picture.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from appliance.foreign_files.numbers import number_of
from appliance.foreign_files.text import read_text
from appliance.foreign_files.walk import walk
from engines.datasets.pictures import stem_of

_ROOM = re.compile(r"images|labels|obj_\w+_data|data", re.IGNORECASE)
"""Folders that hold one half of a pair: without them both halves have the same path."""


@dataclass
class LabelFiles:
    """Label files by the picture they belong to.

    Attributes:
        labels: stem of the picture, as `find_pictures` has it, to label file.
        problems: label files without a picture, and pictures with two.
        others: text files that are no labels.
    """

    labels: dict[str, Path] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def pair(folder: Path, pictures: Path, stems: list[str]) -> LabelFiles:
    """The label files in `folder` for these pictures of the folder `pictures`."""
    found = LabelFiles()
    walked = walk(folder)
    found.problems += walked.problems
    # An empty label file says that its picture shows nothing.
    texts = [item for item in [*walked.files, *walked.empty] if item.path.suffix.casefold() == ".txt"]
    by_key: dict[str, list[str]] = {}
    for stem in stems:
        by_key.setdefault(_key(stem), []).append(stem)
    for item in sorted(texts, key=lambda one: one.below):
        owners = _owners(stem_of(item.below), by_key, stems)
        if len(owners) == 1 and owners[0] not in found.labels:
            found.labels[owners[0]] = item.path
        elif len(owners) == 1:
            found.problems.append(f"cannot use {item.path}: {found.labels[owners[0]]} labels the same picture")
        elif len(owners) > 1:
            found.problems.append(f"cannot use {item.path}: it could belong to {' or '.join(owners)}")
        elif _looks_like_labels(item.path):
            found.problems.append(f"cannot use {item.path}: there is no picture {stem_of(item.below)} in {pictures}")
        else:
            found.others.append(item.below)
    return found


def _owners(stem: str, by_key: dict[str, list[str]], stems: list[str]) -> list[str]:
    """By the same path without rooms; where the pictures lie elsewhere, by the name alone."""
    if same := by_key.get(_key(stem)):
        exact = [one for one in same if one == stem]
        return exact or same
    name = PurePosixPath(stem).name
    return [one for one in stems if PurePosixPath(one).name == name]


def _key(stem: str) -> str:
    *folders, name = PurePosixPath(stem).parts
    return "/".join([*(part for part in folders if not _ROOM.fullmatch(part)), name])


def _looks_like_labels(path: Path) -> bool:
    """Whether every line is numbers, as many as a box has or more."""
    try:
        lines = [line.split() for line in read_text(path).split("\n") if line.strip()]
        return all(len(line) >= 5 and all(_is_number(value) for value in line) for line in lines)
    except (OSError, UnicodeError):
        return False


def _is_number(text: str) -> bool:
    try:
        number_of(text)
    except ValueError:
        return False
    return True
