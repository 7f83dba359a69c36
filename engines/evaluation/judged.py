"""Real pictures in which every proposal was judged by eye: what is a loop, what is faint, what is none.

The file: `{"pictures": [{"file_name", "objects": [{"kind", "source", "bbox", "why"?}]}]}`, boxes x, y, w, h from the
edge of the picture's first pixel; kinds "loop", "ignore" (faint, covered or ambiguous) and "not_loop", with why.
Such pictures judge and are never trained on.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.accuracy.matching import ImageMatch, iou_matrix, match

FloatArray = NDArray[np.float64]
WIDTH, HEIGHT = 640, 480
"""Smaller pictures are enlarged to this, as a still of an ordinary scope has it."""
IGNORED_IOU, IGNORED_INSIDE = 0.3, 0.6
"""A finding that overlaps something ignored by the first, or lies in it by the second, counts neither way."""
KINDS_IOU = 0.3
INSIDE_SHARE = 0.6
"""A false box that lies in a loop's box by this share is a piece of it or a double."""


@dataclass(frozen=True)
class JudgedPicture:
    """A picture and what is in it; boxes [N, 4] x, y, w, h, origin at the centre of the first pixel.

    Attributes:
        image_rgb: uint8 [height, width, 3].
        loops: are to be found.
        is_tight: [N] of the loops; their boxes were drawn at the column's outer edges, the others' more loosely.
        ignored: neither right nor wrong to find.
        others: judged to be no loop, and why.
    """

    name: str
    image_rgb: NDArray[np.uint8]
    loops: FloatArray
    is_tight: NDArray[np.bool_]
    ignored: FloatArray
    others: FloatArray
    reasons: tuple[str, ...]


def read_judged(path: Path, images: Path) -> list[JudgedPicture]:
    """The pictures of the file; each lies in `images` or in the folder above it."""
    pictures = []
    for entry in json.loads(path.read_text())["pictures"]:
        name = Path(entry["file_name"]).name
        place = images / name if (images / name).exists() else images.parent / name
        image = cv2.cvtColor(cv2.imread(str(place)), cv2.COLOR_BGR2RGB)
        scale = np.ones(2)
        if image.shape[1] < WIDTH:
            scale = np.array([WIDTH / image.shape[1], HEIGHT / image.shape[0]])
            image = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        objects = entry["objects"]
        loops = [one for one in objects if one["kind"] == "loop"]
        others = [one for one in objects if one["kind"] == "not_loop"]
        pictures.append(
            JudgedPicture(
                name=Path(name).stem,
                image_rgb=np.asarray(image, dtype=np.uint8),
                loops=_boxes(loops, scale),
                is_tight=np.array([one["source"] != "label" for one in loops], dtype=bool),
                ignored=_boxes([one for one in objects if one["kind"] == "ignore"], scale),
                others=_boxes(others, scale),
                reasons=tuple(one["why"] for one in others),
            )
        )
    return pictures


def judge(boxes: FloatArray, scores: FloatArray, picture: JudgedPicture, min_iou: float) -> ImageMatch:
    """Findings of one picture, best first, right, wrong or left out."""
    plain = match(boxes, scores, picture.loops, np.zeros((0, 4)), min_iou)
    in_order = boxes[np.argsort(-scores, kind="stable")]
    over = (iou_matrix(in_order, picture.ignored) >= IGNORED_IOU).any(axis=1)
    over |= (inside_share(in_order, picture.ignored) >= IGNORED_INSIDE).any(axis=1)
    return ImageMatch(plain.scores, plain.truth_index, over & (plain.truth_index < 0), plain.targets)


def kind_of_false(box: FloatArray, picture: JudgedPicture) -> str:
    """Where a false box lies: in a loop that is boxed, on something judged before (with its reason), or whereabouts."""
    if len(picture.loops) and inside_share(box[None], picture.loops).max() >= INSIDE_SHARE:
        return "piece or double"
    overlaps = iou_matrix(box[None], picture.others)
    if overlaps.size and overlaps.max() >= KINDS_IOU:
        return picture.reasons[int(overlaps.argmax())]
    if not len(picture.loops):
        return "elsewhere"
    tops = picture.loops[:, 1]
    if box[1] + box[3] < tops.min() + 0.1 * np.median(picture.loops[:, 3]):
        return "above the row"
    return "below" if box[1] > float(np.median(tops + picture.loops[:, 3])) else "elsewhere"


def inside_share(boxes: FloatArray, holders: FloatArray) -> FloatArray:
    """Share of each box's area inside each holder: [N, 4] against [M, 4] gives [N, M]."""
    low = np.maximum(boxes[:, None, :2], holders[None, :, :2])
    high = np.minimum((boxes[:, :2] + boxes[:, 2:])[:, None], (holders[:, :2] + holders[:, 2:])[None])
    common = np.clip(high - low, 0, None).prod(axis=2)
    return np.asarray(common / np.maximum(boxes[:, 2:].prod(axis=1)[:, None], 1e-9))


def _boxes(objects: list[dict[str, list[float]]], scale: FloatArray) -> FloatArray:
    boxes = np.array([one["bbox"] for one in objects], dtype=np.float64).reshape(-1, 4)
    return np.asarray(boxes * (*scale, *scale) - (0.5, 0.5, 0.0, 0.0))
