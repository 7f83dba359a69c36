"""Loops per linear millimetre of the distal row, or why that cannot be said."""

from dataclasses import dataclass

from appliance.analysis.row_fit import RowCurve

NO_CALIBRATION = "no_calibration"
NOT_EVALUABLE = "not_evaluable"
NO_DISTAL_ROW = "no_distal_row"
"""The reasons of ImageMetrics.density_unmeasurable_because."""


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
    row_mm = None if curve is None or um_per_px is None else curve.length_px() * um_per_px / 1000
    if um_per_px is None:
        return RowDensity(None, None, NO_CALIBRATION)
    if not is_evaluable:
        return RowDensity(row_mm, None, NOT_EVALUABLE)
    if not row_mm or not capillaries_distal:
        return RowDensity(row_mm, None, NO_DISTAL_ROW)
    return RowDensity(row_mm, capillaries_distal / row_mm, None)
