"""Stills larger than the network's input, searched closely enough that thin loops are not shrunk away.

A live frame is one view of the whole picture. A still has time for more: where the loops come out small in that view,
and the picture has more pixels to show, overlapping tiles of it are searched too. Where even its own pixels show them
far smaller than the loops that were trained on, as in a small picture of a whole nailfold, enlarged tiles are tried.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.counted_once import each_once
from appliance.domain.detection import BoundingBox, CapillaryDetection, Detections, HaemorrhageDetection
from appliance.inference.multi_view import MultiViewDetector
from appliance.inference.settings import InferenceSettings
from appliance.ports import Detector

LOOP_WIDTH_PX = 36.0
"""Boxes come out this wide, in input pixels, at the scale the detector knows best: the median of rendered loops, with
1.0 to 2.6 micrometres per pixel, from edge to edge of the column; and of labelled real ones at 640x480, 47."""
UM_PER_INPUT_PX = 1.3
"""The same where the scale is known."""
MIN_ZOOM = 1.4
"""Less is not worth several more looks."""
ENLARGED_FROM, MOST_ENLARGED = 1.6, 2.5
"""Where the picture's own pixels still lack the first factor to that scale, a look at enlarged ones is tried, by at
most the second."""
FAR_MORE = 1.2
"""It counts if it finds so many times the loops: 1.3 to 1.5 in 3 by 3 and 2.3 in 4 by 4 real tiles shrunk into
640x480, 0.8 to 1.1 in 2 by 2, where it finds fewer of the labels. Soft pixels that are not needed cost more than they
bring."""
CONFIDENT = 0.4
MIN_LOOPS = 4
"""Fewer confident loops say too little about the scale: the picture is then taken as it is."""
OVERLAP = 0.35
"""Of neighbouring tiles, as a share of their side: 224 input pixels, five times a loop's width."""
BORDER_SHARE = 0.01
"""A box this close to a tile's inner border, in shares of its side, is cut by it."""
MAX_TILES = 48


@dataclass(frozen=True)
class Tile:
    """A part of the picture in whole pixels, and which of its four borders lie inside the picture."""

    x: int
    y: int
    w: int
    h: int
    is_inner: tuple[bool, bool, bool, bool]

    def cuts(self, box: BoundingBox) -> bool:
        """Whether a box, in the tile's pixels, touches a border behind which the picture goes on."""
        margin_x, margin_y = BORDER_SHARE * self.w, BORDER_SHARE * self.h
        gaps = (
            box.x - margin_x,
            box.y - margin_y,
            self.w - margin_x - box.x - box.w,
            self.h - margin_y - box.y - box.h,
        )
        return any(inner and gap < 0 for inner, gap in zip(self.is_inner, gaps, strict=True))


class TiledDetector:
    """A StillDetector: one view where that is enough, tiles beside it where it is not.

    Args:
        detector: for one view.
        input_size: width and height of its input in pixels.
        settings: how overlapping boxes are told apart.
    """

    def __init__(self, detector: Detector, input_size: tuple[int, int], settings: InferenceSettings) -> None:
        self._detector = detector
        self._input_size = input_size
        self._settings = settings

    def behind(self, front: Callable[[Detector], Detector]) -> "TiledDetector":
        """The same, asking the network through `front`."""
        asked = self._detector
        detector = asked.behind(front) if isinstance(asked, MultiViewDetector) else front(asked)
        return TiledDetector(detector, self._input_size, self._settings)

    def detect(self, image_rgb: NDArray[np.uint8], um_per_px: float | None) -> Detections:
        """Everything above its threshold, best score first, in pixels of `image_rgb` (uint8 [height, width, 3])."""
        whole = self._detector.detect(image_rgb)
        height, width = image_rgb.shape[:2]
        shrink = max(width / self._input_size[0], height / self._input_size[1])
        wanted = _wanted_zoom(whole, shrink, um_per_px)
        seen = self._look_closely(image_rgb, whole, shrink, min(wanted, shrink))
        if wanted < ENLARGED_FROM * shrink:
            return seen
        enlarged = self._look_closely(image_rgb, whole, shrink, min(wanted, MOST_ENLARGED * shrink))
        return enlarged if _confident(enlarged) > FAR_MORE * _confident(seen) else seen

    def _look_closely(self, image_rgb: NDArray[np.uint8], whole: Detections, shrink: float, zoom: float) -> Detections:
        """What tiles show beside the look at the whole; that alone where the zoom is too small for more looks."""
        if zoom < MIN_ZOOM:
            return whole
        height, width = image_rgb.shape[:2]
        tiles = plan_tiles((width, height), self._input_size, shrink / zoom)
        # What is too long for the overlap of two tiles is seen uncut in the whole picture alone.
        too_long = 0.9 * OVERLAP * min(tiles[0].w, tiles[0].h)
        looks = [_long_ones(whole, too_long)]
        for tile in tiles:
            part = image_rgb[tile.y : tile.y + tile.h, tile.x : tile.x + tile.w]
            looks.append(_uncut(self._detector.detect(np.ascontiguousarray(part)), tile))
        same = self._settings.nms_iou, self._settings.nms_containment
        return Detections(
            each_once([look.capillaries for look in looks], *same),
            each_once([look.haemorrhages for look in looks], *same),
        )


def plan_tiles(size: tuple[int, int], input_size: tuple[int, int], frame_px_per_input_px: float) -> tuple[Tile, ...]:
    """Tiles that cover a picture of `size` (width, height), evenly spread, each filling the input at that scale."""
    spans = [
        _spans(length, min(length, round(side * frame_px_per_input_px)))
        for length, side in zip(size, input_size, strict=True)
    ]
    if len(spans[0]) * len(spans[1]) > MAX_TILES:
        return plan_tiles(size, input_size, 1.2 * frame_px_per_input_px)
    return tuple(
        Tile(x, y, w, h, (x > 0, y > 0, x + w < size[0], y + h < size[1])) for y, h in spans[1] for x, w in spans[0]
    )


def _spans(length: int, side: int) -> list[tuple[int, int]]:
    """Start and side of the tiles along one axis."""
    count = 1 if side >= length else 1 + math.ceil((length - side) / (side * (1 - OVERLAP)))
    starts = np.linspace(0, length - side, count)
    return [(round(float(start)), side) for start in starts]


def _confident(found: Detections) -> int:
    return sum(one.score >= CONFIDENT for one in found.capillaries)


def _wanted_zoom(whole: Detections, shrink: float, um_per_px: float | None) -> float:
    widths = [one.bbox.w for one in whole.capillaries if one.score >= CONFIDENT]
    return wanted_zoom(widths, shrink, um_per_px)


def wanted_zoom(widths: Sequence[float], shrink: float, um_per_px: float | None) -> float:
    """How much closer than the whole picture to look; below 1 it shows more than is needed.

    Args:
        widths: of the loops' boxes, in pixels of the picture.
        shrink: the picture's pixels per input pixel where it is seen whole.
        um_per_px: of the picture; None where nobody knows.
    """
    if um_per_px is not None:
        return um_per_px * shrink / UM_PER_INPUT_PX
    if len(widths) < MIN_LOOPS:
        return 1.0
    return LOOP_WIDTH_PX * shrink / float(np.median(widths))


def _long_ones(whole: Detections, length_px: float) -> Detections:
    def is_long(box: BoundingBox) -> bool:
        return max(box.w, box.h) > length_px

    return Detections(
        tuple(one for one in whole.capillaries if is_long(one.bbox)),
        tuple(one for one in whole.haemorrhages if is_long(one.bbox)),
    )


def _uncut(found: Detections, tile: Tile) -> Detections:
    """What a tile shows whole, in pixels of the picture."""

    def moved(box: BoundingBox) -> BoundingBox:
        return BoundingBox(box.x + tile.x, box.y + tile.y, box.w, box.h)

    return Detections(
        tuple(
            CapillaryDetection(moved(one.bbox), one.score, one.morphology, one.size_by_appearance)
            for one in found.capillaries
            if not tile.cuts(one.bbox)
        ),
        tuple(
            HaemorrhageDetection(moved(one.bbox), one.score) for one in found.haemorrhages if not tile.cuts(one.bbox)
        ),
    )
