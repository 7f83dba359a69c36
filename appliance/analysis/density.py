"""Loops per linear millimetre of the distal row, or why that cannot be said."""

from dataclasses import dataclass

from appliance.analysis.counted_row import CountedRow
from appliance.analysis.row_fit import RowCurve

NO_CALIBRATION = "no_calibration"
NOT_EVALUABLE = "not_evaluable"
NO_DISTAL_ROW = "no_distal_row"
ROW_HIDDEN = "row_hidden"
"""The reasons of ImageMetrics.density_unmeasurable_because; NO_DISTAL_ROW also where most of it lies outside the
frame, ROW_HIDDEN where less than MIN_COUNTED_MM of it can be seen."""

WRITTEN_DECIMALS_MM = 3
"""Decimals of the row's length in the result document."""

MIN_ROW_OF_WIDTH = 0.5
"""A row that is visible over less than half a frame's width leaves it through the top or bottom: the operator has not
aimed at it, and one loop more or less would change the verdict. In 200 rendered nailfolds the shortest has 0.76."""

MIN_COUNTED_MM = 0.5
"""Half of the millimetre by which densities are stated (shared definition of the clinics): over less, one loop more or
less is 2 per mm."""


@dataclass(frozen=True)
class RowDensity:
    """Density of one image; `row_mm` stands wherever there is a row and a scale, even if the density does not.

    Attributes:
        row_mm: length of the row that can be counted.
    """

    row_mm: float | None
    per_mm: float | None
    unmeasurable_because: str | None


def measure_density(
    curve: RowCurve | None,
    capillaries_distal: int,
    um_per_px: float | None,
    is_evaluable: bool,
    counted: CountedRow | None = None,
) -> RowDensity:
    """Distal loops over the length of the row that can be counted, in loops per millimetre.

    Clinical practice counts per linear millimetre of visible distal row: from border to border of the frame along the
    fitted row, without the stretches that glare or blur hides (countable.py). What a hair or a bubble hides is not
    known, so such a row reads low.

    Args:
        curve: of the distal row; None where there is none.
        counted: what can be counted of it; None for all that lies in the frame.
        um_per_px: None without a calibration.
        is_evaluable: by quality control; a frame that is not has no density.
    """
    visible_px = 0.0 if curve is None else curve.length_px()
    length_px = visible_px if counted is None else counted.length_px
    if um_per_px is None:
        return RowDensity(None, None, NO_CALIBRATION)
    # As documents hold it: whoever divides there comes to the density that stands beside it.
    row_mm = round(length_px * um_per_px / 1000, WRITTEN_DECIMALS_MM) if length_px else None
    if not is_evaluable:
        return RowDensity(row_mm, None, NOT_EVALUABLE)
    if curve is None or not row_mm or not capillaries_distal or visible_px < MIN_ROW_OF_WIDTH * curve.size_px[0]:
        return RowDensity(row_mm, None, NO_DISTAL_ROW)
    if length_px < visible_px and row_mm < MIN_COUNTED_MM:
        return RowDensity(row_mm, None, ROW_HIDDEN)
    return RowDensity(row_mm, capillaries_distal / row_mm, None)
