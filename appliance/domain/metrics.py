"""Figures of one image. Not measurable is None together with a reason, never a default."""

from dataclasses import dataclass
from enum import Enum

from appliance.domain.bands import DENSITY

EXTREMELY_LOWERED_UP_TO_PER_MM, NORMAL_FROM_PER_MM = (cut.value for cut in DENSITY.cuts)
"""The cuts of density, by the table of bands."""


class DensityBand(Enum):
    """How the density of one image reads."""

    NORMAL = "normal"
    LOWERED = "lowered"
    EXTREMELY_LOWERED = "extremely_lowered"


def density_band(density_per_mm: float) -> DensityBand:
    """The band of a measured density."""
    return DensityBand(DENSITY.name(DENSITY.written(density_per_mm)))


@dataclass(frozen=True)
class ImageMetrics:
    """What is counted and computed in one image.

    Attributes:
        capillaries_total, capillaries_distal: loops in the image and in its distal row.
        distal_row_mm: evaluable length of the distal row; None without a calibration.
        density_per_mm: distal loops per millimetre; None with `density_unmeasurable_because`.
        density_unmeasurable_because: "no_calibration", "not_evaluable", "row_hidden" (too little of it can be seen),
            "no_distal_row" (none, or mostly outside the frame); None when measured.
        mean_apical_um, largest_width_um: None where no calibrated width exists.
        normal, tortuous, ramified, giant: loops by shape.
        size_normal, size_enlarged, size_giant: loops by calibre.
        haemorrhages: count.
    """

    capillaries_total: int
    capillaries_distal: int
    distal_row_mm: float | None
    density_per_mm: float | None
    density_unmeasurable_because: str | None
    mean_apical_um: float | None
    largest_width_um: float | None
    normal: int
    tortuous: int
    ramified: int
    giant: int
    size_normal: int
    size_enlarged: int
    size_giant: int
    haemorrhages: int
