"""Labelled images as all formats share them.

Coordinates are those of COCO and of labelling tools: pixels from the picture's top-left edge, so that the centre of the
first pixel is (0.5, 0.5). The device counts from the centre of that pixel: 0.5 less.
"""

from dataclasses import dataclass, field
from enum import Enum

from appliance.domain.detection import SizeClass
from appliance.domain.errors import ApplianceError
from appliance.domain.keypoints import LoopKeypoints, WidthSegment

Box = tuple[float, float, float, float]

WIDTH_NAMES = ("apical", "arterial", "venous")
EDGE_TO_CENTRE = -0.5
"""Add this to both coordinates of a label to get the device's."""
MAX_OVERHANG_PX = 1.0
"""Labelling tools round: a box may reach this far over the picture's edge."""
NO_WIDTHS = LoopKeypoints(None, None, None)


class DatasetError(ApplianceError):
    """A file of labels cannot be read, or does not fit its pictures."""


class Standing(Enum):
    """How a label counts.

    TARGET is to be found. IGNORED is there but too faint or cut to be asked for: found or not, it never counts. CROWD
    is the same for a whole region in which nothing was labelled one by one.
    """

    TARGET = "target"
    IGNORED = "ignored"
    CROWD = "crowd"


@dataclass(frozen=True)
class Label:
    """One labelled capillary or haemorrhage.

    Attributes:
        category: the file's own word for it.
        bbox: x, y, w, h in pixels from the picture's edge.
        widths: the labelled widths, in the same coordinates; None for each that was not labelled.
        size: calibre class; None where nobody gave one.
        standing: how it counts.
    """

    category: str
    bbox: Box
    widths: LoopKeypoints = NO_WIDTHS
    size: SizeClass | None = None
    standing: Standing = Standing.TARGET

    def segments(self) -> dict[str, WidthSegment]:
        """The labelled widths by name."""
        pairs = zip(WIDTH_NAMES, (self.widths.apical, self.widths.arterial, self.widths.venous), strict=True)
        return {name: segment for name, segment in pairs if segment is not None}


@dataclass(frozen=True)
class LabelledImage:
    """One picture's labels.

    Attributes:
        file_name: relative to the pictures' folder, with forward slashes.
        width_px, height_px: of the picture.
        um_per_px: its scale; None where unknown.
        density_per_mm: distal loops per millimetre as counted by a person; None where nobody counted.
        subject: whose finger it is, a pseudonym; pictures of one subject are not independent. Empty where unknown.
    """

    file_name: str
    width_px: int
    height_px: int
    labels: tuple[Label, ...] = ()
    um_per_px: float | None = None
    density_per_mm: float | None = None
    subject: str = ""


@dataclass(frozen=True)
class LabelledSet:
    """Images and the names that their labels may have, in the file's order."""

    images: tuple[LabelledImage, ...]
    categories: tuple[str, ...]


@dataclass
class Reading:
    """What a reader brings back.

    Attributes:
        found: what could be read.
        problems: one sentence for every file that could not.
        notes: one sentence for each kind of thing that the files do not say.
    """

    found: LabelledSet
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_box(box: Box, width_px: int, height_px: int) -> str:
    """What is wrong with a box in its picture; empty where nothing."""
    x, y, w, h = box
    if w <= 0 or h <= 0:
        return f"box of {w:g}x{h:g} px has no area"
    over = max(-x, -y, x + w - width_px, y + h - height_px)
    if over > MAX_OVERHANG_PX:
        return f"box reaches {over:.1f} px out of the {width_px}x{height_px} picture"
    return ""
