"""Real pictures restored from labelled sheets (docs/decisions), as the detector's training reads them.

A folder with `images`, and `annotations.json` in COCO form; labels carry `occluded_fraction` and `is_cut_sides`, images
`scale_to_original`. Not all that is visible is labelled.
"""

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import CapillaryDetection, Detections
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from engines.accuracy.matching import iou_matrix
from engines.evaluation.judged import inside_share

MOST_OCCLUDED = 0.7
"""A label more filled in than this says nothing of how a loop looks."""
SAME_IOU = 0.3
"""A finding that overlaps a label by this is the label's own; its sides are the column's, where labels are loose."""
LOOSE = 0.1
"""Labels are 1.24 times as wide as the column (judged pictures of the same source): so much is cut off each side."""
SURE_ENOUGH = 0.4
SURE = 0.85
"""What is found beside the labels with this score is taken for a loop; what is less sure is neither right nor wrong."""
UNLABELLED = Path(__file__).with_name("restored_unlabelled.json")
"""Boxes by file name around what may be a loop and is neither labelled nor found; seen by eye."""
HELD_SHARE = 0.8
"""A label that holds so much of another one, or of two findings, is several loops in one box."""
LEAST_SCORE = 0.12
"""Below this a finding is nothing."""
LEAST_CONTRAST = 0.2
"""Nobody knows how dark these loops are: they are not made so flat that a pale one could vanish."""
KNOWN_SHAPES = {"tortuous": "tortuous", "bushy": "ramified"}
NARROW_SHAPES = {"hairpin": "normal", "crossing": "normal"}
"""Category to shape. Limbs that cross are a normal loop's too. The data set does not tell a giant apart, so the second
table holds for narrow loops alone."""
NARROW_PX = 65
"""Of an original 640 px wide; 85 um at that scope's 1.3 um/px. A column of 50 um twice, with no gap, is wider."""


def open_restored(folder: Path, weights: Path) -> "RestoredPictures":
    """The pictures, with what the detector in `weights` finds beside their labels."""
    # In a process of its own: OpenCV's threads do not survive the fork into the workers that draw samples.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_open, folder, weights).result()


def _open(folder: Path, weights: Path) -> "RestoredPictures":
    settings = replace(InferenceSettings(weights_dir=weights), min_score_capillary=LEAST_SCORE)
    engines = load_engine_set(settings, "training")
    assert engines.stills is not None
    entries = json.loads((folder / "annotations.json").read_text())["images"]
    found = {one["file_name"]: engines.stills.detect(_read(folder, one), None) for one in entries}
    return RestoredPictures(folder, found)


def _read(folder: Path, entry: dict[str, Any]) -> NDArray[np.uint8]:
    image = cv2.imread(str(folder / "images" / entry["file_name"]))
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


class RestoredPictures:
    """All pictures in memory, each at its own size, with `scale`: its pixels per pixel of the 640x480 original."""

    def __init__(self, folder: Path, found: dict[str, Detections]) -> None:
        document = json.loads((folder / "annotations.json").read_text())
        names = {one["id"]: one["name"] for one in document["categories"]}
        unlabelled: dict[str, list[list[float]]] = json.loads(UNLABELLED.read_text())
        self._images: list[NDArray[np.uint8]] = []
        truths = []
        for entry in document["images"]:
            labels = [one for one in document["annotations"] if one["image_id"] == entry["id"]]
            self._images.append(_read(folder, entry))
            scale = entry["scale_to_original"] or 1.0
            shapes = [_shape(names[one["category_id"]], one["bbox"][2] / scale) for one in labels]
            loops = _loops(labels, shapes, found[entry["file_name"]].capillaries)
            loops += [_loop(np.array(box), None, is_ignored=True) for box in unlabelled.get(entry["file_name"], [])]
            truths.append({"loops": loops, "haemorrhages": [], "scale": scale, "least_contrast": LEAST_CONTRAST})
        self.truths: tuple[dict[str, Any], ...] = tuple(truths)

    def __len__(self) -> int:
        return len(self._images)

    def picture(self, index: int) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Image and truth."""
        return self._images[index], self.truths[index]


def _shape(category: str, width_px: float) -> str | None:
    """What a label says of its loop's shape; `width_px` is the box's in the original."""
    known = KNOWN_SHAPES.get(category)
    return NARROW_SHAPES.get(category) if known is None and width_px <= NARROW_PX else known


def _loops(
    labels: list[dict[str, Any]], shapes: list[str | None], found: tuple[CapillaryDetection, ...]
) -> list[dict[str, Any]]:
    boxes = np.array([one["bbox"] for one in labels], dtype=np.float64).reshape(-1, 4) - (0.5, 0.5, 0, 0)
    findings = np.array([(one.bbox.x, one.bbox.y, one.bbox.w, one.bbox.h) for one in found]).reshape(-1, 4)
    overlaps = iou_matrix(boxes, findings)
    sure = findings[[one.score >= SURE_ENOUGH for one in found]]
    loops = []
    for label, shape, box, row in zip(labels, shapes, boxes, overlaps, strict=True):
        is_several = _held(boxes, box) > 1 or _held(sure, box) > 1
        tight = box + np.array([LOOSE, 0, -2 * LOOSE, 0]) * box[2]
        if row.size and row.max() >= SAME_IOU:
            tight[[0, 2]] = findings[row.argmax()][[0, 2]]
        left, top, right, _ = label["is_cut_sides"]
        is_ignored = label["occluded_fraction"] > MOST_OCCLUDED or left or top or right or is_several
        loops.append(_loop(tight, shape, is_ignored=bool(is_ignored)))
    is_beside = overlaps.max(axis=0, initial=0.0) < SAME_IOU
    loops += [
        _loop(box, None, is_ignored=one.score < SURE)
        for box, one, beside in zip(findings, found, is_beside, strict=True)
        if beside
    ]
    return loops


def _held(boxes: NDArray[np.float64], holder: NDArray[np.float64]) -> int:
    """How many of the boxes lie in the holder; a box lies in itself."""
    return int((inside_share(boxes, holder[None]) >= HELD_SHARE).sum())


def _loop(box: NDArray[np.float64], shape: str | None, *, is_ignored: bool) -> dict[str, Any]:
    x, y, w, h = (float(v) for v in box)
    return {
        "bbox": [x, y, w, h],
        "apex": [x + w / 2, y],
        "morphology": shape,
        "size": None,
        "is_ignored": is_ignored,
    }
