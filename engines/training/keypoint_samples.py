"""Crops of single loops with their end points, as the keypoint network's training sees them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.inference.crops import crop_squares, extract_crops, frame_to_crop
from engines.training.cache import Pictures
from engines.training.detector_samples import LEAST_DENSITY
from engines.training.flatness import dither, draw_contrast, flatten
from engines.training.keypoint_net import CROP_PX
from engines.training.photometric import vary_photometrically

IGNORED_SHARE = 0.12
"""Share of crops of loops that no expert would measure, so that confidence learns to be low."""
BOX_ERROR = (0.06, 0.05, 0.06, 0.20)
"""Standard deviation of a detected box's left, top, right and bottom edge, in widths (x) and heights (y) of the box:
the detector's own errors; where the limbs fade is the least certain edge."""
SHAPE_WEIGHT = {"normal": 1.0, "tortuous": 1.5, "ramified": 2.0, "giant": 2.5}


@dataclass(frozen=True)
class KeypointSample:
    """One crop.

    Attributes:
        crop: uint8 RGB [96, 96, 3].
        points: float32 [6, 2] in crop pixels, the order of KeypointOutput; 0 where not visible.
        visible: float32 [3], apical, left and right limb measurable.
        left_is_arterial: 1, 0, or -1 where no limb tells.
    """

    crop: NDArray[np.uint8]
    points: NDArray[np.float32]
    visible: NDArray[np.float32]
    left_is_arterial: float


class LoopDrawer:
    """Draws loops of a cache at random, rare shapes more often; a cache that grows is surveyed again as it does."""

    def __init__(self, cache: Pictures) -> None:
        self._cache = cache
        self._survey()

    def _survey(self) -> None:
        self._images = len(self._cache)
        loops = [(i, loop) for i, truth in enumerate(self._cache.truths) for loop in truth["loops"]]
        self._measurable = [(i, loop) for i, loop in loops if not loop["is_ignored"]]
        self._ignored = [(i, loop) for i, loop in loops if loop["is_ignored"]]
        weights = np.array([SHAPE_WEIGHT[loop["morphology"]] for _, loop in self._measurable])
        self._steps = np.cumsum(weights / weights.sum())

    def __call__(self, rng: np.random.Generator) -> KeypointSample:
        """One augmented crop."""
        if len(self._cache) > self._images:
            self._survey()
        if self._ignored and rng.random() < IGNORED_SHARE:
            index, loop = self._ignored[int(rng.integers(len(self._ignored)))]
        else:
            pick = min(int(np.searchsorted(self._steps, rng.random())), len(self._measurable) - 1)
            index, loop = self._measurable[pick]
        box = err_like_the_detector(loop["bbox"], rng)
        crop = extract_crops(self._cache.picture(index)[0], [box], CROP_PX)[0]
        points, visible = locate(loop, box)
        if rng.random() < 0.5:
            crop = np.ascontiguousarray(crop[:, ::-1])
            points[..., 0] = CROP_PX - 1 - points[..., 0]
        ordered, seen, left_is_arterial = order_limbs(points, visible)
        contrast = draw_contrast(rng)
        if loop.get("density", 1.0) * contrast < LEAST_DENSITY:
            seen = np.zeros_like(seen)
        crop = vary_photometrically(dither(flatten(crop, contrast), rng), rng, contrast)
        return KeypointSample(crop, ordered, seen, left_is_arterial)


def err_like_the_detector(box: list[float], rng: np.random.Generator) -> tuple[float, float, float, float]:
    """The box (left, top, width, height) with each edge moved at random."""
    x, y, w, h = box
    left, top, right, bottom = rng.normal(0, BOX_ERROR) * (w, h, w, h)
    width, height = max(w - left + right, 0.5 * w), max(h - top + bottom, 0.4 * h)
    return x + left, y + top, width, height


def locate(loop: dict[str, Any], box: tuple[float, ...]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Ends [3, 2, 2] of apical, arterial and venous width in crop pixels, and which are there and in the crop."""
    segments = [loop["apical"], loop["arterial"], loop["venous"]]
    ends = np.array([[[0.0, 0.0], [0.0, 0.0]] if s is None else s for s in segments])
    points = frame_to_crop(ends.reshape(1, 6, 2), crop_squares([box]), CROP_PX).reshape(3, 2, 2)
    is_inside = ((points >= -0.5) & (points <= CROP_PX - 0.5)).all(axis=(1, 2))
    is_there = np.array([s is not None for s in segments]) & (not loop["is_ignored"])
    return points, is_inside & is_there


def order_limbs(
    points: NDArray[np.float64], visible: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """Limbs as left and right, each end pair from left to right: points [6, 2], visible [3], left_is_arterial.

    A limb that is alone is left or right of the apex.
    """
    centres = points.mean(axis=1)[:, 0]
    limbs = [(centres[i], i) for i in (1, 2) if visible[i]]
    ordered = np.zeros((3, 2, 2), dtype=np.float32)
    seen = np.array([float(visible[0]), 0.0, 0.0], dtype=np.float32)
    ordered[0] = points[0] if visible[0] else 0.0
    slots = {index: slot for slot, (_, index) in enumerate(sorted(limbs), start=1)}
    if len(limbs) == 1:
        slots = {limbs[0][1]: 1 if limbs[0][0] <= centres[0] else 2}
    for index, slot in slots.items():
        ordered[slot] = points[index][np.argsort(points[index][:, 0], kind="stable")]
        seen[slot] = 1.0
    arterial_slot = slots.get(1, 3 - slots[2] if 2 in slots else 0)
    return ordered.reshape(6, 2), seen, {0: -1.0, 1: 1.0, 2: 0.0}[arterial_slot]
