"""End points of the three widths of a loop, as the keypoint network gives them."""

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class WidthSegment:
    """One width: a line across the red-cell column, from edge to edge, in pixels of the full frame."""

    start_px: Point
    end_px: Point

    @property
    def length_px(self) -> float:
        dx = self.end_px[0] - self.start_px[0]
        dy = self.end_px[1] - self.start_px[1]
        return float((dx * dx + dy * dy) ** 0.5)

    @property
    def centre_px(self) -> Point:
        return ((self.start_px[0] + self.end_px[0]) / 2, (self.start_px[1] + self.end_px[1]) / 2)


@dataclass(frozen=True)
class LoopKeypoints:
    """The widths the network believes it can see; None where it does not.

    The apical segment runs from the outer to the inner edge of the column at the apex, the arterial and the venous one
    across each limb just below it.
    """

    apical: WidthSegment | None
    arterial: WidthSegment | None
    venous: WidthSegment | None
