"""Whether a frame is good enough to be measured: focus, glare, exposure and motion, from small copies of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.countable import (
    DARKEST,
    SATURATED,
    DetailInCells,
    HiddenCells,
    detail_in_cells,
    hidden_cells,
)
from appliance.analysis.framing import Framing
from appliance.analysis.matching import Shift
from appliance.analysis.settings import AnalysisSettings
from appliance.analysis.weighted import weighted_quantile
from appliance.domain.quality import Effect, FrameQuality, QualityReason, reasons_that

FloatImage = NDArray[np.float32]

WIDTH_PX = 320
"""Every frame is graded at this width, so that focus means the same on every camera."""

DETAIL_PX = WIDTH_PX // 2
BLOCKS = (8, 6)
QUIET = 0.05
"""Variance of the coarse band, in squared grey levels, of a block that shows nothing."""

BLURRED, SHARP = 0.09, 0.30
"""Fine over coarse detail of a nailfold blurred beyond recognition (sigma 2 % of the width) and of the sharpest 5 % of
rendered ones: the two ends of the focus scale. Real tiles lie between 0.15 and 0.22."""

LOGARITHMS = np.log(np.maximum(np.arange(256), 1))
"""Of the levels of a byte."""

TRUSTED_RESPONSE = 0.5
"""Peak of the phase correlation below which two frames do not show the same scene: 89 pairs of unrelated rendered
frames reach 0.45 at most, 300 pairs of shifted and freshly noisy ones 0.64 at least."""


@dataclass(frozen=True)
class PictureFigures:
    """What one picture says of itself.

    Attributes:
        focus, glare, exposure: as in FrameQuality.
        redness: mean natural logarithm of red over green of everything that is neither black nor white; blood takes
            more of the green.
        contrast: standard deviation of `detail` over the mean green level: how strongly the vessels stand out.
        detail: float32 (h, 160), structures of about a capillary's width, for the comparison with the next frame.
        px_per_detail_px: pixels of the full frame per pixel of `detail`.
        hidden: cells in which nobody could see a loop (countable.py); None where nobody looked.
    """

    focus: float
    glare: float
    exposure: float
    redness: float
    contrast: float
    detail: FloatImage
    px_per_detail_px: float
    hidden: HiddenCells | None = None


def measure_picture(image_rgb: NDArray[np.uint8]) -> PictureFigures:
    """Focus, glare and exposure of a picture, uint8 RGB (height, width, 3), in about a millisecond.

    Focus is the share of detail at 1 to 2 pixels of a 320 pixel wide copy that goes with the detail at 3 to 6 pixels.
    Edges have both, in the same places, as far as they are sharp; noise has no coarse partner and drops out. The ratio
    is taken in blocks and their median weighted by coarse detail, so that a burnt-in scale bar or a hair decides
    nothing.
    """
    height, width = image_rgb.shape[:2]
    small_size = (WIDTH_PX, max(2 * BLOCKS[1], round(height * WIDTH_PX / width)))
    green = cv2.resize(cv2.extractChannel(image_rgb, 1), small_size, interpolation=cv2.INTER_AREA).astype(np.float32)
    fine, coarse = _bands(green)
    sampled = cv2.resize(image_rgb, (DETAIL_PX, small_size[1] // 2), interpolation=cv2.INTER_NEAREST)
    white = cv2.inRange(sampled, (SATURATED,) * 3, (255,) * 3)
    cells = detail_in_cells(fine, cv2.resize(coarse, small_size, interpolation=cv2.INTER_LINEAR))
    ratio = _fine_over_coarse(cells)
    return PictureFigures(
        focus=float(np.clip((ratio - BLURRED) / (SHARP - BLURRED), 0, 1)),
        glare=cv2.countNonZero(white) / white.size,
        exposure=float(np.mean(cv2.mean(sampled)[:3])) / 255,
        redness=_redness(sampled),
        contrast=float(np.sqrt(np.mean(coarse * coarse))) / max(float(green.mean()), 1.0),
        detail=coarse,
        px_per_detail_px=width / DETAIL_PX,
        hidden=hidden_cells(cells, sampled, white),
    )


def shift_between(before: PictureFigures, after: PictureFigures) -> tuple[Shift, bool] | None:
    """How far the picture moved, (dx, dy) in pixels of the full frame, and whether that can be trusted.

    None where the two frames differ in size. Not to be trusted where both do not show the same scene.
    """
    if before.detail.shape != after.detail.shape or before.px_per_detail_px != after.px_per_detail_px:
        return None
    (dx, dy), response = cv2.phaseCorrelate(before.detail, after.detail, _window(after.detail.shape))
    scale = after.px_per_detail_px
    return (dx * scale, dy * scale), response >= TRUSTED_RESPONSE


def grade(
    figures: PictureFigures,
    shift_px: Shift | None,
    capillaries: int,
    width_px: int,
    settings: AnalysisSettings,
    *,
    framing: Framing | None = None,
    is_blanched: bool = False,
    is_turned: bool = False,
) -> FrameQuality:
    """The verdict on a frame, with every reason against it, worst first.

    Args:
        shift_px: against the previous frame; None for a still.
        capillaries: how many were detected.
        width_px: of the full frame.
        framing: how the loops lie in the frame; None where nobody looked.
        is_blanched: by BlanchingWatch.
        is_turned: the loops' direction is unknown; False where nobody looked.
    """
    motion_px = None if shift_px is None else float(np.hypot(*shift_px))
    motion_of_width = None if motion_px is None else motion_px / width_px
    seen = _Evidence(figures, motion_of_width, capillaries, framing or _NO_FRAMING, is_blanched, is_turned)
    reasons, hints = (
        tuple(reason for reason in reasons_that(effect) if CHECKS[reason](seen, settings))
        for effect in (Effect.ABSTAINS, Effect.HINTS)
    )
    return FrameQuality(not reasons, reasons, figures.focus, figures.glare, motion_px, figures.exposure, hints)


@dataclass(frozen=True)
class _Evidence:
    """What the checks look at; the arguments of `grade`, with the motion in frame widths."""

    figures: PictureFigures
    motion_of_width: float | None
    capillaries: int
    framing: Framing
    is_blanched: bool
    is_turned: bool


_NO_FRAMING = Framing(None, None, None, None)

CHECKS: Mapping[QualityReason, Callable[[_Evidence, AnalysisSettings], bool]] = {
    QualityReason.UNDEREXPOSED: lambda seen, settings: seen.figures.exposure < settings.exposure_min,
    QualityReason.OVEREXPOSED: lambda seen, settings: seen.figures.exposure > settings.exposure_max,
    QualityReason.OUT_OF_FOCUS: lambda seen, settings: seen.figures.focus < settings.focus_min,
    QualityReason.MOTION: lambda seen, settings: (seen.motion_of_width or 0.0) > settings.motion_max_of_width,
    QualityReason.GLARE: lambda seen, settings: seen.figures.glare > settings.glare_max,
    QualityReason.BLANCHED: lambda seen, _: seen.is_blanched,
    QualityReason.TURNED: lambda seen, _: seen.is_turned,
    QualityReason.NO_CAPILLARIES: lambda seen, _: seen.capillaries == 0,
    QualityReason.LOW_MAGNIFICATION: lambda seen, settings: seen.framing.is_too_small(settings),
    QualityReason.ROW_OUT_OF_VIEW: lambda seen, settings: seen.framing.is_out_of_view(settings),
    QualityReason.ROW_TILTED: lambda seen, settings: seen.framing.is_tilted(settings),
}
"""When each reason of `domain/quality.py` stands."""


def _redness(sampled: NDArray[np.uint8]) -> float:
    red, green = sampled[::2, ::2, 0], sampled[::2, ::2, 1]
    telling = (np.minimum(red, green) > DARKEST) & (np.maximum(red, green) < SATURATED)
    if not telling.any():
        return 0.0
    return float((LOGARITHMS[red[telling]] - LOGARITHMS[green[telling]]).mean())


def _bands(green: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Detail between sigma 0.8 and 1.6, and, on half the grid, between 3 and 6 pixels of `green`."""
    sharp = cv2.GaussianBlur(green, (5, 5), 0.8)
    soft = cv2.GaussianBlur(green, (9, 9), 1.6)
    half = cv2.resize(soft, (green.shape[1] // 2, green.shape[0] // 2), interpolation=cv2.INTER_AREA)
    # Gaussians add in squares: 1.6 and 2 * 1.27 make 3, 3 and 2 * 2.6 make 6 pixels of the whole grid.
    low = cv2.GaussianBlur(half, (7, 7), 1.27)
    return sharp - soft, low - cv2.GaussianBlur(low, (15, 15), 2.6)


def _fine_over_coarse(cells: DetailInCells) -> float:
    shared, power = (cv2.resize(one, BLOCKS, interpolation=cv2.INTER_AREA).ravel() for one in cells)
    return weighted_quantile(shared / np.maximum(power, QUIET), np.sqrt(power), 0.5)


@lru_cache(maxsize=4)
def _window(shape: tuple[int, ...]) -> FloatImage:
    return np.asarray(cv2.createHanningWindow((shape[1], shape[0]), cv2.CV_32F), dtype=np.float32)
