"""Loops per linear millimetre of the distal row, or why that cannot be said."""

from dataclasses import dataclass

from appliance.analysis.row_fit import RowCurve

NO_CALIBRATION = "no_calibration"
NOT_EVALUABLE = "not_evaluable"
NO_DISTAL_ROW = "no_distal_row"
"""The reasons of ImageMetrics.density_unmeasurable_because; NO_DISTAL_ROW also where most of it lies outside the
frame."""

MIN_ROW_OF_WIDTH = 0.5
"""A row that is visible over less than half a frame's width leaves it through the top or bottom: the operator has not
aimed at it, and one loop more or less would change the verdict. In 200 rendered nailfolds the shortest has 0.76."""


@dataclass(frozen=True)
class RowDensity:
    """Density of one image; `row_mm` stands wherever there is a row and a scale, even if the density does not."""

    row_mm: float | None
    per_mm: float | None
    unmeasurable_because: str | None


def measure_density(
    curve: RowCurve | None, capillaries_distal: int, um_per_px: float | None, is_evaluable: bool
) -> RowDensity:
    """Distal loops over the length of the row inside the frame, in loops per millimetre.

    The length runs along the fitted row from border to border of the frame: clinical practice counts per linear
    millimetre of visible distal row. Nothing is subtracted yet for stretches that glare, hair or blur hides, so a
    partly hidden row reads low; such frames are to be refused by quality control.

    Args:
        curve: of the distal row; None where there is none.
        um_per_px: None without a calibration.
        is_evaluable: by quality control; a frame that is not has no density.
    """
    length_px = 0.0 if curve is None else curve.length_px()
    if um_per_px is None:
        return RowDensity(None, None, NO_CALIBRATION)
    row_mm = length_px * um_per_px / 1000 if length_px else None
    if not is_evaluable:
        return RowDensity(row_mm, None, NOT_EVALUABLE)
    if curve is None or row_mm is None or not capillaries_distal or length_px < MIN_ROW_OF_WIDTH * curve.size_px[0]:
        return RowDensity(row_mm, None, NO_DISTAL_ROW)
    return RowDensity(row_mm, capillaries_distal / row_mm, None)
