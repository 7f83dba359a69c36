"""How the loops lie in the frame: how large they are, where their row runs and how far it is tilted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from appliance.analysis.density import MIN_ROW_OF_WIDTH
from appliance.analysis.measure import MeasuredLoop
from appliance.analysis.row_fit import RowCurve
from appliance.analysis.settings import AnalysisSettings

APICES_FOR_SIZE = 3
"""Fewer widths say too little about the magnification."""

STILL_VIEW_PX = 640
"""A still that is wider is analysed in pieces of this width, at its own pixels: however much of a finger it shows, its
loops are as large as in such a piece."""

LOOPS_FOR_ROW = 3
"""Fewer loops say too little about the row's direction: single loops stray by half their width."""


@dataclass(frozen=True)
class Framing:
    """How the loops lie in the frame.

    Attributes:
        apex_of_width: median apical width, in widths of what one view shows; None with too few of them. Boxes will not
            do: of loops that are too small to be seen well only the larger ones are found.
        row_of_width: length of the distal row inside the frame, in frame widths; None without a row.
        row_at: where the row's middle lies on the finger's axis through it, 0 at the frame's border distal of it and 1
            at the proximal one: its height in the frame where the finger points up; None without a row.
        tilt_deg: angle of the row to the frame's lower edge, clockwise; None without a row of enough loops.
    """

    apex_of_width: float | None
    row_of_width: float | None
    row_at: float | None
    tilt_deg: float | None

    def is_too_small(self, settings: AnalysisSettings) -> bool:
        """The magnification is too low to measure by."""
        return self.apex_of_width is not None and self.apex_of_width < settings.apex_min_of_width

    def is_out_of_view(self, settings: AnalysisSettings) -> bool:
        """The row leaves the frame, or its apices lie so near to an edge that loops are lost there."""
        if self.row_of_width is None or self.row_at is None:
            return False
        margin = settings.row_margin_of_height
        return self.row_of_width < MIN_ROW_OF_WIDTH or not margin <= self.row_at <= 1 - margin

    def is_tilted(self, settings: AnalysisSettings) -> bool:
        """Turning the scope would bring more of the row into the frame."""
        return self.tilt_deg is not None and abs(self.tilt_deg) > settings.row_tilt_max_deg


def framing_of(
    loops: Sequence[MeasuredLoop], distal: int, row: RowCurve | None, width_px: int, *, is_still: bool = False
) -> Framing:
    """The framing of one picture.

    Args:
        distal: how many of the loops form the row.
        row: the curve through them; None where there is none.
        width_px: of the full frame.
        is_still: it was analysed closely, piece by piece.
    """
    apices = [loop.apical.px for loop in loops if loop.apical is not None]
    view_px = min(width_px, STILL_VIEW_PX) if is_still else width_px
    apex_of_width = median(apices) / view_px if len(apices) >= APICES_FOR_SIZE else None
    if row is None:
        return Framing(apex_of_width, None, None, None)
    tilt_deg = math.degrees(row.direction_rad) if distal >= LOOPS_FOR_ROW else None
    return Framing(apex_of_width, row.length_px() / width_px, _place_of_middle(row), tilt_deg)


def _place_of_middle(row: RowCurve) -> float:
    x, y = row.points_below(np.array([(row.low + row.high) / 2]), 0.0)[0].tolist()
    right, up = math.sin(row.direction_rad), math.cos(row.direction_rad)
    distal, proximal = (_to_border((x, y), (way * right, -way * up), row.size_px) for way in (1, -1))
    return distal / max(distal + proximal, 1e-9)


def _to_border(at: tuple[float, float], way: tuple[float, float], size_px: tuple[int, int]) -> float:
    """How far it is from a point to the frame's border; 0 from outside of it."""
    reaches = []
    for place, step, side in zip(at, way, size_px, strict=True):
        if not 0 <= place <= side - 1:
            return 0.0
        if abs(step) > 1e-9:
            reaches.append((side - 1 - place) / step if step > 0 else -place / step)
    return min(reaches)
