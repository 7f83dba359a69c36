"""Frames and name tags as they were drawn on labelled pictures and taken out again, at random places of any crop.

The real pictures that may be trained on come from printed sheets: boxes and tags lay over them and were filled in from
what is around. A network must not learn that a loop is what stands in a filled-in frame, so frames are filled in
everywhere: around loops and beside them, in rendered crops too.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.overlay import Overlay

FloatImage = NDArray[np.float32]
FRAMES = (1, 7)
AROUND_A_LOOP = 0.5
"""So many frames stand around a loop, more or less; the others anywhere."""
LINE_PX, TAG_PX = (4.0, 13.0), ((18.0, 52.0), (14.0, 38.0))
NEAR_PX, FAR_PX = 11, 45
"""Sides of the boxes whose mean fills a gap: the near one for lines, the far one for the middle of a tag."""
ENOUGH_KNOWN = 0.08


def add_restored(rng: np.random.Generator, overlay: Overlay, boxes: NDArray[np.float32]) -> None:
    """Draw frames with tags and fill them in.

    Args:
        boxes: [G, 4] pixel edges x0, y0, x1, y1 of the loops.
    """
    mask = np.zeros(overlay.levels.shape[:2], np.uint8)
    for _ in range(int(rng.integers(*FRAMES))):
        _draw_frame(rng, mask, _place(rng, overlay.size, boxes))
    is_gap = mask > 0
    overlay.levels[is_gap] = _filled(rng, overlay.levels, is_gap)[is_gap]
    overlay.hidden[is_gap] = 1.0


def _place(rng: np.random.Generator, size: tuple[int, int], boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    if len(boxes) and rng.random() < AROUND_A_LOOP:
        box = boxes[int(rng.integers(len(boxes)))].astype(np.float64)
        extent = np.tile(box[2:] - box[:2], 2)
        return np.asarray(box + rng.normal(0, 0.12, 4) * extent)
    width = float(np.exp(rng.uniform(np.log(15), np.log(90))))
    height = width * float(rng.uniform(1, 3.5))
    x, y = rng.uniform(0, size[0]), rng.uniform(0, size[1])
    return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])


def _draw_frame(rng: np.random.Generator, mask: NDArray[np.uint8], box: NDArray[np.float64]) -> None:
    x0, y0, x1, y1 = (int(v) for v in box)
    cv2.rectangle(mask, (x0, y0), (x1, y1), 255, int(rng.uniform(*LINE_PX)))
    wide, high = (int(rng.uniform(*limits)) for limits in TAG_PX)
    cv2.rectangle(mask, (x0, y0 - high), (x0 + wide, y0), 255, -1)


def _filled(rng: np.random.Generator, levels: FloatImage, is_gap: NDArray[np.bool_]) -> FloatImage:
    """Each gap from its surroundings, with the grain of another place."""
    known = (~is_gap).astype(np.float32)
    shown = levels * known[:, :, None]
    fill = np.broadcast_to(levels.mean(axis=(0, 1)), levels.shape).astype(np.float32)
    for side in (FAR_PX, NEAR_PX):
        share = cv2.blur(known, (side, side))
        mean = cv2.blur(shown, (side, side)) / np.maximum(share, 1e-3)[:, :, None]
        fill = np.where(share[:, :, None] > ENOUGH_KNOWN, mean, fill)
    smooth = cv2.blur(fill, (3, 3))
    grain = (levels - cv2.blur(levels, (3, 3))) * known[:, :, None]
    moved = np.roll(grain, tuple(rng.integers(15, 120, 2)), axis=(0, 1))
    return np.asarray(smooth + moved * np.float32(rng.uniform(0.4, 1.2)), dtype=np.float32)
