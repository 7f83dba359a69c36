"""What the detector finds: boxes with a class, a size and a score."""

from dataclasses import dataclass
from enum import Enum


class Morphology(Enum):
    """Shape of a capillary. Tortuous is a counter of its own and not abnormal (EULAR; Smith 2020)."""

    NORMAL = "normal"
    TORTUOUS = "tortuous"
    RAMIFIED = "ramified"
    GIANT = "giant"


class SizeClass(Enum):
    """Calibre: below 20 um normal, 20 to 50 um enlarged, above 50 um giant (doi 10.1016/j.autrev.2020.102458)."""

    NORMAL = "normal"
    ENLARGED = "enlarged"
    GIANT = "giant"


class SizeBasis(Enum):
    """Whether the calibre was measured in micrometres or judged by appearance."""

    MEASURED = "measured"
    APPEARANCE = "appearance"


class Row(Enum):
    """Only the distal row counts for density."""

    DISTAL = "distal"
    OTHER = "other"


@dataclass(frozen=True)
class BoundingBox:
    """Axis-aligned box in pixels of the full frame; origin at the centre of the top-left pixel, x right, y down."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x + self.w / 2, self.y + self.h / 2)

    def iou(self, other: "BoundingBox") -> float:
        """Intersection over union, 0 to 1."""
        width = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        height = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        intersection = width * height
        return intersection / (self.w * self.h + other.w * other.h - intersection)


@dataclass(frozen=True)
class CapillaryDetection:
    """A capillary as the detector sees it, before anything is measured.

    Attributes:
        bbox: the visible loop, from the apex to where its limbs fade or meet the plexus.
        score: confidence, 0 to 1.
        morphology: the most likely shape.
        size_by_appearance: the size head's answer, for use where no width can be measured.
    """

    bbox: BoundingBox
    score: float
    morphology: Morphology
    size_by_appearance: SizeClass


@dataclass(frozen=True)
class HaemorrhageDetection:
    """A microhaemorrhage: dark brown-red patch distal to the apices."""

    bbox: BoundingBox
    score: float


@dataclass(frozen=True)
class Detections:
    """All that one pass of the detector found in one frame, best score first."""

    capillaries: tuple[CapillaryDetection, ...] = ()
    haemorrhages: tuple[HaemorrhageDetection, ...] = ()
