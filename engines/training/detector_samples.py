"""Random crops of cached images with their boxes, as the detector's training sees them."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.training.cache import Cache
from engines.training.detector_net import MORPHOLOGIES, SIZES
from engines.training.photometric import vary_photometrically

CROP_WIDTH, CROP_HEIGHT = 384, 288
SCALE_RANGE = (0.6, 1.9)
"""384x288 is 0.6 of 640x480: the smallest scale still fills the crop. Labelled loops of real 640x480 images are 46 px
wide and 93 px high in the median, larger than rendered ones."""
MIN_VISIBLE = 0.5
"""A loop with less of its box in the crop is ignored, as is one whose apex lies outside."""
HAEMORRHAGE = 1


@dataclass(frozen=True)
class Targets:
    """The boxes of one crop.

    Attributes:
        boxes: float32 [G, 4], x0, y0, x1, y1 with the crop spanning 0 to width (pixel edges).
        kind: int64 [G], 0 capillary, 1 haemorrhage.
        morphology, size: int64 [G], indices into MORPHOLOGIES and SIZES; 0 for a haemorrhage, never used there.
        is_ignored: bool [G].
    """

    boxes: NDArray[np.float32]
    kind: NDArray[np.int64]
    morphology: NDArray[np.int64]
    size: NDArray[np.int64]
    is_ignored: NDArray[np.bool_]


def draw_sample(cache: Cache, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Targets]:
    """One augmented crop, uint8 RGB [288, 384, 3], and what is in it."""
    index = int(rng.integers(len(cache)))
    matrix = _draw_view(rng)
    flags = cv2.INTER_LINEAR if matrix[1, 1] > 0.75 else cv2.INTER_AREA
    crop = cv2.warpAffine(
        cache.images[index], matrix, (CROP_WIDTH, CROP_HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return vary_photometrically(crop, rng), transform_truth(cache.truths[index], matrix)


def transform_truth(truth: dict[str, Any], matrix: NDArray[np.float64]) -> Targets:
    """The truth of an image seen through `matrix` (2x3, axis-aligned, pixel centres to crop pixel centres)."""
    loops, patches = truth["loops"], truth["haemorrhages"]
    rows = [_see(loop, matrix, loop["apex"]) for loop in loops] + [_see(patch, matrix, None) for patch in patches]
    kept = [i for i, (box, _) in enumerate(rows) if min(box[2] - box[0], box[3] - box[1]) > 1.0]
    morphology = [MORPHOLOGIES.index(loop["morphology"]) for loop in loops] + [0] * len(patches)
    size = [SIZES.index(loop["size"]) for loop in loops] + [0] * len(patches)
    kind = [0] * len(loops) + [HAEMORRHAGE] * len(patches)
    return Targets(
        boxes=np.array([rows[i][0] for i in kept], dtype=np.float32).reshape(-1, 4),
        kind=np.array([kind[i] for i in kept], dtype=np.int64),
        morphology=np.array([morphology[i] for i in kept], dtype=np.int64),
        size=np.array([size[i] for i in kept], dtype=np.int64),
        is_ignored=np.array([rows[i][1] for i in kept], dtype=bool),
    )


def _draw_view(rng: np.random.Generator) -> NDArray[np.float64]:
    """Scale, mirror and place a 640x480 image over the crop."""
    scale = float(np.exp(rng.uniform(*np.log(SCALE_RANGE))))
    left = rng.uniform(0, 1) * max(640 * scale - CROP_WIDTH, 0)
    top = rng.uniform(0, 1) * max(480 * scale - CROP_HEIGHT, 0)
    # Pixel centres: x' = (x + 0.5) * scale - left - 0.5.
    matrix = np.array([[scale, 0, scale / 2 - left - 0.5], [0, scale, scale / 2 - top - 0.5]])
    if rng.random() < 0.5:
        matrix[0] = [-scale, 0, CROP_WIDTH - 1 - matrix[0, 2]]
    return matrix


def _see(item: dict[str, Any], matrix: NDArray[np.float64], apex: list[float] | None) -> tuple[list[float], bool]:
    """The clipped box in pixel edges, and whether it is to be ignored."""
    x, y, w, h = item["bbox"]
    xs = sorted((matrix[0, 0] * x + matrix[0, 2] + 0.5, matrix[0, 0] * (x + w) + matrix[0, 2] + 0.5))
    ys = (matrix[1, 1] * y + matrix[1, 2] + 0.5, matrix[1, 1] * (y + h) + matrix[1, 2] + 0.5)
    x0, x1 = np.clip(xs, 0, CROP_WIDTH)
    y0, y1 = np.clip(ys, 0, CROP_HEIGHT)
    area = (xs[1] - xs[0]) * (ys[1] - ys[0])
    is_cut = (x1 - x0) * (y1 - y0) < MIN_VISIBLE * area
    if apex is not None:
        ax, ay = matrix[0, 0] * apex[0] + matrix[0, 2], matrix[1, 1] * apex[1] + matrix[1, 2]
        is_cut = is_cut or not (0 <= ax < CROP_WIDTH and 0 <= ay < CROP_HEIGHT)
    return [float(x0), float(y0), float(x1), float(y1)], bool(item["is_ignored"] or is_cut)
