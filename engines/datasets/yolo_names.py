"""The names of YOLO's class numbers: classes.txt (labelImg), obj.names (CVAT) or `names` of data.yaml (Ultralytics)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from appliance.foreign_files.text import read_text
from appliance.foreign_files.walk import is_passed_over
from engines.datasets.labels import DatasetError

CLASSES = "classes.txt"
DATA = "data.yaml"
Names = dict[int, str]


def read_names(folder: Path) -> Names:
    """Class number to name; empty where the folder says none.

    Read are classes.txt, any *.names and the `names` of any YAML file, a list or numbered, of the folder itself or of
    its folders "labels" and, as Darknet has it, "data".

    Raises:
        DatasetError: a file is there but cannot be understood, or two of them contradict each other.
    """
    first: tuple[Path, Names] | None = None
    for path, names in _all_names(folder):
        if first is not None and path.suffix.casefold() in (".yaml", ".yml") and path.name != DATA:
            continue  # a YAML of another name speaks where nothing else does
        if first is not None and first[1] != names:
            raise DatasetError(f"{first[0]} and {path} name the classes differently", "Remove the one that is wrong.")
        first = first or (path, names)
    return {} if first is None else first[1]


def names_files(categories: tuple[str, ...]) -> dict[str, bytes]:
    """Both files for these names. Raises DatasetError for a name that a line cannot hold."""
    for name in categories:
        if name != name.strip() or len(name.splitlines()) != 1:
            raise DatasetError(f"the category {name!r} cannot stand on one line", "Rename it.")
    # A JSON string is a YAML one, whatever is in it.
    names = [f"  {at}: {json.dumps(name, ensure_ascii=False)}" for at, name in enumerate(categories)]
    data = ["path: .", "train: images", "val: images", *(["names:", *names] if names else [])]
    return {CLASSES: _lines(list(categories)), DATA: _lines(data)}


def names_of_lines(text: str) -> Names:
    """A name a line; an empty line leaves its number without one."""
    return {at: line.strip() for at, line in enumerate(text.split("\n")) if line.strip()}


def names_of_yaml(text: str) -> Names | None:
    """`names` as a list or by number, each as it is written ("no" is a name, not a truth value); None without any.

    Raises:
        ValueError: it is no YAML, or its names are neither.
    """
    try:
        document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (texts alone, no objects)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"not YAML ({' '.join(str(error).split())[:100]})") from error
    names = document.get("names") if isinstance(document, dict) else None
    if names is None:
        return None
    numbered = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(numbered, dict) or not numbered or not all(_is_entry(*entry) for entry in numbered.items()):
        raise ValueError('"names" is neither a list nor numbered lines')
    return {int(at): name for at, name in numbered.items()}


def _is_entry(at: Any, name: Any) -> bool:
    return str(at).isdecimal() and isinstance(name, str) and bool(name.strip())


def _all_names(folder: Path) -> Iterator[tuple[Path, Names]]:
    for place in (folder, folder / "labels", folder / "data"):
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            suffix = path.suffix.casefold()
            if is_passed_over(path.name, False) or not path.is_file():
                continue
            if path.name.casefold() == CLASSES or suffix == ".names":
                yield path, names_of_lines(_text(path))
            elif suffix in (".yaml", ".yml"):
                try:
                    names = names_of_yaml(_text(path))
                except ValueError as error:
                    raise DatasetError(f"cannot use {path}: {error}", f"Write {CLASSES} instead.") from error
                if names is not None:
                    yield path, names


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeError) as error:
        raise DatasetError(f"cannot read {path}: {error}") from error


def _lines(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
