"""The names of YOLO's class numbers: classes.txt (labelImg) or the `names` of data.yaml (Ultralytics)."""

import json
import re
from pathlib import Path

from engines.datasets.labels import DatasetError

CLASSES = "classes.txt"
DATA = "data.yaml"
_NUMBERED = re.compile(r"^\s+(\d+)\s*:\s*(.+)$")
_LISTED = re.compile(r"^\s*-\s+(.+)$")


def read_names(folder: Path) -> dict[int, str]:
    """Class number to name; empty where the folder says none.

    Of data.yaml only `names` is read, in the three forms that are in use: `names: [a, b]`, one `- a` a line, one
    `0: a` a line.

    Raises:
        DatasetError: a file is there but cannot be understood.
    """
    for place in (folder, folder / "labels"):
        if (place / CLASSES).is_file():
            lines = _text(place / CLASSES).splitlines()
            return {at: line.strip() for at, line in enumerate(lines) if line.strip()}
    if (folder / DATA).is_file():
        return _from_yaml(folder / DATA)
    return {}


def names_files(categories: tuple[str, ...]) -> dict[str, bytes]:
    """Both files for these names. Raises DatasetError for a name that a line cannot hold."""
    for name in categories:
        if name != name.strip() or len(name.splitlines()) != 1:
            raise DatasetError(f"the category {name!r} cannot stand on one line", "Rename it.")
    # A JSON string is a YAML one, whatever is in it.
    names = [f"  {at}: {json.dumps(name, ensure_ascii=False)}" for at, name in enumerate(categories)]
    data = ["path: .", "train: images", "val: images", "names:", *names]
    return {CLASSES: _lines(list(categories)), DATA: _lines(data)}


def _from_yaml(path: Path) -> dict[int, str]:
    lines = [line.split(" #")[0].rstrip() for line in _text(path).splitlines()]
    start = next((at for at, line in enumerate(lines) if re.match(r"names\s*:", line)), None)
    if start is None:
        return {}
    inline = lines[start].partition(":")[2].strip()
    if inline:
        return _inline(path, inline)
    names: dict[int, str] = {}
    for line in lines[start + 1 :]:
        if not line.strip():
            continue
        numbered, listed = _NUMBERED.match(line), _LISTED.match(line)
        if numbered:
            names[int(numbered[1])] = _unquoted(numbered[2])
        elif listed:
            names[len(names)] = _unquoted(listed[1])
        else:
            break
    if not names:
        raise _not_understood(path)
    return names


def _inline(path: Path, value: str) -> dict[int, str]:
    if not (value.startswith("[") and value.endswith("]")):
        raise _not_understood(path)
    return {at: _unquoted(name) for at, name in enumerate(value[1:-1].split(",")) if name.strip()}


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == "'" else text


def _not_understood(path: Path) -> DatasetError:
    return DatasetError(f'cannot use {path}: "names" is neither a list nor numbered lines', f"Write {CLASSES} instead.")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"cannot read {path}: {error}") from error


def _lines(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
