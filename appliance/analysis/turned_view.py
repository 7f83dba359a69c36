"""A picture turned about its centre so that its loops stand upright, and what is found there turned back.

Points and segments turn exactly. A box stays upright in each picture, so a turned one is drawn anew: as narrow as the
shape it holds allows, which for a loop is an arch and for a haemorrhage an ellipse.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.measure import MeasuredLoop
from appliance.domain.detection import BoundingBox, CapillaryDetection, Detections, HaemorrhageDetection
from appliance.domain.keypoints import LoopKeypoints, Point, WidthSegment
from appliance.domain.measurement import MeasuredWidth

Extent: TypeAlias = Callable[[float, float, float], tuple[float, float, float, float]]
"""Width, height and turn of a box to the left, top, right and bottom of the turned one, about its middle."""

FOOT = 1 / 6
"""Radius of a limb's lower end in widths of the loop's box: a limb is about a third of it wide."""
SOFT_CELLS, SOFT_SIGMA = 16, 4.0
"""The corners that a turn leaves empty show the border's colours, averaged over so many pixels times so many cells:
neither an edge nor a vessel, mirrored or drawn out, may arise there."""
GRAIN = np.random.default_rng(0).integers(-2, 3, (64, 64, 3), dtype=np.int16)
"""Added there: the steps from level to level of a smooth area without grain would be lines under local contrast."""


@dataclass(frozen=True)
class TurnedView:
    """How a picture of `width_px` by `height_px` is turned.

    Attributes:
        turn_rad: clockwise turn of the finger on the screen; the view undoes it.
        view_width_px, view_height_px: of the turned picture, which holds the whole one.
    """

    width_px: int
    height_px: int
    turn_rad: float
    view_width_px: int
    view_height_px: int

    def show(self, image_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The turned picture, uint8 RGB; exact for quarter turns, and the picture itself without a turn."""
        if not self.turn_rad:
            return image_rgb
        size = (self.view_width_px, self.view_height_px)
        matrix = self._to_view()
        seen = cv2.warpAffine(image_rgb, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        is_inside = self.inside()
        if is_inside.all():
            return np.asarray(seen, dtype=np.uint8)
        coarse = (max(1, size[0] // SOFT_CELLS), max(1, size[1] // SOFT_CELLS))
        around = cv2.GaussianBlur(cv2.resize(seen, coarse, interpolation=cv2.INTER_AREA), (0, 0), SOFT_SIGMA)
        around = cv2.resize(around, size, interpolation=cv2.INTER_LINEAR).astype(np.int16)
        repeats = (size[1] // GRAIN.shape[0] + 1, size[0] // GRAIN.shape[1] + 1, 1)
        around = np.clip(around + np.tile(GRAIN, repeats)[: size[1], : size[0]], 0, 255)
        return np.asarray(np.where(is_inside[:, :, None], seen, around), dtype=np.uint8)

    def inside(self) -> NDArray[np.bool_]:
        """Where the view shows the picture and no empty corner, bool [height, width] of the view."""
        whole = np.full((self.height_px, self.width_px), 255, np.uint8)
        seen = cv2.warpAffine(whole, self._to_view(), (self.view_width_px, self.view_height_px))
        return np.asarray(seen >= 128)

    def point_back(self, point: Point) -> Point:
        """A point of the view in pixels of the picture."""
        x, y = point[0] - (self.view_width_px - 1) / 2, point[1] - (self.view_height_px - 1) / 2
        cos, sin = math.cos(self.turn_rad), math.sin(self.turn_rad)
        return cos * x - sin * y + (self.width_px - 1) / 2, sin * x + cos * y + (self.height_px - 1) / 2

    def shown_of(self, found: Detections) -> Detections:
        """What was found in the picture, and not in the corners that the view adds; in pixels of the view."""
        if not self.turn_rad:
            return found
        return Detections(
            tuple(one for one in found.capillaries if self.shows(one.bbox)),
            tuple(one for one in found.haemorrhages if self.shows(one.bbox)),
        )

    def detections_back(self, found: Detections) -> Detections:
        """What was found in the view, in pixels of the picture; what lies outside of it is left out."""
        if not self.turn_rad:
            return found
        shown = self.shown_of(found)
        return Detections(
            tuple(self._loop_back(one) for one in shown.capillaries), self.haemorrhages_back(shown.haemorrhages)
        )

    def haemorrhages_back(self, found: Sequence[HaemorrhageDetection]) -> tuple[HaemorrhageDetection, ...]:
        """The same for haemorrhages alone."""
        if not self.turn_rad:
            return tuple(found)
        kept = (one for one in found if self.shows(one.bbox))
        return tuple(replace(one, bbox=self._box_back(one.bbox, ellipse_extent)) for one in kept)

    def loops_back(self, loops: Sequence[MeasuredLoop]) -> tuple[MeasuredLoop, ...]:
        """Measured loops in pixels of the picture; lengths stay, since a turn changes none."""
        if not self.turn_rad:
            return tuple(loops)
        return tuple(
            replace(
                loop,
                detection=self._loop_back(loop.detection),
                apex_px=None if loop.apex_px is None else self.point_back(loop.apex_px),
                apical=self._width_back(loop.apical),
                arterial=self._width_back(loop.arterial),
                venous=self._width_back(loop.venous),
            )
            for loop in loops
            if self.shows(loop.bbox)
        )

    def keypoints_back(self, found: Sequence[LoopKeypoints]) -> tuple[LoopKeypoints, ...]:
        """End points of widths in pixels of the picture."""
        if not self.turn_rad:
            return tuple(found)
        return tuple(
            LoopKeypoints(
                self._segment_back(one.apical), self._segment_back(one.arterial), self._segment_back(one.venous)
            )
            for one in found
        )

    def shows(self, box: BoundingBox) -> bool:
        """Whether the middle of a box of the view lies in the picture."""
        x, y = self.point_back(box.centre)
        return -0.5 <= x <= self.width_px - 0.5 and -0.5 <= y <= self.height_px - 0.5

    def _to_view(self) -> NDArray[np.float64]:
        cos, sin = math.cos(self.turn_rad), math.sin(self.turn_rad)
        turn = np.array([[cos, sin], [-sin, cos]])
        centre = np.array([(self.width_px - 1) / 2, (self.height_px - 1) / 2])
        middle = np.array([(self.view_width_px - 1) / 2, (self.view_height_px - 1) / 2])
        return np.column_stack([turn, middle - turn @ centre])

    def _loop_back(self, loop: CapillaryDetection) -> CapillaryDetection:
        return replace(loop, bbox=self._box_back(loop.bbox, arch_extent))

    def _width_back(self, width: MeasuredWidth | None) -> MeasuredWidth | None:
        if width is None:
            return None
        return replace(width, segment=self._segment_back(width.segment))

    @overload
    def _segment_back(self, segment: WidthSegment) -> WidthSegment: ...

    @overload
    def _segment_back(self, segment: None) -> None: ...

    def _segment_back(self, segment: WidthSegment | None) -> WidthSegment | None:
        if segment is None:
            return None
        return WidthSegment(self.point_back(segment.start_px), self.point_back(segment.end_px))

    def _box_back(self, box: BoundingBox, extent: Extent) -> BoundingBox:
        """The upright box of the same shape in the picture, cut at its borders."""
        x, y = self.point_back(box.centre)
        left, top, right, bottom = extent(box.w, box.h, self.turn_rad)
        x0, x1 = (float(np.clip(x + side, -0.5, self.width_px - 0.5)) for side in (left, right))
        y0, y1 = (float(np.clip(y + side, -0.5, self.height_px - 0.5)) for side in (top, bottom))
        return BoundingBox(x0, y0, x1 - x0, y1 - y0)


def view_of_turn(width_px: int, height_px: int, turn_rad: float) -> TurnedView:
    """The view that holds the whole picture, its finger turned by `turn_rad`, upright."""
    cos, sin = abs(math.cos(turn_rad)), abs(math.sin(turn_rad))
    # Quarter turns must not gain a pixel from the sine's last digit.
    width = math.ceil(width_px * cos + height_px * sin - 1e-6)
    height = math.ceil(width_px * sin + height_px * cos - 1e-6)
    return TurnedView(width_px, height_px, turn_rad, width, height)


def arch_extent(w: float, h: float, turn_rad: float) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of an upright arch's box after a clockwise turn about its middle.

    The arch fills a box of w by h: a half circle on top, the ends of two limbs at the bottom corners. One wider than
    high is taken for an ellipse. No turn gives the box itself.
    """
    if h < w:
        return ellipse_extent(w, h, turn_rad)
    foot = FOOT * w
    circles = np.array(
        [[0.0, w / 2 - h / 2, w / 2], [foot - w / 2, h / 2 - foot, foot], [w / 2 - foot, h / 2 - foot, foot]]
    )
    cos, sin = math.cos(turn_rad), math.sin(turn_rad)
    at = circles[:, :2] @ np.array([[cos, sin], [-sin, cos]])
    low, high = (at - circles[:, 2:]).min(axis=0), (at + circles[:, 2:]).max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def ellipse_extent(w: float, h: float, turn_rad: float) -> tuple[float, float, float, float]:
    """The same for an ellipse that fills the box."""
    cos, sin = math.cos(turn_rad), math.sin(turn_rad)
    x, y = math.hypot(w / 2 * cos, h / 2 * sin), math.hypot(w / 2 * sin, h / 2 * cos)
    return -x, -y, x, y
