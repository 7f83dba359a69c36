"""COCO object detection files, with widths as keypoints and this product's own members.

Beyond COCO: `um_per_px`, `density_per_mm` and `subject` of an image, `size` ("normal", "enlarged", "giant") and
`ignore` of an annotation. docs/evaluation.md shows a whole file.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from appliance.domain.bounded_json import bounded_loads
from appliance.foreign_files.text import read_text
from engines.datasets.coco_fields import KEYPOINTS, Fields, JsonObject
from engines.datasets.labels import Box, DatasetError, Label, LabelledImage, LabelledSet, Standing, check_box

SKELETON = [[1, 2], [3, 4], [5, 6]]
DECIMALS = 3
"""Of coordinates that are written: a thousandth of a pixel."""


def read_coco(path: Path) -> LabelledSet:
    """All images of a COCO file with their labels, in the file's order.

    Raises:
        DatasetError: not readable, not JSON or not COCO; names the file and the place.
    """
    try:
        return parse_coco(bounded_loads(read_text(path), refuses_twice=True))
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror}", "Name a COCO file.") from error
    except ValueError as error:  # JSON and UTF-8 alike
        raise DatasetError(f"cannot read {path}: not JSON ({str(error)[:100]})", "Export the labels again.") from error
    except DatasetError as error:
        raise DatasetError(f"cannot use {path}: {error.message}", error.remedy or "Correct it there.") from error


def parse_coco(document: Any) -> LabelledSet:
    """The same of its JSON. Raises DatasetError naming the place in it."""
    return _parsed(Fields(document, "the file"))


def coco_document(labelled: LabelledSet) -> JsonObject:
    """The COCO file of labelled images, in plain JSON types; ids count from 1."""
    names = {name: at for at, name in enumerate(labelled.categories, start=1)}
    images = [_image(at, image) for at, image in enumerate(labelled.images, start=1)]
    labels = [(at, label) for at, image in enumerate(labelled.images, start=1) for label in image.labels]
    annotations = [
        _annotation(at, image_id, label, names[label.category]) for at, (image_id, label) in enumerate(labels, start=1)
    ]
    return {
        "images": images,
        "annotations": annotations,
        "categories": [_category(name, at) for name, at in names.items()],
    }


def coco_bytes(labelled: LabelledSet) -> bytes:
    """The same as UTF-8 text."""
    return (json.dumps(coco_document(labelled), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _parsed(document: Fields) -> LabelledSet:
    names = {at: entry.text("name") for at, entry in _by_id(document.objects("categories")).items()}
    entries = _by_id(document.objects("images"))
    sizes = {at: (entry.whole("width", 1), entry.whole("height", 1)) for at, entry in entries.items()}
    labels: dict[int, list[Label]] = defaultdict(list)
    for annotation in document.objects("annotations"):
        image_id = annotation.whole("image_id")
        if image_id not in sizes:
            raise annotation.refuse("image_id", "the id of one of the images")
        labels[image_id].append(_label(annotation, names, sizes[image_id]))
    images = tuple(_labelled_image(entry, labels[at]) for at, entry in entries.items())
    _require_different_files(images)
    return LabelledSet(images, tuple(dict.fromkeys(names.values())))


def _by_id(entries: list[Fields]) -> dict[int, Fields]:
    found: dict[int, Fields] = {}
    for entry in entries:
        if entry.whole("id") in found:
            raise entry.refuse("id", "an id of its own")
        found[entry.whole("id")] = entry
    return found


def _label(annotation: Fields, names: dict[int, str], size_px: tuple[int, int]) -> Label:
    category = annotation.whole("category_id")
    if category not in names:
        raise annotation.refuse("category_id", "the id of one of the categories")
    x, y, w, h = annotation.numbers("bbox", 4)
    if problem := check_box((x, y, w, h), *size_px):
        raise DatasetError(f"{annotation.place}: {problem}")
    return Label(names[category], (x, y, w, h), annotation.widths(), annotation.size(), annotation.standing())


def _labelled_image(entry: Fields, labels: list[Label]) -> LabelledImage:
    return LabelledImage(
        file_name=entry.file_name(),
        width_px=entry.whole("width", 1),
        height_px=entry.whole("height", 1),
        labels=tuple(labels),
        um_per_px=entry.positive("um_per_px"),
        density_per_mm=entry.positive("density_per_mm", or_zero=True),
        subject=entry.optional_text("subject"),
    )


def _require_different_files(images: tuple[LabelledImage, ...]) -> None:
    seen: set[str] = set()
    for image in images:
        if image.file_name in seen:
            raise DatasetError(f"two images have the file_name {image.file_name}")
        seen.add(image.file_name)


def _image(image_id: int, image: LabelledImage) -> JsonObject:
    entry: JsonObject = {
        "id": image_id,
        "file_name": image.file_name,
        "width": image.width_px,
        "height": image.height_px,
    }
    if image.subject:
        entry["subject"] = image.subject
    known = {"um_per_px": image.um_per_px, "density_per_mm": image.density_per_mm}
    return entry | {name: round(value, 6) for name, value in known.items() if value is not None}


def _annotation(annotation_id: int, image_id: int, label: Label, category_id: int) -> JsonObject:
    entry: JsonObject = {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": category_id,
        "bbox": _rounded(label.bbox),
        "area": round(label.bbox[2] * label.bbox[3], DECIMALS),
        "iscrowd": int(label.standing is Standing.CROWD),
    }
    if label.standing is Standing.IGNORED:
        entry["ignore"] = 1
    if label.size is not None:
        entry["size"] = label.size.value
    return entry | _keypoints(label)


def _keypoints(label: Label) -> JsonObject:
    if not label.segments():
        return {}
    ends: list[float] = []
    for segment in (label.widths.apical, label.widths.arterial, label.widths.venous):
        for point in ((0.0, 0.0), (0.0, 0.0)) if segment is None else (segment.start_px, segment.end_px):
            ends += [*(round(value, DECIMALS) for value in point), 0 if segment is None else 2]
    return {"keypoints": ends, "num_keypoints": 2 * len(label.segments())}


def _category(name: str, category_id: int) -> JsonObject:
    entry: dict[str, Any] = {"id": category_id, "name": name, "supercategory": "nailfold"}
    return entry | {"keypoints": list(KEYPOINTS), "skeleton": SKELETON}


def _rounded(box: Box) -> list[float]:
    return [round(value, DECIMALS) for value in box]
