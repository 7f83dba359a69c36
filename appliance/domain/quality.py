"""Whether a frame is good enough to be measured, and why not."""

from dataclasses import dataclass
from enum import Enum


class QualityReason(Enum):
    """What speaks against a frame, in the classes of capillaroscopy quality control (Capillary.io 2025)."""

    OUT_OF_FOCUS = "out_of_focus"
    GLARE = "glare"
    MOTION = "motion"
    UNDEREXPOSED = "underexposed"
    OVEREXPOSED = "overexposed"
    TURNED = "turned"
    NO_CAPILLARIES = "no_capillaries"
    LOW_MAGNIFICATION = "low_magnification"
    BLANCHED = "blanched"
    ROW_OUT_OF_VIEW = "row_out_of_view"
    ROW_TILTED = "row_tilted"


@dataclass(frozen=True)
class FrameQuality:
    """Figures of one frame.

    Attributes:
        is_evaluable: False if any reason stands.
        reasons: every reason, worst first; empty when evaluable.
        focus: 0 (no detail) to 1 (as sharp as the optics allow).
        glare: share of the frame that is saturated, 0 to 1.
        motion_px: mean shift against the previous frame, in pixels of the full frame; None without a previous frame.
        exposure: mean grey level, 0 to 1.
        hints: what would make a better picture of a frame that can be evaluated all the same, most useful first.
    """

    is_evaluable: bool
    reasons: tuple[QualityReason, ...]
    focus: float
    glare: float
    motion_px: float | None
    exposure: float
    hints: tuple[QualityReason, ...] = ()
