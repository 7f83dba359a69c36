"""How far a figure may be off: half the width of its 95 % interval."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.domain.bands import CALIBRE
from appliance.domain.honest_digits import decimals_of_value
from appliance.domain.metrics import ImageMetrics

Z_95 = 1.96

END_POINT_SD_PX = 1.0
"""Standard deviation of one end point. Two ends make 1.4 px for a width; the published mean errors of 0.85 to 1.67 px
(ANFC 2023, NFCMTL 2025) are those of normal errors with 1.1 to 2.1 px."""

COMMON_WIDTH_SD_PX = 0.26
"""What all widths of a hand are off by together: root mean square, over 12 simulated scenes with plasma gaps, of each
scene's mean of found minus true (`python -m engines.evaluation.live_widths`). It does not average out over loops."""

SPACING_VARIATION = 0.25
"""Standard deviation of the distances between neighbouring loops, in mean distances: the shared clinical facts' figure
for nailfolds. The count in a window of evenly scattered loops varies by this times the square root of the count."""

COUNTING_VARIANCE = 0.188
"""What the detector's misses and false finds add to the variance of a count, a loop: mean square of found minus there
on 48 judged real tiles with 287 loops (`python -m engines.evaluation.real --judged`). The mean, +0.070, is part of it
and is not taken off. A person who reviews corrects some of it; nobody measured how much."""

EDGE_VARIANCE = 1 / 6
"""Variance of the count of perfectly even loops in a window that begins anywhere, averaged over window lengths."""

MEDIAN_FACTOR = 1.2533
"""Standard error of a median in those of a mean, for normal values."""


@dataclass(frozen=True)
class Width:
    """One calibrated width.

    Attributes:
        um: micrometres.
        um_per_px: scale of its image.
        scale_share: standard deviation of that scale divided by it; 0 where the calibration states none.
    """

    um: float
    um_per_px: float
    scale_share: float = 0.0

    @property
    def end_points_sd_um(self) -> float:
        """What the two end points contribute."""
        return math.sqrt(2) * END_POINT_SD_PX * self.um_per_px


def of_width(width: Width) -> float:
    """Of a single width: both end points and the scale."""
    return Z_95 * math.hypot(width.end_points_sd_um, width.um * width.scale_share)


def width_decimals(um: float, um_per_px: float | None) -> int:
    """Of a single width as it is printed: never on the other side of 20 or 50 um than it is."""
    off = None if um_per_px is None else of_width(Width(um, um_per_px))
    return decimals_of_value(um, off, 1, CALIBRE.cuts)


def of_mean_width(widths: Sequence[Width]) -> float:
    """Of the mean of one or more widths.

    Loops vary more than their measurement, so their own spread counts where it is larger; the scale, and what the
    measurement is off by in all loops alike, do not average out.
    """
    mean = statistics.fmean(width.um for width in widths)
    measured = statistics.fmean(width.end_points_sd_um**2 for width in widths)
    # Not statistics.variance: its exact fractions take half of the time of an exam's page.
    squares = math.fsum((width.um - mean) ** 2 for width in widths)
    spread = squares / (len(widths) - 1) if len(widths) > 1 else 0.0
    common = COMMON_WIDTH_SD_PX * statistics.fmean(width.um_per_px for width in widths)
    return Z_95 * math.hypot(math.sqrt(max(measured, spread) / len(widths)), common, mean * widths[0].scale_share)


def of_median_width(widths: Sequence[Width]) -> float:
    """Of the median of one or more widths; of one it is that width's own."""
    factor = MEDIAN_FACTOR if len(widths) > 2 else 1.0
    return factor * of_mean_width(widths)


def of_density(capillaries: int, row_mm: float, images: int, scale_share: float) -> float:
    """Of loops per millimetre counted in one or more windows: scatter, miscounting, borders, scale."""
    count_sd = math.sqrt((SPACING_VARIATION**2 + COUNTING_VARIANCE) * capillaries + EDGE_VARIANCE * images)
    return Z_95 * math.hypot(count_sd / row_mm, capillaries / row_mm * scale_share)


def of_density_in(metrics: ImageMetrics) -> float | None:
    """Of the density of one image by itself, its scale taken as exact; None where there is no density."""
    if metrics.density_per_mm is None or not metrics.distal_row_mm:
        return None
    return of_density(metrics.capillaries_distal, metrics.distal_row_mm, 1, 0.0)


def of_rare(loops: int, row_mm: float) -> float:
    """Of few scattered loops per millimetre: counted events (Poisson); none found may still be one."""
    return Z_95 * math.sqrt(max(loops, 1)) / row_mm


def of_mean(uncertainties: Sequence[float]) -> float:
    """Of the mean of independent values with these uncertainties."""
    return math.hypot(*uncertainties) / len(uncertainties)


def of_share(part: int, whole: int) -> float:
    """Of a share of counted loops, 0 to 1: half of Wilson's interval, which is no zero for "none of five"."""
    share, z2 = part / whole, Z_95**2
    return Z_95 / (1 + z2 / whole) * math.sqrt(share * (1 - share) / whole + z2 / (4 * whole**2))


def share_interval(part: int, whole: int) -> tuple[float, float]:
    """Both ends of Wilson's interval of a share, 0 to 1; it lies unevenly around the share."""
    z2 = Z_95**2
    middle, half = (part / whole + z2 / (2 * whole)) / (1 + z2 / whole), of_share(part, whole)
    return max(0.0, middle - half), min(1.0, middle + half)
