"""Whether a frame is good enough to be measured, and why not."""

from dataclasses import dataclass
from enum import Enum


class Effect(Enum):
    """What a reason does: ABSTAINS, and the frame is not measured; HINTS, and it is measured all the same."""

    ABSTAINS = "abstains"
    HINTS = "hints"


class QualityReason(Enum):
    """What speaks against a frame, in the classes of capillaroscopy quality control (Capillary.io 2025)."""

    UNDEREXPOSED = "underexposed"
    OVEREXPOSED = "overexposed"
    OUT_OF_FOCUS = "out_of_focus"
    MOTION = "motion"
    GLARE = "glare"
    BLANCHED = "blanched"
    TURNED = "turned"
    NO_CAPILLARIES = "no_capillaries"
    LOW_MAGNIFICATION = "low_magnification"
    ROW_OUT_OF_VIEW = "row_out_of_view"
    ROW_TILTED = "row_tilted"


@dataclass(frozen=True)
class QualityRule:
    """One line of the table of reasons.

    Attributes:
        reason: its words are in `appliance/texts/quality.json`, its test in `analysis/quality.py`,
            its symbol in `webui/templates/symbols.svg`; then `make schemas`.
        effect: whether the frame is measured.
        settings: names of the AnalysisSettings that are its threshold; empty where it has none.
    """

    reason: QualityReason
    effect: Effect
    settings: tuple[str, ...] = ()


QUALITY_RULES = (
    QualityRule(QualityReason.UNDEREXPOSED, Effect.ABSTAINS, ("exposure_min",)),
    QualityRule(QualityReason.OVEREXPOSED, Effect.ABSTAINS, ("exposure_max",)),
    QualityRule(QualityReason.OUT_OF_FOCUS, Effect.ABSTAINS, ("focus_min",)),
    QualityRule(QualityReason.MOTION, Effect.ABSTAINS, ("motion_max_of_width",)),
    QualityRule(QualityReason.GLARE, Effect.ABSTAINS, ("glare_max",)),
    QualityRule(QualityReason.BLANCHED, Effect.ABSTAINS, ("blanched_colour_fall", "blanched_detail_fall")),
    QualityRule(QualityReason.TURNED, Effect.ABSTAINS),
    QualityRule(QualityReason.NO_CAPILLARIES, Effect.ABSTAINS),
    QualityRule(QualityReason.LOW_MAGNIFICATION, Effect.ABSTAINS, ("apex_min_of_width",)),
    QualityRule(QualityReason.ROW_OUT_OF_VIEW, Effect.HINTS, ("row_margin_of_height",)),
    QualityRule(QualityReason.ROW_TILTED, Effect.HINTS, ("row_tilt_max_deg",)),
)
"""Every reason: those against a frame worst first, then the hints, most useful first."""


def reasons_that(effect: Effect) -> tuple[QualityReason, ...]:
    """The table's reasons with this effect, in its order."""
    return tuple(rule.reason for rule in QUALITY_RULES if rule.effect is effect)


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
