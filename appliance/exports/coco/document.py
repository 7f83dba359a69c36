"""A COCO file of reviewed images: boxes, widths as keypoints, calibre, scale and subject.

The members are those that `nailfold evaluate` and `nailfold train` read (docs/evaluation.md). Coordinates count from
the picture's top-left edge, half a pixel more than the device's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.domain.analysis_result import ImageAnalysis
from appliance.domain.detection import BoundingBox
from appliance.domain.measurement import Capillary
from appliance.domain.review import ReviewedImage

CATEGORIES = ("normal", "tortuous", "ramified", "giant", "haemorrhage")
KEYPOINTS = ("apical_a", "apical_b", "arterial_a", "arterial_b", "venous_a", "venous_b")
_SKELETON = [[1, 2], [3, 4], [5, 6]]
_CENTRE_TO_EDGE = 0.5
_LABELLED = 2
_DECIMALS = 3
_SMALLEST_BOX_PX = 1.0
Json = dict[str, Any]


@dataclass(frozen=True)
class CocoPicture:
    """One image under its name in the data set.

    Attributes:
        file_name: relative to the data set's pictures.
        subject: a random pseudonym made for this data set alone; the same for all pictures of one patient.
        was_counted_by_a_person: the exam was validated, so that its density is a person's count.
    """

    file_name: str
    subject: str
    image: ReviewedImage
    was_counted_by_a_person: bool


def coco_document(pictures: Sequence[CocoPicture]) -> Json:
    """The file in plain JSON types; ids count from 1. Boxes are cut at the picture's edge."""
    annotations: list[Json] = []
    for image_id, picture in enumerate(pictures, 1):
        for found in _annotations(picture.image.analysis):
            annotations.append({"id": len(annotations) + 1, "image_id": image_id, **found})
    categories = [
        {"id": at, "name": name, "supercategory": "nailfold", "keypoints": list(KEYPOINTS), "skeleton": _SKELETON}
        for at, name in enumerate(CATEGORIES, 1)
    ]
    images = [_image(image_id, picture) for image_id, picture in enumerate(pictures, 1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def _image(image_id: int, picture: CocoPicture) -> Json:
    analysed = picture.image.analysis
    density = analysed.metrics.density_per_mm if picture.was_counted_by_a_person else None
    known = {"um_per_px": analysed.um_per_px, "density_per_mm": density}
    return {
        "id": image_id,
        "file_name": picture.file_name,
        "width": analysed.width_px,
        "height": analysed.height_px,
        "subject": picture.subject,
        **{name: round(value, 6) for name, value in known.items() if value is not None},
    }


def _annotations(analysed: ImageAnalysis) -> Iterable[Json]:
    size_px = (analysed.width_px, analysed.height_px)
    for loop in analysed.capillaries:
        if (box := _box(loop.bbox, *size_px)) is not None:
            yield {**_boxed(box, loop.morphology.value), "size": loop.size.value, **_keypoints(loop)}
    for patch in analysed.haemorrhages:
        if (box := _box(patch.bbox, *size_px)) is not None:
            yield _boxed(box, "haemorrhage")


def _boxed(box: list[float], category: str) -> Json:
    area = round(box[2] * box[3], _DECIMALS)
    return {"category_id": CATEGORIES.index(category) + 1, "bbox": box, "area": area, "iscrowd": 0}


def _box(box: BoundingBox, width_px: int, height_px: int) -> list[float] | None:
    """None where nothing of it lies in the picture."""
    left, top = max(0.0, box.x + _CENTRE_TO_EDGE), max(0.0, box.y + _CENTRE_TO_EDGE)
    right = min(float(width_px), box.x + box.w + _CENTRE_TO_EDGE)
    bottom = min(float(height_px), box.y + box.h + _CENTRE_TO_EDGE)
    if right - left < _SMALLEST_BOX_PX or bottom - top < _SMALLEST_BOX_PX:
        return None
    return [round(value, _DECIMALS) for value in (left, top, right - left, bottom - top)]


def _keypoints(loop: Capillary) -> Json:
    ends: list[float] = []
    for width in loop.named_widths.values():
        if width is None:
            ends += [0.0, 0.0, 0] * 2
            continue
        for x, y in (width.segment.start_px, width.segment.end_px):
            ends += [round(x + _CENTRE_TO_EDGE, _DECIMALS), round(y + _CENTRE_TO_EDGE, _DECIMALS), _LABELLED]
    return {"keypoints": ends, "num_keypoints": 2 * len(loop.widths)} if loop.widths else {}
