"""YOLO detection labels: one text file a picture, a line a box: class, centre x, centre y, width, height as shares of
the picture.

A box is all it can say: no widths, calibre, scale, density, subject or ignored loops.
"""

import math
from pathlib import Path, PurePosixPath

from appliance.foreign_files.names import shown
from appliance.foreign_files.numbers import number_of
from appliance.foreign_files.text import read_text
from engines.datasets.labels import DatasetError, Label, LabelledImage, LabelledSet, Reading, Standing, check_box
from engines.datasets.pictures import find_pictures, label_names, picture_size_px
from engines.datasets.yolo_layout import pair
from engines.datasets.yolo_names import CLASSES, names_files, read_names

DECIMALS = 8
"""Of shares that are written: of a 2,000 px wide picture 0.00002 px."""


def read_yolo(folder: Path, pictures: Path | None = None) -> Reading:
    """Every picture with its label file; a picture without one has no labels.

    Args:
        folder: holds the label files in any layout of `yolo_layout`, and what names the classes.
        pictures: where the pictures are, for their sizes; None takes folder/images, else the folder.

    Raises:
        DatasetError: no pictures, or the names cannot be read.
    """
    if pictures is None:
        pictures = folder / "images" if (folder / "images").is_dir() else folder
    found = find_pictures(pictures)
    if not found:
        raise DatasetError(f"no pictures in {pictures}", "YOLO boxes are shares of a picture: name them with --images.")
    names = read_names(folder)
    pairs = pair(folder, pictures, list(found))
    problems = pairs.problems
    images: list[LabelledImage] = []
    for stem, picture in found.items():
        try:
            images.append(
                _read_one(picture, shown(picture.relative_to(pictures).as_posix()), pairs.labels.get(stem), names)
            )
        except DatasetError as error:
            problems.append(f"cannot use {pairs.labels.get(stem, picture)}: {error.message}")
    notes = [] if names else [f"neither {CLASSES} nor data.yaml names the classes: they are called by their numbers"]
    if unread := [name for name in pairs.others if PurePosixPath(name).name.casefold() != CLASSES]:
        notes.append(f"not labels and not read: {', '.join(unread)}")
    used = sorted({label.category for image in images for label in image.labels})
    return Reading(LabelledSet(tuple(images), tuple(dict.fromkeys(names.values())) or tuple(used)), problems, notes)


def yolo_files(labelled: LabelledSet) -> dict[str, bytes]:
    """Path to content: labels/*.txt, one a picture, classes.txt and data.yaml. Ignored labels are left out."""
    numbers = {name: at for at, name in enumerate(labelled.categories)}
    files = names_files(labelled.categories)
    for image, name in zip(labelled.images, label_names(labelled, ".txt"), strict=True):
        lines = [_line(label, image, numbers) for label in image.labels if label.standing is Standing.TARGET]
        files[f"labels/{name}"] = "".join(f"{line}\n" for line in lines).encode()
    return files


def _read_one(picture: Path, file_name: str, labels: Path | None, names: dict[int, str]) -> LabelledImage:
    width, height = picture_size_px(picture)
    try:
        text = "" if labels is None else read_text(labels)
    except (OSError, UnicodeError) as error:
        raise DatasetError(str(error)) from error
    return LabelledImage(file_name, width, height, labels_of(text, names, width, height))


def labels_of(text: str, names: dict[int, str], width: int, height: int) -> tuple[Label, ...]:
    """The boxes of a label file. Raises DatasetError naming the line."""
    numbered = [(at, line.split()) for at, line in enumerate(text.split("\n"), start=1) if line.strip()]
    return tuple(_label(at, row, names, width, height) for at, row in numbered)


def _label(at: int, row: list[str], names: dict[int, str], width: int, height: int) -> Label:
    if len(row) != 5:
        raise DatasetError(f"line {at} has {len(row)} columns; only boxes, of 5, are read")
    try:
        # Tables of numbers write the class as 0.0000e+00.
        number, (x, y, w, h) = _whole(row[0]), (number_of(value) for value in row[1:])
    except ValueError as error:
        raise DatasetError(f"line {at} is not a class number and four shares") from error
    if not all(math.isfinite(value) for value in (x, y, w, h)):
        raise DatasetError(f"line {at} is not a class number and four shares")
    if names and number not in names:
        raise DatasetError(f"line {at} has class {number}; the names end at {max(names)}")
    box = ((x - w / 2) * width, (y - h / 2) * height, w * width, h * height)
    if problem := check_box(box, width, height):
        raise DatasetError(f"line {at}: {problem}")
    return Label(names.get(number, str(number)), box)


def _whole(text: str) -> int:
    value = number_of(text)
    if not value.is_integer():
        raise ValueError(text)
    return int(value)


def _line(label: Label, image: LabelledImage, numbers: dict[str, int]) -> str:
    """The box cut at the picture's edge, which trainers insist on."""
    x, y, w, h = label.bbox
    if problem := check_box(label.bbox, image.width_px, image.height_px):
        raise DatasetError(f"cannot write the labels of {image.file_name}: {problem}", "Correct that label first.")
    left, right = max(x, 0.0) / image.width_px, min(x + w, image.width_px) / image.width_px
    top, bottom = max(y, 0.0) / image.height_px, min(y + h, image.height_px) / image.height_px
    shares = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
    return " ".join([str(numbers[label.category]), *(f"{share:.{DECIMALS}f}" for share in shares)])
