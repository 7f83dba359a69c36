"""What a learned classifier of the scleroderma pattern sees of an image: shape, texture and measured figures.

The three groups are those of the SCLEROCAP study's classical models: Hu's moments of the vessels, Haralick's texture
figures, and what was measured. Needs the `pattern` extra (mahotas).
"""

from dataclasses import asdict

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.analysis_result import ImageAnalysis
from appliance.domain.errors import InferenceError
from appliance.domain.metrics import ImageMetrics

_GREY_LEVELS = 32
"""Haralick's matrix of 256 levels would be nearly empty on a picture of this size (our choice)."""
_WORKING_WIDTH_PX = 640
_VESSEL_KERNEL = 0.06
"""Of the width: wider than a column of red cells at 1.0 to 2.6 um per pixel, narrower than the plexus (our choice)."""

METRIC_NAMES = (
    "density_per_mm",
    "distal_row_mm",
    "mean_apical_um",
    "largest_width_um",
    "capillaries_total",
    "capillaries_distal",
    "share_tortuous",
    "share_ramified",
    "share_giant",
    "share_enlarged",
    "haemorrhages",
)
HU_NAMES = tuple(f"hu_{number}" for number in range(1, 8))
HARALICK_NAMES = (
    "angular_second_moment",
    "contrast",
    "correlation",
    "sum_of_squares",
    "inverse_difference_moment",
    "sum_average",
    "sum_variance",
    "sum_entropy",
    "entropy",
    "difference_variance",
    "difference_entropy",
    "information_correlation_1",
    "information_correlation_2",
)
FEATURE_NAMES = (*METRIC_NAMES, *HU_NAMES, *HARALICK_NAMES)
"""Order of the columns; part of every model's record."""


def pattern_features(image_rgb: NDArray[np.uint8], analysis: ImageAnalysis) -> NDArray[np.float32]:
    """One row of features of an image, float32 [len(FEATURE_NAMES)]; what was not measurable is NaN.

    Args:
        image_rgb: uint8 [height, width, 3].
        analysis: of this image, as reviewed.

    Raises:
        InferenceError: the `pattern` extra is not installed.
    """
    green = _working_green(image_rgb)
    values = [*_metrics(analysis.metrics), *_hu(vessel_mask(green)), *_haralick(green)]
    return np.asarray(values, dtype=np.float32)


def exam_row(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """The row of one exam from those of its images [images, columns], float32 [2 * columns].

    Mean, then largest value of each column; NaN where no image has one.
    """
    known = ~np.isnan(features)
    counts = known.sum(axis=0)
    sums = np.where(known, features, 0.0).sum(axis=0)
    mean = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    largest = np.where(counts > 0, np.where(known, features, -np.inf).max(axis=0), np.nan)
    return np.concatenate([mean, largest]).astype(np.float32)


def vessel_mask(green: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """1 where something narrow is darker than its surroundings in the green, else 0; uint8 [height, width]."""
    side = int(_VESSEL_KERNEL * green.shape[1]) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    dark = cv2.morphologyEx(cv2.GaussianBlur(green, (0, 0), 1.5), cv2.MORPH_BLACKHAT, kernel)
    _, mask = cv2.threshold(dark, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return np.asarray(mask, dtype=np.uint8)


def _working_green(image_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = _WORKING_WIDTH_PX / image_rgb.shape[1]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    green = np.ascontiguousarray(image_rgb[..., 1])
    return np.asarray(cv2.resize(green, None, fx=scale, fy=scale, interpolation=way), dtype=np.uint8)


def _metrics(metrics: ImageMetrics) -> list[float]:
    total = metrics.capillaries_total
    shares = {
        "share_tortuous": metrics.tortuous,
        "share_ramified": metrics.ramified,
        "share_giant": metrics.size_giant,
        "share_enlarged": metrics.size_enlarged + metrics.size_giant,
    }
    # Of no loops there is no share.
    known = {**asdict(metrics), **{name: count / total if total else None for name, count in shares.items()}}
    return [np.nan if known[name] is None else float(known[name]) for name in METRIC_NAMES]


def _hu(mask: NDArray[np.uint8]) -> list[float]:
    moments = cv2.HuMoments(cv2.moments(mask, binaryImage=True)).ravel()
    # The seven span twenty orders of magnitude; their logarithms with sign are the usual form.
    return [float(-np.sign(value) * np.log10(max(abs(value), 1e-30))) for value in moments]


def _haralick(green: NDArray[np.uint8]) -> list[float]:
    try:
        import mahotas.features  # noqa: PLC0415 (an extra of who trains or installs a classifier)
    except ImportError as error:
        raise InferenceError(
            "texture features need mahotas, which is not installed", "Install nailfold-appliance[pattern]."
        ) from error
    levels = (green // (256 // _GREY_LEVELS)).astype(np.uint8)
    return [float(value) for value in mahotas.features.haralick(levels).mean(axis=0)]
