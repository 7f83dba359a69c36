"""Loops per linear millimetre of the distal row, or why that cannot be said."""

from dataclasses import dataclass

from appliance.analysis.distal_row import DistalRow

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


def measure_density(row: DistalRow, um_per_px: float | None, is_evaluable: bool) -> RowDensity:
    """Distal loops over the length of the row inside the frame, in loops per millimetre.

    The length runs along the fitted row from border to border of the frame: clinical practice counts per linear
    millimetre of visible distal row. Nothing is subtracted yet for stretches that glare, hair or blur hides, so a partly
    hidden row reads low; such frames are to be refused by quality control.

    Args:
        um_per_px: None without a calibration.
        is_evaluable: by quality control; a frame that is not has no density.
    """
    row_mm = None
    if row.curve is not None and um_per_px is not None:
        row_mm = row.curve.length_px() * um_per_px / 1000
    reason = _unmeasurable_because(row_mm, um_per_px, is_evaluable)
    if reason is not None or row_mm is None:
        return RowDensity(row_mm, None, reason)
    return RowDensity(row_mm, sum(row.is_distal) / row_mm, None)


def _unmeasurable_because(row_mm: float | None, um_per_px: float | None, is_evaluable: bool) -> str | None:
    if um_per_px is None:
        return NO_CALIBRATION
    if not is_evaluable:
        return NOT_EVALUABLE
    return NO_DISTAL_ROW if not row_mm else None
