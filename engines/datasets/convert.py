"""From one label format to another, and what gets lost on the way."""

from collections.abc import Sequence
from pathlib import Path

from engines.datasets.coco import coco_bytes, read_coco
from engines.datasets.labelme import read_labelme
from engines.datasets.labelme_write import labelme_files
from engines.datasets.labels import LabelledSet, Reading, Standing
from engines.datasets.yolo import read_yolo, yolo_files

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
        return Reading(read_coco(path))
    return read_labelme(path) if form == "labelme" else read_yolo(path, pictures)


def label_files(form: str, labelled: LabelledSet) -> dict[str, bytes]:
    """Relative path to content; COCO is one file named annotations.json."""
    if form == "coco":
        return {"annotations.json": coco_bytes(labelled)}
    return labelme_files(labelled) if form == "labelme" else yolo_files(labelled)


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
