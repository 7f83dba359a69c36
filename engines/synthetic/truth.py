"""What a rendered image is known to show, in the words and units the device reports.

Pixel coordinates: x right, y down, origin at the centre of the top-left pixel.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Morphology, Row, SizeClass

Point: TypeAlias = tuple[float, float]
Segment: TypeAlias = tuple[Point, Point]
Box: TypeAlias = tuple[float, float, float, float]

ENLARGED_FROM_UM = 20.0
"""Smith 2020, doi 10.1016/j.autrev.2020.102458: below 20 um normal, 20 to 50 um enlarged."""
GIANT_ABOVE_UM = 50.0
"""Same source: above 50 um giant, apex and limbs alike."""


@dataclass(frozen=True)
class LoopTruth:
    """One capillary.

    Attributes:
        bbox_px: x, y, w, h of the visible loop, column edges included, clipped to the image.
        morphology: its shape; a smooth loop of giant calibre is GIANT, a branching one stays RAMIFIED.
        size: calibre of the widest of the three red-cell columns.
        apex_px: centre of the column at the apex.
        apical_px: outer to inner edge of the red-cell column at the apex, before any blur; None where the loop is seen
            edge-on, so that the bend has no inner edge.
        arterial_px: edge to edge across the arterial limb just below the bend; None where it cannot be seen.
        venous_px: the same for the venous limb.
        row: DISTAL where no other visible apex lies distal to it within 45 degrees (Hofstee 2009, 90 degree rule).
        visibility: 0 (nothing to see) to 1 (unmistakable).
        density: green optical density of the head after blur.
        is_ignored: too faint, too far out of the picture's focus, or cut for an expert; neither a positive nor a
            negative.
        counts_at_border: ignored for nothing but the picture's border, with at least half of its head inside: it counts
            for density (AUTOCAPI's edge rule, as appliance.analysis.edge_rule).
    """

    bbox_px: Box
    morphology: Morphology
    size: SizeClass
    apex_px: Point
    apical_px: Segment | None
    arterial_px: Segment | None
    venous_px: Segment | None
    row: Row
    visibility: float
    density: float
    is_ignored: bool
    counts_at_border: bool = False

    @property
    def is_counted(self) -> bool:
        """Whether a person who counts loops counts this one."""
        return not self.is_ignored or self.counts_at_border


@dataclass(frozen=True)
class HaemorrhageTruth:
    """One microhaemorrhage; bbox_px is x, y, w, h, clipped to the image."""

    bbox_px: Box
    is_ignored: bool


@dataclass(frozen=True)
class RenderedImage:
    """A rendered nailfold and everything that is true of it.

    Attributes:
        image_rgb: uint8, (height, width, 3), RGB.
        um_per_px: scale of the image.
        roll_deg: turn of the finger, clockwise on the screen; 0 has the apices pointing up.
        distal_row_mm: length of the distal row inside the image.
        density_per_mm: distal loops that an expert would count, over distal_row_mm.
        pattern: value of the Pattern it was drawn from.
    """

    image_rgb: NDArray[np.uint8]
    loops: tuple[LoopTruth, ...]
    haemorrhages: tuple[HaemorrhageTruth, ...]
    um_per_px: float
    roll_deg: float
    distal_row_mm: float
    density_per_mm: float
    seed: int
    pattern: str


def size_class_of(widest_um: float) -> SizeClass:
    """The calibre class of a loop whose widest column is `widest_um` micrometres."""
    if widest_um > GIANT_ABOVE_UM:
        return SizeClass.GIANT
    return SizeClass.ENLARGED if widest_um >= ENLARGED_FROM_UM else SizeClass.NORMAL
