"""Optical density of tubes of red cells on the pixel grid."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]
MIN_RADIUS_PX = 0.6
ROUND_END_PX = 1.5


@dataclass(frozen=True)
class Tube:
    """A stroke in pixels: points (N, 2), radius (N,), peak optical density (N,), share seen deep and blurred (N,)."""

    points_px: FloatArray
    radius_px: FloatArray
    density: FloatArray
    deep: FloatArray


@dataclass(frozen=True)
class Patch:
    """Part of an image; `density` float32 (h, w, 2): optical density of the shallow and of the deep part."""

    x: int
    y: int
    density: FloatImage

    @cached_property
    def total(self) -> FloatImage:
        return np.asarray(cv2.transform(self.density, np.ones((1, self.density.shape[2]), np.float32)))


def draw_tubes(tubes: list[Tube], width: int, height: int, blur_px: tuple[float, float]) -> Patch | None:
    """Draw tubes of one capillary and blur them; None where they miss the image.

    The column is a cylinder, so its density follows the chord sqrt(1 - (d / r)^2). Where strokes overlap the denser
    counts in full and the other by a third. `blur_px` are the Gaussian sigmas of the shallow and the deep part.
    """
    pad = int(3 * max(blur_px)) + 2
    points = np.concatenate([t.points_px for t in tubes])
    reach = max(float(t.radius_px.max()) for t in tubes) + pad
    low, high = points.min(axis=0) - reach, points.max(axis=0) + reach
    x0, y0 = int(max(low[0], -pad)), int(max(low[1], -pad))
    x1, y1 = int(min(high[0], width + pad)) + 1, int(min(high[1], height + pad)) + 1
    if x1 - x0 < 3 or y1 - y0 < 3:
        return None
    density: FloatImage | None = None
    for tube in tubes:
        drawn = _draw_one(tube, x0, y0, x1 - x0, y1 - y0)
        if drawn is not None:
            density = drawn if density is None else _overlay(density, drawn)
    if density is None:
        return None
    parts = [cv2.GaussianBlur(density[:, :, i], (0, 0), max(blur_px[i], 0.3)) for i in range(2)]
    return _clip(Patch(x0, y0, np.stack(parts, axis=2)), width, height)


def _overlay(one: FloatImage, two: FloatImage) -> FloatImage:
    return np.asarray(np.maximum(one, two) + np.minimum(one, two) / 3, dtype=np.float32)


def _clip(patch: Patch, width: int, height: int) -> Patch | None:
    h, w = patch.density.shape[:2]
    left, top = max(0, -patch.x), max(0, -patch.y)
    right, bottom = min(w, width - patch.x), min(h, height - patch.y)
    if right <= left or bottom <= top:
        return None
    return Patch(patch.x + left, patch.y + top, patch.density[top:bottom, left:right])


def _draw_one(tube: Tube, x0: int, y0: int, w: int, h: int) -> FloatImage | None:
    """One tube, unblurred; float32 (h, w, 2). The distance transform names each pixel's nearest sample of the centre
    line; the exact distance then comes from that sample's position and normal, so nothing is lost to the grid."""
    local = tube.points_px - (x0, y0)
    nearest = nearest_sample(local, w, h)
    if nearest is None:
        return None
    tangent = _tangents(local)
    table = np.column_stack([local, tangent, tube.radius_px, tube.density, tube.deep]).astype(np.float32)
    px, py, tx, ty, radius, peak, deep = np.moveaxis(table[nearest], 2, 0)
    dx = np.arange(w, dtype=np.float32)[None, :] - px
    dy = np.arange(h, dtype=np.float32)[:, None] - py
    along = dx * tx + dy * ty
    across = np.abs(dy * tx - dx * ty)
    distance = np.where(np.abs(along) > ROUND_END_PX, np.hypot(dx, dy), across)
    drawn = np.maximum(radius, MIN_RADIUS_PX)
    chord = np.sqrt(np.clip(1 - (distance / drawn) ** 2, 0, None))
    density = peak * chord * (radius / drawn)
    return np.stack([density * (1 - deep), density * deep], axis=2).astype(np.float32)


def nearest_sample(points: FloatArray, w: int, h: int) -> NDArray[np.int64] | None:
    """Index of the sample nearest to each pixel, (h, w); None where no sample lies inside."""
    cell = np.rint(points).astype(np.int64)
    sample = np.flatnonzero((cell[:, 0] >= 0) & (cell[:, 0] < w) & (cell[:, 1] >= 0) & (cell[:, 1] < h))
    if len(sample) == 0:
        return None
    cx, cy = cell[sample, 0], cell[sample, 1]
    free = np.full((h, w), 255, np.uint8)
    free[cy, cx] = 0
    _, labels = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    of_label = np.zeros(int(labels.max()) + 1, np.int64)
    of_label[labels[cy, cx]] = sample
    return np.asarray(of_label[labels])


def _tangents(points: FloatArray) -> FloatArray:
    delta = np.gradient(points, axis=0)
    return np.asarray(delta / np.maximum(np.linalg.norm(delta, axis=1, keepdims=True), 1e-9))
