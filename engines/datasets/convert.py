"""From one label format to another, and what gets lost on the way."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from engines.datasets.coco import coco_bytes, parse_coco, read_coco
from engines.datasets.labelme import image_of, read_labelme
from engines.datasets.labelme_write import labelme_files
from engines.datasets.labels import DatasetError, LabelledSet, Reading, Standing
from engines.datasets.yolo import labels_of, read_yolo, yolo_files
from engines.datasets.yolo_names import DATA, names_of_yaml

FORMATS = ("coco", "labelme", "yolo")


def read_labels(form: str, path: Path, pictures: Path | None = None) -> Reading:
    """The labels in a COCO file, or in a folder of LabelMe or YOLO files.

    Args:
        form: one of FORMATS.
        pictures: the folder of the pictures; only YOLO needs it.

    Raises:
        DatasetError: nothing can be read at all; single bad files are in the answer's `problems`.
    """
    if form == "coco":
        return once_each(Reading(read_coco(path)))
    return once_each(read_labelme(path) if form == "labelme" else read_yolo(path, pictures))


def once_each(read: Reading) -> Reading:
    """Without labels that are there twice, which would count as two loops; a note names the pictures."""
    images = tuple(replace(image, labels=tuple(dict.fromkeys(image.labels))) for image in read.found.images)
    notes = [
        f"{kept.file_name}: {len(image.labels) - len(kept.labels)} labels are there twice and were taken once"
        for image, kept in zip(read.found.images, images, strict=True)
        if len(image.labels) != len(kept.labels)
    ]
    return Reading(replace(read.found, images=images), read.problems, [*read.notes, *notes])


def label_files(form: str, labelled: LabelledSet) -> dict[str, bytes]:
    """Relative path to content; COCO is one file named annotations.json.

    Raises:
        DatasetError: the format's own reader would refuse what would be written.
    """
    if form == "coco":
        files = {"annotations.json": coco_bytes(labelled)}
    else:
        files = labelme_files(labelled) if form == "labelme" else yolo_files(labelled)
    for name, content in files.items():
        try:
            _read_again(form, name, content.decode(), labelled)
        except (DatasetError, ValueError) as error:
            raise DatasetError(f"cannot write {name}: {error}", "Correct that label first.") from error
    return files


def _read_again(form: str, name: str, text: str, labelled: LabelledSet) -> None:
    if form == "coco":
        parse_coco(json.loads(text))
    elif form == "labelme":
        image_of(json.loads(text), PurePosixPath(name).parent)
    elif name == DATA:
        if (names_of_yaml(text) or {}) != dict(enumerate(labelled.categories)):
            raise ValueError("the names of the categories would not be read as they are")
    elif name.startswith("labels/"):
        stem = name.removeprefix("labels/").removesuffix(".txt")
        image = next(one for one in labelled.images if str(PurePosixPath(one.file_name).with_suffix("")) == stem)
        labels_of(text, dict(enumerate(labelled.categories)), image.width_px, image.height_px)


def losses(form: str, labelled: LabelledSet) -> str:
    """One line on what this format cannot hold of these labels; empty where it holds all."""
    if form == "coco":
        return ""
    labels = [label for image in labelled.images for label in image.labels]
    unused = set(labelled.categories) - {label.category for label in labels}
    if form == "labelme":
        return _sentence("LabelMe", [(len(unused), "category without a label", "categories without a label")])
    found = [
        (sum(bool(label.segments()) for label in labels), "loop's widths", "loops' widths"),
        (sum(label.size is not None for label in labels), "calibre", "calibres"),
        (sum(label.standing is not Standing.TARGET for label in labels), "ignored label", "ignored labels"),
        (sum(image.um_per_px is not None for image in labelled.images), "scale", "scales"),
        (sum(image.density_per_mm is not None for image in labelled.images), "density", "densities"),
        (sum(bool(image.subject) for image in labelled.images), "picture's subject", "pictures' subjects"),
    ]
    return _sentence("YOLO", found)


def _sentence(form: str, found: Sequence[tuple[int, str, str]]) -> str:
    parts = [f"{count} {one if count == 1 else more}" for count, one, more in found if count]
    return f"left out, {form} cannot hold them: {', '.join(parts)}" if parts else ""
