"""Random crops of cached images with their boxes, as the detector's training sees them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.dirt import add_dirt
from engines.synthetic.overlay import Overlay
from engines.training.cache import Pictures
from engines.training.detector_net import MORPHOLOGIES, SIZES
from engines.training.flatness import dither, draw_contrast, flatten
from engines.training.photometric import vary_photometrically
from engines.training.restored_patches import add_restored

CROP_WIDTH, CROP_HEIGHT = 384, 288
SCALE_RANGE = (0.6, 1.9)
"""384x288 is 0.6 of 640x480: the smallest scale still fills the crop. Labelled loops of real 640x480 images are 46 px
wide and 93 px high in the median, larger than rendered ones."""
MIN_VISIBLE = 0.5
"""A loop with less of its box in the crop is ignored, as is one whose apex lies outside."""
HAEMORRHAGE = 1
UNKNOWN = -100
"""Of a shape or calibre that nobody labelled: cross entropy leaves it out."""
LEAST_DENSITY = 0.009
"""Optical density that can be made out at all in 8 bits, 1.3 of 150 levels: a paler loop is ignored."""
DIRTY_SHARE = 0.45
HIDDEN_SHARE = 0.4
"""A loop is ignored when so much of its head lies under dirt or glare, as in engines.synthetic.render."""
TURNED_SHARE, TURN_DEG, MAX_TURN_DEG = 0.35, 18.0, 45.0
"""Some crops are turned, by this standard deviation. Few: boxes of turned loops are guesses, of leaning ones exact."""


@dataclass(frozen=True)
class Targets:
    """The boxes of one crop.

    Attributes:
        boxes: float32 [G, 4], x0, y0, x1, y1 with the crop spanning 0 to width (pixel edges).
        kind: int64 [G], 0 capillary, 1 haemorrhage.
        morphology, size: int64 [G], indices into MORPHOLOGIES and SIZES; UNKNOWN where nobody said; 0 for a
            haemorrhage, never used there.
        is_ignored: bool [G].
    """

    boxes: NDArray[np.float32]
    kind: NDArray[np.int64]
    morphology: NDArray[np.int64]
    size: NDArray[np.int64]
    is_ignored: NDArray[np.bool_]


LayDirt = Callable[[np.random.Generator, Overlay, float], None]


@dataclass(frozen=True)
class Crop:
    """One augmented crop and how it was made.

    Attributes:
        image: uint8 RGB [288, 384, 3].
        targets: the boxes in it.
        truth: of the image that it was cut from.
        matrix: 2x3, from that image's pixel centres to the crop's.
        contrast: share of the image's own that is left.
        hidden: float32 [288, 384], share of each pixel under dirt or glare that was laid over it.
    """

    image: NDArray[np.uint8]
    targets: Targets
    truth: dict[str, Any]
    matrix: NDArray[np.float64]
    contrast: float
    hidden: NDArray[np.float32]


def draw_sample(
    cache: Pictures, rng: np.random.Generator, restored_share: float = 0.0
) -> tuple[NDArray[np.uint8], Targets]:
    """One augmented crop, uint8 RGB [288, 384, 3], and what is in it; see draw_crop."""
    crop = draw_crop(cache, rng, restored_share)
    return crop.image, crop.targets


def draw_crop(
    cache: Pictures, rng: np.random.Generator, restored_share: float = 0.0, lay_dirt: LayDirt | None = None
) -> Crop:
    """An augmented crop of any of the pictures.

    Args:
        restored_share: of the crops get filled-in frames, wherever some of the pictures have them from the start.
        lay_dirt: over the crop, given its contrast; None lays `add_dirt` over a share of the crops.
    """
    image, truth = cache.picture(int(rng.integers(len(cache))))
    matrix = _draw_view(rng, image.shape[1::-1], truth.get("scale", 1.0))
    flags = cv2.INTER_LINEAR
    crop = cv2.warpAffine(image, matrix, (CROP_WIDTH, CROP_HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    contrast = max(draw_contrast(rng), truth.get("least_contrast", 0.0))
    targets = transform_truth(truth, matrix, contrast)
    overlay = Overlay(flatten(crop, contrast))
    if lay_dirt is not None:
        lay_dirt(rng, overlay, contrast)
    elif rng.random() < DIRTY_SHARE:
        add_dirt(rng, overlay, contrast)
    if rng.random() < restored_share:
        add_restored(rng, overlay, targets.boxes)
    if overlay.hidden.any():
        targets = replace(targets, is_ignored=targets.is_ignored | _is_hidden(targets.boxes, overlay.hidden))
    seen = vary_photometrically(dither(overlay.levels, rng), rng, contrast)
    return Crop(seen, targets, truth, matrix, contrast, overlay.hidden)


def _is_hidden(boxes: NDArray[np.float32], hidden: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether the upper square of each box, where the head is, is mostly covered."""
    covers = []
    for x0, y0, x1, y1 in boxes.tolist():
        part = hidden[int(y0) : int(min(y1, y0 + x1 - x0)) + 1, int(x0) : int(x1) + 1]
        covers.append(float(part.mean()) if part.size else 0.0)
    return np.array(covers, dtype=np.float64) > HIDDEN_SHARE


def transform_truth(truth: dict[str, Any], matrix: NDArray[np.float64], contrast: float = 1.0) -> Targets:
    """The truth of an image seen through `matrix` (2x3, scaled, turned, maybe mirrored; pixel centres to crop pixel
    centres), with `contrast` left of its own. Loops of labelled pictures, whose density nobody knows, stay."""
    loops, patches = truth["loops"], truth["haemorrhages"]
    rows = [_see(loop, matrix, loop["apex"]) for loop in loops] + [_see(patch, matrix, None) for patch in patches]
    kept = [i for i, (box, _) in enumerate(rows) if min(box[2] - box[0], box[3] - box[1]) > 1.0]
    morphology = [_index(MORPHOLOGIES, loop["morphology"]) for loop in loops] + [0] * len(patches)
    size = [_index(SIZES, loop["size"]) for loop in loops] + [0] * len(patches)
    kind = [0] * len(loops) + [HAEMORRHAGE] * len(patches)
    is_pale = [loop.get("density", 1.0) * contrast < LEAST_DENSITY for loop in loops] + [False] * len(patches)
    return Targets(
        boxes=np.array([rows[i][0] for i in kept], dtype=np.float32).reshape(-1, 4),
        kind=np.array([kind[i] for i in kept], dtype=np.int64),
        morphology=np.array([morphology[i] for i in kept], dtype=np.int64),
        size=np.array([size[i] for i in kept], dtype=np.int64),
        is_ignored=np.array([rows[i][1] or is_pale[i] for i in kept], dtype=bool),
    )


def _index(names: tuple[str, ...], name: str | None) -> int:
    return UNKNOWN if name is None else names.index(name)


def turned_size(w: float, h: float, lean: float, turn: float) -> tuple[float, float]:
    """Width and height of the box of a loop that was turned by `turn`, a capsule leaning by `lean` before.

    Args:
        w, h: of its box before; a box wider than high is taken for round and stays.
        lean, turn: radians, clockwise on the screen.
    """
    if h <= w:
        return w, h
    sine, cosine = abs(np.sin(lean)), np.cos(lean)
    longest = 0.8 * w / max(sine, 1e-6)  # the capsule keeps a fifth of the box's width
    length = min((h - w) / max(cosine - sine, 0.2), longest)
    thickness = w - length * sine
    slack = h - length * cosine - thickness
    new = lean + turn
    return float(length * abs(np.sin(new)) + thickness), float(length * abs(np.cos(new)) + thickness + slack)


def _draw_view(rng: np.random.Generator, size: tuple[int, ...], own_scale: float) -> NDArray[np.float64]:
    """Scale, turn, mirror and place an image so that it fills the crop.

    Args:
        size: width and height of the image.
        own_scale: its pixels per pixel of a 640x480 picture of the same field.
    """
    is_turned = rng.random() < TURNED_SHARE
    turn = np.deg2rad(np.clip(rng.normal(0, TURN_DEG), -MAX_TURN_DEG, MAX_TURN_DEG)) if is_turned else 0.0
    sine, cosine = np.sin(turn), np.cos(turn)
    needed = np.array([CROP_WIDTH, CROP_HEIGHT]) * cosine + np.array([CROP_HEIGHT, CROP_WIDTH]) * abs(sine)
    drawn = float(np.exp(rng.uniform(*np.log(SCALE_RANGE)))) / own_scale
    scale = max(drawn, needed[0] / size[0], needed[1] / size[1])
    centre = needed / 2 + rng.uniform(0, 1, 2) * (np.array(size) * scale - needed)
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    shift = np.array([CROP_WIDTH, CROP_HEIGHT]) / 2 - rotation @ centre
    # From pixel edges to pixel centres on both sides.
    shift = shift + scale * rotation @ (0.5, 0.5) - 0.5
    matrix = np.column_stack([scale * rotation, shift])
    if rng.random() < 0.5:
        matrix[0] = [-matrix[0, 0], -matrix[0, 1], CROP_WIDTH - 1 - matrix[0, 2]]
    return matrix


def _see(item: dict[str, Any], matrix: NDArray[np.float64], apex: list[float] | None) -> tuple[list[float], bool]:
    """The clipped box in pixel edges, and whether it is to be ignored."""
    x, y, w, h = item["bbox"]
    scale, turn = float(np.hypot(*matrix[1, :2])), float(np.arctan2(matrix[1, 0], matrix[1, 1]))
    centre = matrix[:, :2] @ (x + w / 2, y + h / 2) + matrix[:, 2] + 0.5
    if apex is not None and turn:
        lean = float(np.arctan2(apex[0] - x - w / 2, max(y + h / 2 - apex[1], 1e-6)))
        w, h = turned_size(w, h, float(np.clip(lean, -0.6, 0.6)), turn)
    half = np.array([w, h]) * scale / 2
    x0, y0 = np.clip(centre - half, 0, (CROP_WIDTH, CROP_HEIGHT))
    x1, y1 = np.clip(centre + half, 0, (CROP_WIDTH, CROP_HEIGHT))
    is_cut = (x1 - x0) * (y1 - y0) < MIN_VISIBLE * 4 * half[0] * half[1]
    if apex is not None:
        ax, ay = matrix[:, :2] @ apex + matrix[:, 2]
        is_cut = is_cut or not (0 <= ax < CROP_WIDTH and 0 <= ay < CROP_HEIGHT)
    return [float(x0), float(y0), float(x1), float(y1)], bool(item["is_ignored"] or is_cut)
