"""The square around a capillary that the keypoint network looks at; training and device share this one rule.

Everything is in pixels of the full frame, origin at the centre of its top-left pixel, x right, y down. A crop of
`size_px` pixels covers the square exactly: its pixel (u, v) has its centre at `x0 + (u + 0.5) * side / size_px`.
Points inside a crop are in crop pixels with the origin at the centre of the crop's top-left pixel.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

CROP_SIZE_PX = 96
"""Side of the keypoint network's input."""

MARGIN = 1.25
"""Side of the square per side of the box: a quarter more, so that both edges of the column stay in view."""

HEAD_ASPECT = 1.6
"""How much of a long loop is shown, in widths of its box: the bend and both limbs just below it."""

TOP_MARGIN = 0.1
"""Where the box begins below the top of the square, in sides of the square."""

MIN_SIDE_PX = 16.0
"""Smaller squares hold no measurable column."""


def crop_squares(boxes_xywh: ArrayLike) -> NDArray[np.float64]:
    """The squares (x0, y0, side) of N boxes, float64 [N, 3]; x0, y0 is the square's top-left corner.

    A box at least as high as wide shows its head: side 1.25 * max(w, min(h, 1.6 * w)), centred horizontally, its top
    0.1 sides above the box. A wider box is shown whole: side 1.25 * w, centred on it. The side is at least 16 px.

    Args:
        boxes_xywh: [N, 4], left, top, width, height.
    """
    boxes = np.asarray(boxes_xywh, dtype=np.float64).reshape(-1, 4)
    x, y, w, h = boxes.T
    is_upright = h >= w
    extent = np.where(is_upright, np.maximum(w, np.minimum(h, HEAD_ASPECT * w)), w)
    side = np.maximum(MARGIN * extent, MIN_SIDE_PX)
    top = np.where(is_upright, y - TOP_MARGIN * side, y + (h - side) / 2)
    squares = np.empty((len(boxes), 3))
    squares[:, 0], squares[:, 1], squares[:, 2] = x + (w - side) / 2, top, side
    return squares


def crop_square(box_xywh: Sequence[float]) -> tuple[float, float, float]:
    """The square (x0, y0, side) of one box (left, top, width, height); see crop_squares."""
    x0, y0, side = crop_squares([box_xywh])[0]
    return float(x0), float(y0), float(side)


def extract_crops(
    image_rgb: NDArray[np.uint8], boxes_xywh: ArrayLike, size_px: int = CROP_SIZE_PX
) -> NDArray[np.uint8]:
    """The crops of N boxes, uint8 RGB [N, size_px, size_px, 3]; beyond the picture its border pixels are repeated.

    Args:
        image_rgb: uint8 [height, width, 3].
        boxes_xywh: [N, 4], left, top, width, height.
        size_px: side of a crop.
    """
    return cut_squares(image_rgb, crop_squares(boxes_xywh), size_px)


def cut_squares(
    image_rgb: NDArray[np.uint8], squares: NDArray[np.float64], size_px: int = CROP_SIZE_PX
) -> NDArray[np.uint8]:
    """The crops of N squares (`crop_squares`); see extract_crops."""
    crops = np.empty((len(squares), size_px, size_px, 3), dtype=np.uint8)
    for crop, (x0, y0, side) in zip(crops, squares.tolist(), strict=True):
        _sample(image_rgb, x0, y0, side / size_px, crop)
    return crops


def crop_to_frame(points_px: ArrayLike, squares: ArrayLike, size_px: int = CROP_SIZE_PX) -> NDArray[np.float64]:
    """Points [N, K, 2] of N crops (x, y in crop pixels), in pixels of the full frame, float64 [N, K, 2]."""
    corner, scale = _corner_and_scale(squares, size_px)
    return corner + (np.asarray(points_px, dtype=np.float64) + 0.5) * scale


def frame_to_crop(points_px: ArrayLike, squares: ArrayLike, size_px: int = CROP_SIZE_PX) -> NDArray[np.float64]:
    """Points [N, K, 2] of the full frame, in pixels of their N crops, float64 [N, K, 2]: undoes crop_to_frame."""
    corner, scale = _corner_and_scale(squares, size_px)
    return (np.asarray(points_px, dtype=np.float64) - corner) / scale - 0.5


def _corner_and_scale(squares: ArrayLike, size_px: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    array = np.asarray(squares, dtype=np.float64).reshape(-1, 3)
    return array[:, None, :2], array[:, None, 2:] / size_px


def _sample(image_rgb: NDArray[np.uint8], x0: float, y0: float, scale: float, crop: NDArray[np.uint8]) -> None:
    """Fill `crop`: bilinear up to twice the size; above that the picture is first averaged by a whole factor."""
    factor = int(scale)
    if factor >= 2:
        image_rgb, x0, y0 = _shrunk(image_rgb, x0, y0, scale * crop.shape[0], factor)
        scale /= factor
    offset = scale / 2
    matrix = np.array([[scale, 0.0, x0 + offset], [0.0, scale, y0 + offset]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(image_rgb, matrix, crop.shape[1::-1], dst=crop, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _shrunk(
    image_rgb: NDArray[np.uint8], x0: float, y0: float, side: float, factor: int
) -> tuple[NDArray[np.uint8], float, float]:
    """The neighbourhood of a square averaged over factor x factor pixels, and the square's corner in it."""
    left, top = int(np.floor(x0)) - factor, int(np.floor(y0)) - factor
    cells = int(np.ceil(side / factor)) + 4
    region = _region(image_rgb, left, top, cells * factor)
    small = cv2.resize(region, (cells, cells), interpolation=cv2.INTER_AREA)
    # The region's left edge lies half a pixel left of its first centre.
    return small.astype(np.uint8, copy=False), (x0 - left + 0.5) / factor - 0.5, (y0 - top + 0.5) / factor - 0.5


def _region(image_rgb: NDArray[np.uint8], left: int, top: int, side: int) -> NDArray[np.uint8]:
    """A square of the picture, a view where it lies inside; beyond the border its pixels are repeated."""
    height, width = image_rgb.shape[:2]
    if left >= 0 and top >= 0 and left + side <= width and top + side <= height:
        return image_rgb[top : top + side, left : left + side]
    # At least one pixel, however far outside the square lies.
    x0, y0 = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    x1, y1 = min(max(left + side, x0 + 1), width), min(max(top + side, y0 + 1), height)
    before_x, before_y = min(x0 - left, side - 1) if left < 0 else 0, min(y0 - top, side - 1) if top < 0 else 0
    after_x, after_y = side - (x1 - x0) - before_x, side - (y1 - y0) - before_y
    inside = image_rgb[y0:y1, x0:x1]
    return np.asarray(cv2.copyMakeBorder(inside, before_y, after_y, before_x, after_x, cv2.BORDER_REPLICATE), np.uint8)
