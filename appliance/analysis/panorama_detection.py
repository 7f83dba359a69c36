"""A detector for pictures larger than a camera's frame: searched piece by piece, each loop found once."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.counted_once import each_once
from appliance.domain.detection import BoundingBox, CapillaryDetection, Detections, HaemorrhageDetection
from appliance.ports import Detector

OVERLAP = 0.4
"""Of two neighbouring tiles, in tile sides: wider than any loop, so that each is whole in one of them."""

ENOUGH_OF_TILE = 1.25
"""A picture up to so many times a tile's side is searched in one piece along it."""

CUT_PX = 3.0
"""A box that ends so near to a tile's inner border is cut there; the neighbouring tile has it whole."""


class PanoramaDetector:
    """A `Detector` around another one.

    Args:
        detector: for pictures of about the tile's size.
        tile_px: width and height that the inner detector is used to: the camera's frame.
    """

    def __init__(self, detector: Detector, tile_px: tuple[int, int]) -> None:
        self._detector = detector
        self._tile_px = tile_px

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        """Boxes in pixels of the whole picture; best first."""
        height, width = image_rgb.shape[:2]
        capillaries: list[list[CapillaryDetection]] = []
        haemorrhages: list[list[HaemorrhageDetection]] = []
        for (left, right), (top, bottom) in product(_spans(width, self._tile_px[0]), _spans(height, self._tile_px[1])):
            found = self._detector.detect(np.ascontiguousarray(image_rgb[top:bottom, left:right]))
            inner = (left > 0, top > 0, right < width, bottom < height)
            size = (right - left, bottom - top)
            uncut = [one for one in found.capillaries if not _is_cut(one.bbox, size, inner)]
            capillaries.append([replace(one, bbox=_moved(one.bbox, left, top)) for one in uncut])
            # Haemorrhages adjoin one another and may be wider than the overlap: a cut one still counts.
            haemorrhages.append([replace(one, bbox=_moved(one.bbox, left, top)) for one in found.haemorrhages])
        return Detections(each_once(capillaries), each_once(haemorrhages))


def _spans(length: int, tile: int) -> list[tuple[int, int]]:
    """Begin and end of the pieces of one side, evenly overlapping."""
    if length <= ENOUGH_OF_TILE * tile:
        return [(0, length)]
    pieces = math.ceil((length - tile) / (tile * (1 - OVERLAP))) + 1
    begins = np.linspace(0, length - tile, pieces).round().astype(int)
    return [(int(begin), int(begin) + tile) for begin in begins]


def _is_cut(box: BoundingBox, size: tuple[int, int], inner: tuple[bool, bool, bool, bool]) -> bool:
    near = (
        box.x < CUT_PX,
        box.y < CUT_PX,
        box.x + box.w > size[0] - CUT_PX,
        box.y + box.h > size[1] - CUT_PX,
    )
    return any(is_inner and is_near for is_inner, is_near in zip(inner, near, strict=True))


def _moved(box: BoundingBox, dx: float, dy: float) -> BoundingBox:
    return BoundingBox(box.x + dx, box.y + dy, box.w, box.h)
