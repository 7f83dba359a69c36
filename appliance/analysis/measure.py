"""Widths in pixels and micrometres from the keypoint network's segments, and the refusal of impossible ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.domain.calibration import Calibration
from appliance.domain.detection import BoundingBox, CapillaryDetection, Row
from appliance.domain.keypoints import LoopKeypoints, Point, WidthSegment
from appliance.domain.measurement import Capillary, MeasuredWidth

MIN_WIDTH_PX = 1.0
"""A shorter segment is no column: the two end points fell together."""

BOX_MARGIN = 0.25
"""How far an end point may lie outside the box, in longer sides of the box; the keypoint crop shows about that much."""

MIN_MARGIN_PX = 4.0
"""The same for tiny boxes, where the detector's own error is larger than a quarter of the box."""

WIDEST_OF_BOX = 1.1
"""Widest column, in shorter sides of the box: a loop holds its column at least once across, give or take the box."""


@dataclass(frozen=True)
class MeasuredLoop:
    """A detected loop on its way through the stages.

    Attributes:
        detection: box, score and classes; the classes are smoothed once the loop is tracked.
        apex_px: outer end of the apical segment; None where that is not measurable.
        apical, arterial, venous: None where not measurable in this frame.
        row: OTHER until the distal row has been found.
        track_id: None for a still and for a loop that is not yet confirmed.
    """

    detection: CapillaryDetection
    apex_px: Point | None
    apical: MeasuredWidth | None
    arterial: MeasuredWidth | None
    venous: MeasuredWidth | None
    row: Row = Row.OTHER
    track_id: int | None = None

    def in_row(self, row: Row) -> "MeasuredLoop":
        """The same loop in that row."""
        # Not dataclasses.replace: it takes four times as long, for every loop of every frame.
        return MeasuredLoop(self.detection, self.apex_px, self.apical, self.arterial, self.venous, row, self.track_id)

    @property
    def bbox(self) -> BoundingBox:
        return self.detection.bbox

    @property
    def widths(self) -> tuple[MeasuredWidth, ...]:
        """The measurable ones."""
        return tuple([width for width in (self.apical, self.arterial, self.venous) if width is not None])


def loop_of(capillary: Capillary) -> MeasuredLoop:
    """The capillary as a loop whose calibre and row may be decided anew.

    The shape and calibre by appearance are not kept once widths have spoken; what was decided then stands in for them.
    """
    return MeasuredLoop(
        detection=CapillaryDetection(capillary.bbox, capillary.score, capillary.morphology, capillary.size),
        apex_px=capillary.apex_px,
        apical=capillary.apical,
        arterial=capillary.arterial,
        venous=capillary.venous,
        row=capillary.row,
        track_id=capillary.track_id,
    )


def usable_calibration(calibration: Calibration | None, width_px: int, height_px: int) -> Calibration | None:
    """The calibration if it holds for frames of this size, else None: a wrong scale shows no sign of being wrong."""
    if calibration is None or (calibration.width_px, calibration.height_px) != (width_px, height_px):
        return None
    return calibration


def measure_loop(detection: CapillaryDetection, keypoints: LoopKeypoints, um_per_px: float | None) -> MeasuredLoop:
    """One loop with every width that is measurable.

    Args:
        um_per_px: scale of the full frame; None leaves micrometres None, never a default.
    """
    possible = PossibleWidths(detection.bbox)
    apical, arterial, venous = (
        possible.measured(segment, um_per_px) for segment in (keypoints.apical, keypoints.arterial, keypoints.venous)
    )
    return MeasuredLoop(detection, None if apical is None else apical.segment.start_px, apical, arterial, venous)


def measure_loops(
    detections: Sequence[CapillaryDetection], keypoints: Sequence[LoopKeypoints], um_per_px: float | None
) -> tuple[MeasuredLoop, ...]:
    """Every detection measured, in the same order.

    Raises:
        ValueError: there is not exactly one set of keypoints per detection.
    """
    return tuple(measure_loop(d, k, um_per_px) for d, k in zip(detections, keypoints, strict=True))


def is_possible_width(segment: WidthSegment, box: BoundingBox) -> bool:
    """Whether a segment can be a width of the loop in `box`: not a point, near the box, no wider than the loop.

    All three widths, the apical one too, run across the column and not along the loop, so none can exceed the box's
    shorter side, however the picture is rolled.
    """
    return PossibleWidths(box).measured(segment, None) is not None


class PossibleWidths:
    """What a box allows its widths (`is_possible_width`), computed once for all of them."""

    def __init__(self, box: BoundingBox) -> None:
        x, y, w, h = box.x, box.y, box.w, box.h
        self._widest_px = WIDEST_OF_BOX * min(w, h)
        margin = max(MIN_MARGIN_PX, BOX_MARGIN * max(w, h))
        self._left, self._right, self._top, self._bottom = x - margin, x + w + margin, y - margin, y + h + margin

    def measured(
        self, segment: WidthSegment | None, um_per_px: float | None, usual_px: float | None = None
    ) -> MeasuredWidth | None:
        """The width; None without a segment and for an impossible one.

        Args:
            usual_px: stands in place of the segment's own length.
        """
        if segment is None:
            return None
        px = segment.length_px
        if not MIN_WIDTH_PX <= px <= self._widest_px:
            return None
        (x0, y0), (x1, y1) = segment.start_px, segment.end_px
        if not (self._left <= x0 <= self._right and self._top <= y0 <= self._bottom):
            return None
        if not (self._left <= x1 <= self._right and self._top <= y1 <= self._bottom):
            return None
        um = None if um_per_px is None else px * um_per_px
        if usual_px is None:
            return MeasuredWidth(segment, px, um)
        return MeasuredWidth(segment, usual_px, None if um is None else um * usual_px / px)
