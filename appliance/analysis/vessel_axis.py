"""Which way the thin dark lines of a picture run, whatever they are: the axis of its loops, but not which end is up."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import BoundingBox

FloatImage = NDArray[np.float32]

LONG_SIDE_PX = 320
"""The picture is shrunk to this: limbs of a loop are then 2 to 6 px wide."""
LINE_SIGMA_PX = 1.6
"""Scale of the second derivatives: half a limb."""
SKIN_SIGMA_PX = 12.0
"""What is wider is skin."""
LEAST_CONTRAST = 0.006
"""Contrast, as a share of the light, below which nothing is raised any further."""
STRONGEST = 3.0
"""A line counts at most so many times the picture's own contrast: one hair must not outvote twenty loops."""


def local_contrast(image_rgb: NDArray[np.uint8]) -> FloatImage:
    """How much darker than the skin around it each place is, in units of the picture's contrast; float32, shrunk.

    The logarithm of green light minus its blur: blood takes a share of the light, however bright the picture is.
    """
    height, width = image_rgb.shape[:2]
    scale = min(1.0, LONG_SIDE_PX / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    green = cv2.resize(np.ascontiguousarray(image_rgb[:, :, 1]), size, interpolation=cv2.INTER_AREA)
    light = np.log(green.astype(np.float32) + 4.0)
    dark = cv2.GaussianBlur(light, (0, 0), SKIN_SIGMA_PX) - light
    spread = float(np.sqrt(np.mean(np.square(np.clip(dark, 0.0, 0.4))) + LEAST_CONTRAST**2))
    return np.asarray(dark / spread, dtype=np.float32)


def vessel_axis(image_rgb: NDArray[np.uint8], boxes: Sequence[BoundingBox] = ()) -> tuple[float, float]:
    """The lines' mean direction and how well they agree.

    Args:
        image_rgb: uint8 [height, width, 3].
        boxes: look inside these alone; everywhere without any.

    Returns:
        Radians clockwise from the picture's top, in (-pi/2, pi/2]; agreement from 0 (none) to 1 (all parallel).
    """
    dark = cv2.GaussianBlur(local_contrast(image_rgb), (0, 0), LINE_SIGMA_PX)
    xx, yy, xy = (cv2.Sobel(dark, cv2.CV_32F, dx, dy) for dx, dy in ((2, 0), (0, 2), (1, 1)))
    difference, both = xx - yy, 2 * xy
    apart = np.hypot(difference, both)
    # A dark ridge bends down across itself (the lower curvature) and hardly along itself (the upper one).
    across, along = (xx + yy - apart) / 2, (xx + yy + apart) / 2
    is_line = (across < 0) & (np.abs(along) < 0.5 * np.abs(across))
    weight = np.where(is_line, np.minimum(-across, STRONGEST), 0.0) * _inside(boxes, image_rgb.shape, dark.shape)
    total = float(weight.sum())
    if total <= 0:
        return 0.0, 0.0
    apart = np.maximum(apart, 1e-9)
    # Twice the angle of the eigenvector of the lower curvature, which points across the line.
    cos2 = float((-difference / apart * weight).sum()) / total
    sin2 = float((-both / apart * weight).sum()) / total
    # The line itself lies a quarter turn from there; clockwise from the top it has the angle that its normal has from
    # the right.
    return math.atan2(sin2, cos2) / 2, math.hypot(sin2, cos2)


def _inside(boxes: Sequence[BoundingBox], shape: tuple[int, ...], small: tuple[int, ...]) -> NDArray[np.float32]:
    """1 inside any of the boxes and 0 elsewhere, at the small size; 1 everywhere without boxes."""
    if not boxes:
        return np.ones(small[:2], np.float32)
    mask = np.zeros(small[:2], np.float32)
    scale_y, scale_x = small[0] / shape[0], small[1] / shape[1]
    for box in boxes:
        left, right = max(0, int(box.x * scale_x)), math.ceil((box.x + box.w) * scale_x)
        top, bottom = max(0, int(box.y * scale_y)), math.ceil((box.y + box.h) * scale_y)
        mask[top:bottom, left:right] = 1.0
    return mask
