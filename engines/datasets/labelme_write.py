"""Labels as LabelMe files, in the form that engines.datasets.labelme reads."""

import json
from pathlib import PurePosixPath
from typing import Any

from appliance.domain.keypoints import Point
from engines.datasets.labels import LabelledImage, LabelledSet, Standing
from engines.datasets.pictures import label_names

VERSION = "5.5.0"
DECIMALS = 3


def labelme_files(labelled: LabelledSet) -> dict[str, bytes]:
    """File name to content, one a picture."""
    names = label_names(labelled, ".json")
    return {name: _text(image).encode() for name, image in zip(names, labelled.images, strict=True)}


def _text(image: LabelledImage) -> str:
    return json.dumps(_document(image), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _document(image: LabelledImage) -> dict[str, Any]:
    shapes: list[dict[str, Any]] = []
    for group, label in enumerate(image.labels, start=1):
        x, y, w, h = label.bbox
        flags = {} if label.standing is Standing.TARGET else {label.standing.value: True}
        if label.size is not None:
            flags[f"size_{label.size.value}"] = True
        shapes.append(_shape(label.category, [(x, y), (x + w, y + h)], "rectangle", group, flags))
        shapes += [
            _shape(name, [segment.start_px, segment.end_px], "line", group, {})
            for name, segment in label.segments().items()
        ]
    known = {
        "um_per_px": image.um_per_px,
        "density_per_mm": image.density_per_mm,
        "subject": image.subject or None,
    }
    return {
        "version": VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": PurePosixPath(image.file_name).name,
        "imageData": None,
        "imageHeight": image.height_px,
        "imageWidth": image.width_px,
    } | {name: value for name, value in known.items() if value is not None}


def _shape(label: str, points: list[Point], kind: str, group: int, flags: dict[str, bool]) -> dict[str, Any]:
    rounded = [[round(x, DECIMALS), round(y, DECIMALS)] for x, y in points]
    return {
        "label": label,
        "points": rounded,
        "group_id": group,
        "description": "",
        "shape_type": kind,
        "flags": flags,
        "mask": None,
    }
