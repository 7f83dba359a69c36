"""A picture of a stage micrometer made ready: evenly lit, limited in contrast, turned upright."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

_BACKGROUND_SHARE = 0.05
"""Blur that takes the unevenness of the light, in widths of the picture: between a graduation's width and a shade's."""

_CLIP_AT_SIGMA = 6.0
"""Dust, bubbles and glare count at most this many standard deviations of the picture's detail."""

_STROKE_SIGMA_PX = 1.2
_NEARLY_AS_STRONG = 0.12
_MOST_DIRECTIONS = 6


@dataclass(frozen=True)
class UprightDetail:
    """The detail of a picture turned so that one direction of stroke stands upright.

    Attributes:
        detail: float32, zero where the turned picture has no content.
        is_inside: bool, same shape: where it has.
        to_picture: 2 x 3, from turned (x, y, 1) to pixels of the picture; lengths are kept.
    """

    detail: Field
    is_inside: NDArray[np.bool_]
    to_picture: NDArray[np.float64]

    def picture_point(self, x: float, y: float) -> tuple[float, float]:
        """Where a turned point lies in the picture."""
        at = self.to_picture @ (x, y, 1.0)
        return float(at[0]), float(at[1])


def detail_of(image_rgb: NDArray[np.uint8]) -> Field:
    """What is drawn in a picture, without its light: relative brightness, zero mean, limited; float32 (height, width).

    Colours are averaged: a cast dims one channel and leaves the graduations in the others.
    """
    grey = image_rgb.astype(np.float32).mean(axis=2)
    background = cv2.GaussianBlur(grey, (0, 0), _BACKGROUND_SHARE * max(grey.shape), borderType=cv2.BORDER_REFLECT)
    detail = (grey - background) / (background + 8.0)
    spread = float(np.std(detail))
    limited = np.clip(detail, -_CLIP_AT_SIGMA * spread, _CLIP_AT_SIGMA * spread)
    return np.asarray(limited - limited.mean(), dtype=np.float32)


def stroke_directions(detail: Field) -> list[float]:
    """Directions, strongest first, across which the picture is striped: degrees from the x axis, y down, -90 to 90.

    Upright strokes give 0. Weak directions come too: only the comb decides which of them is a scale.
    """
    smooth = cv2.GaussianBlur(detail, (0, 0), _STROKE_SIGMA_PX)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    strength = across**2 + down**2
    strength = np.minimum(strength, 20.0 * float(strength.mean()) + 1e-12)
    degrees = np.degrees(np.arctan2(down, across)) % 180.0
    bins = (degrees * 2).astype(np.int32).ravel() % 360
    counts = _smooth_round(np.asarray(np.bincount(bins, strength.ravel(), 360), dtype=np.float64), 2.0)
    counts = counts - counts.min()
    is_peak = (counts >= np.roll(counts, 1)) & (counts > np.roll(counts, -1))
    peaks = [at for at in np.flatnonzero(is_peak) if counts[at] >= _NEARLY_AS_STRONG * counts.max()]
    peaks.sort(key=lambda at: -counts[at])
    return [_half_turn((float(at) + 0.5) / 2.0) for at in peaks[:_MOST_DIRECTIONS]]


def turn(detail: Field, direction_deg: float) -> UprightDetail:
    """The picture turned about its middle so that stripes across `direction_deg` stand upright."""
    height, width = detail.shape
    around = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), direction_deg, 1.0)
    cos, sin = abs(around[0, 0]), abs(around[0, 1])
    new_width, new_height = int(height * sin + width * cos) + 2, int(height * cos + width * sin) + 2
    around[:, 2] += ((new_width - width) / 2, (new_height - height) / 2)
    size = (new_width, new_height)
    turned = cv2.warpAffine(detail, around, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    inside = cv2.warpAffine(np.ones_like(detail), around, size, flags=cv2.INTER_LINEAR)
    is_inside = np.asarray(inside > 0.999)
    return UprightDetail(
        np.where(is_inside, turned, np.float32(0)), is_inside, np.asarray(cv2.invertAffineTransform(around))
    )


def _half_turn(degrees: float) -> float:
    return (degrees + 90.0) % 180.0 - 90.0


def _smooth_round(values: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    reach = int(4 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    wrapped = np.concatenate([values[-reach:], values, values[:reach]])
    return np.convolve(wrapped, kernel / kernel.sum(), mode="valid")
