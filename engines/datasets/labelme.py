"""LabelMe: one JSON file a picture, a rectangle or polygon a label, a line a width.

A loop's widths are shapes of type "line" named apical, arterial or venous that share its `group_id`. Flags of a
rectangle say `ignored`, `crowd`, `size_normal`, `size_enlarged` or `size_giant`. `um_per_px`, `density_per_mm` and
`subject` stand beside the picture's size, where LabelMe keeps them.
"""

import posixpath
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from appliance.domain.bounded_json import bounded_loads
from appliance.domain.detection import SizeClass
from appliance.domain.keypoints import LoopKeypoints, Point, WidthSegment
from appliance.foreign_files.names import shown
from appliance.foreign_files.text import read_text
from appliance.foreign_files.walk import walk
from engines.datasets.coco_fields import Fields
from engines.datasets.labels import (
    WIDTH_NAMES,
    Box,
    DatasetError,
    Label,
    LabelledImage,
    LabelledSet,
    Reading,
    Standing,
    check_box,
)


def read_labelme(folder: Path) -> Reading:
    """Every *.json of a folder and its sub-folders. Raises DatasetError where there is none."""
    walked = walk(folder)
    found = [item for item in [*walked.files, *walked.empty] if item.path.suffix.casefold() == ".json"]
    if not found:
        raise DatasetError(f"no LabelMe file (*.json) in {folder}", "Name the folder the labels were saved in.")
    images: list[LabelledImage] = []
    problems = list(walked.problems)
    for item in sorted(found, key=lambda one: one.below):
        try:
            images.append(_read_one(item.path, PurePosixPath(item.below).parent))
        except DatasetError as error:
            problems.append(f"cannot use {item.path}: {error.message}")
    names = {label.category: None for image in images for label in image.labels}
    return Reading(LabelledSet(tuple(images), tuple(sorted(names))), problems)


def _read_one(path: Path, folder: PurePosixPath) -> LabelledImage:
    try:
        document = bounded_loads(read_text(path), refuses_twice=True)
    except OSError as error:
        raise DatasetError(str(error.strerror)) from error
    except ValueError as error:
        raise DatasetError(f"not JSON ({str(error)[:100]})") from error
    return image_of(document, folder)


def image_of(document: Any, folder: PurePosixPath) -> LabelledImage:
    """The labels of one file's JSON, which lies in `folder`. Raises DatasetError naming the place in it."""
    fields = Fields(document, "the file")
    size_px = fields.whole("imageWidth", 1), fields.whole("imageHeight", 1)
    shapes = fields.objects("shapes")
    lines = _lines(document["shapes"], shapes)
    boxes = [(shape, values) for shape, values in zip(shapes, document["shapes"], strict=True) if not _is_line(values)]
    labels = tuple(_label(shape, values, lines, size_px) for shape, values in boxes)
    if lines:
        raise DatasetError(f"widths of group {next(iter(lines))} belong to no rectangle")
    return LabelledImage(
        file_name=_picture(fields.text("imagePath"), folder),
        width_px=size_px[0],
        height_px=size_px[1],
        labels=labels,
        um_per_px=fields.positive("um_per_px"),
        density_per_mm=fields.positive("density_per_mm", or_zero=True),
        subject=fields.optional_text("subject"),
    )


def _picture(written: str, folder: PurePosixPath) -> str:
    """The picture's path below the data set: LabelMe writes it from its JSON file, with either kind of slash.

    An absolute path, or one that leads out of the data set, is of another computer: the picture is then taken to lie
    beside its JSON file.
    """
    plain = PurePosixPath(written.replace("\\", "/"))
    is_foreign = plain.is_absolute() or bool(PureWindowsPath(written).drive)
    inner = posixpath.normpath(folder / plain)
    if is_foreign or inner == ".." or inner.startswith("../"):
        inner = str(folder / plain.name)
    return shown(inner)


def _lines(values: list[dict[str, Any]], shapes: list[Fields]) -> dict[int, dict[str, WidthSegment]]:
    """Widths by group and name."""
    found: dict[int, dict[str, WidthSegment]] = {}
    for value, shape in zip(values, shapes, strict=True):
        if not _is_line(value):
            continue
        name = shape.text("label")
        points = _points(shape, value)
        if name not in WIDTH_NAMES or len(points) != 2:
            raise shape.refuse("label", f"a line of two points named {', '.join(WIDTH_NAMES)}")
        group = found.setdefault(shape.whole("group_id"), {})
        if name in group:
            raise shape.refuse("label", f"only one {name} width in a group")
        group[name] = WidthSegment(points[0], points[1])
    return found


def _label(
    shape: Fields, value: dict[str, Any], lines: dict[int, dict[str, WidthSegment]], size_px: tuple[int, int]
) -> Label:
    # LabelMe before 3.4 had polygons alone and did not say so.
    if (value.get("shape_type") or "polygon") not in ("rectangle", "polygon"):
        raise shape.refuse("shape_type", "rectangle, polygon or line")
    points = _points(shape, value)
    if value.get("shape_type") != "rectangle" and len(points) < 3:
        raise shape.refuse("points", "three points or more")
    box = _box(points)
    if problem := check_box(box, *size_px):
        raise DatasetError(f"{shape.place}: {problem}")
    group = value.get("group_id")
    widths = lines.pop(shape.whole("group_id"), {}) if group is not None else {}
    flags = shape.flags()
    sizes = [size for size in SizeClass if f"size_{size.value}" in flags]
    if len(sizes) > 1:
        raise shape.refuse("flags", "at most one size")
    standing = next((one for one in (Standing.CROWD, Standing.IGNORED) if one.value in flags), Standing.TARGET)
    keypoints = LoopKeypoints(*(widths.get(name) for name in WIDTH_NAMES))
    return Label(shape.text("label"), box, keypoints, sizes[0] if sizes else None, standing)


def _is_line(value: Any) -> bool:
    return isinstance(value, dict) and value.get("shape_type") == "line"


def _points(shape: Fields, value: dict[str, Any]) -> list[Point]:
    points = value.get("points")
    if not isinstance(points, list) or len(points) < 2:
        raise shape.refuse("points", "two points or more")
    pairs = [Fields({"point": point}, f"{shape.place}.points").numbers("point", 2) for point in points]
    return [(x, y) for x, y in pairs]


def _box(points: list[Point]) -> Box:
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
