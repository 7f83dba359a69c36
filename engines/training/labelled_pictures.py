"""A clinic's own labelled pictures as the detector's training reads them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import BoundingBox, Detections
from appliance.inference.letterbox import InputView, letterbox_view
from engines.accuracy.matching import iou_matrix
from engines.datasets.labels import DatasetError, Label, LabelledImage, Standing
from engines.evaluation.coco.categories import Meaning
from engines.training.cache import HEIGHT, WIDTH, Cache, Pictures

Detect = Callable[[NDArray[np.uint8]], Detections]
SAME_IOU = 0.3
"""A finding that overlaps a label by more is that label's own."""


def labelled_pictures(
    images: Sequence[LabelledImage], folder: Path, meanings: Mapping[str, Meaning], find: Detect | None
) -> Cache:
    """All pictures at the network's input size, with their labels as its truth.

    Args:
        find: given where not all that is visible is labelled: what it finds beside the labels is neither right nor
            wrong. None takes the labels as complete.

    Raises:
        DatasetError: a picture cannot be read.
    """
    pictures, truths = [], []
    for image in images:
        rgb = _read(folder / image.file_name)
        view = letterbox_view(image.width_px, image.height_px, WIDTH, HEIGHT)
        pictures.append(view.fill(rgb)[0])
        truths.append(_truth(image, meanings, view, Detections() if find is None else find(rgb)))
    return Cache(np.stack(pictures), tuple(truths))


class MixedPictures:
    """Two sources, the first as often as `share` says: own pictures, and rendered ones so that nothing is forgotten."""

    def __init__(self, own: Pictures, rendered: Pictures, share: float) -> None:
        self._own, self._rendered = own, rendered
        self._copies = max(1, round(share / (1 - share) * len(rendered) / len(own)))

    def __len__(self) -> int:
        return self._copies * len(self._own) + len(self._rendered)

    def picture(self, index: int) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Image and truth."""
        of_own = self._copies * len(self._own)
        return self._own.picture(index % len(self._own)) if index < of_own else self._rendered.picture(index - of_own)

    @property
    def truths(self) -> tuple[dict[str, Any], ...]:
        """Of all images, each once."""
        return self._own.truths + self._rendered.truths


def _truth(image: LabelledImage, meanings: Mapping[str, Meaning], view: InputView, found: Detections) -> dict[str, Any]:
    loops = [_loop(one, meanings[one.category], view) for one in image.labels if _is_loop(one, meanings)]
    patches = [
        {"bbox": _scaled(one.bbox, view), "is_ignored": one.standing is not Standing.TARGET}
        for one in image.labels
        if not _is_loop(one, meanings)
    ]
    loops += [
        {"bbox": box, "apex": _top(box), "morphology": None, "size": None, "is_ignored": True}
        for box in _beside(found, [loop["bbox"] for loop in loops], view)
    ]
    return {"loops": loops, "haemorrhages": patches}


def _is_loop(label: Label, meanings: Mapping[str, Meaning]) -> bool:
    return meanings[label.category] is not Meaning.HAEMORRHAGE


def _loop(label: Label, meaning: Meaning, view: InputView) -> dict[str, Any]:
    box = _scaled(label.bbox, view)
    return {
        "bbox": box,
        "apex": _top(box),
        "morphology": None if meaning.shape is None else meaning.shape.value,
        "size": None if label.size is None else label.size.value,
        "is_ignored": label.standing is not Standing.TARGET,
    }


def _beside(found: Detections, labelled: list[list[float]], view: InputView) -> list[list[float]]:
    """Findings that are no label's own, in input pixels."""
    boxes = [_scaled(_edges(one.bbox), view) for one in found.capillaries]
    if not boxes or not labelled:
        return boxes
    overlaps = iou_matrix(boxes, labelled).max(axis=1)
    return [box for box, overlap in zip(boxes, overlaps, strict=True) if overlap < SAME_IOU]


def _edges(box: BoundingBox) -> tuple[float, float, float, float]:
    return box.x + 0.5, box.y + 0.5, box.w, box.h


def _scaled(box: Sequence[float], view: InputView) -> list[float]:
    """A box in pixels from the picture's edge, in pixels of the input as the trainings have it: from the centre of the
    first one."""
    across, down = view.used_width_px / view.frame_width_px, view.used_height_px / view.frame_height_px
    return [box[0] * across - 0.5, box[1] * down - 0.5, box[2] * across, box[3] * down]


def _top(box: Sequence[float]) -> list[float]:
    """Where the apex is taken to lie."""
    return [box[0] + box[2] / 2, box[1]]


def _read(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DatasetError(f"{path} is not a picture that can be read")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
