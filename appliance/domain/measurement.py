"""A capillary with everything that was found out about it."""

from dataclasses import dataclass

from appliance.domain.detection import BoundingBox, Morphology, Row, SizeBasis, SizeClass
from appliance.domain.keypoints import Point, WidthSegment


@dataclass(frozen=True)
class MeasuredWidth:
    """A width across the red-cell column.

    Attributes:
        segment: where it was measured; its length is this frame's own width.
        px: width in pixels, smoothed over the track where the capillary was followed.
        um: the same in micrometres; None without a calibration.
    """

    segment: WidthSegment
    px: float
    um: float | None


@dataclass(frozen=True)
class Capillary:
    """One loop of one frame, measured.

    Attributes:
        bbox: the visible loop in pixels of the full frame.
        score: the detector's confidence, 0 to 1.
        track_id: stable from frame to frame of a video; None for a still.
        row: distal or other.
        morphology: shape.
        size: calibre by `size_basis`.
        apex_px: outermost point of the bend; None where the keypoint network saw none.
        apical, arterial, venous: the three widths; None where not measurable.
    """

    bbox: BoundingBox
    score: float
    track_id: int | None
    row: Row
    morphology: Morphology
    size: SizeClass
    size_basis: SizeBasis
    apex_px: Point | None
    apical: MeasuredWidth | None
    arterial: MeasuredWidth | None
    venous: MeasuredWidth | None

    @property
    def named_widths(self) -> dict[str, MeasuredWidth | None]:
        """All three by the names that tables, files and messages give them."""
        return {"apical": self.apical, "arterial": self.arterial, "venous": self.venous}

    @property
    def widths(self) -> tuple[MeasuredWidth, ...]:
        """The measurable ones."""
        return tuple([width for width in (self.apical, self.arterial, self.venous) if width is not None])

    @property
    def widest_um(self) -> float | None:
        """The largest calibrated width; None without one."""
        return max([width.um for width in self.widths if width.um is not None], default=None)

    @property
    def is_giant(self) -> bool:
        """By calibre or by shape, whatever the shape; whether a ramified one counts is the exam's rule."""
        return self.size is SizeClass.GIANT or self.morphology is Morphology.GIANT
