"""Judged pictures made hard: flat, cast, grainy, turned, shrunk, dirty; each with its boxes where they then are.

Dirt comes from `engines.synthetic.dirt`, which training draws from too, with other seeds: what it says flatters.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.turned_view import arch_extent, view_of_turn
from engines.evaluation.judged import FloatArray, JudgedPicture
from engines.synthetic.dirt import add_blown_out, add_bubbles, add_specks
from engines.synthetic.overlay import Overlay

Image = NDArray[np.uint8]
Hardship = Callable[[JudgedPicture, np.random.Generator], JudgedPicture]
HIDDEN_SHARE = 0.4
"""A loop is ignored when so much of its head lies under something."""
SHRUNK = 1.3 / 2.5
"""To 2.5 micrometres a pixel: the pictures' loops are as wide as they are at 1.3."""


def every_hardship() -> dict[str, Hardship]:
    """By name, in the order of the table."""
    levels: dict[str, Callable[[Image], Image]] = {
        "contrast a fifth": lambda image: flattened(image, 0.2),
        "contrast a tenth": lambda image: flattened(image, 0.1),
        "warm cast": lambda image: _tone(image, (1.15, 0.9, 0.65), 1.0),
        "green cast": lambda image: _tone(image, (0.75, 1.05, 0.8), 1.0),
        "grey": lambda image: np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[:, :, None], 3, axis=2),
        "gamma 0.6": lambda image: _tone(image, (1.0, 1.0, 1.0), 0.6),
        "gamma 1.7": lambda image: _tone(image, (1.0, 1.0, 1.0), 1.7),
    }
    hardships: dict[str, Hardship] = {name: _of_levels(change) for name, change in levels.items()}
    hardships |= {f"grain of {levels} levels": _grain(levels) for levels in (6, 12, 25)}
    hardships |= {f"turned by {degrees}": _turn(degrees) for degrees in range(30, 181, 30)}
    hardships["shrunk to 2.5 um/px"] = _shrink
    hardships["specks"] = _dirty(lambda rng, overlay: add_specks(rng, overlay, 0.9), times=2)
    hardships["bubbles"] = _dirty(lambda rng, overlay: add_bubbles(rng, overlay, 1.0), times=2)
    hardships["blown out"] = _dirty(lambda rng, overlay: add_blown_out(rng, overlay, 1.0), times=1)
    return hardships


def _of_levels(change: Callable[[Image], Image]) -> Hardship:
    return lambda picture, _rng: replace(picture, image_rgb=np.ascontiguousarray(change(picture.image_rgb)))


def flattened(image: Image, share: float) -> Image:
    """The picture with that share of its contrast, in whole levels; each channel's mean is kept."""
    if share == 1.0:
        return image
    mean = image.mean(axis=(0, 1))
    return np.asarray(np.clip(np.round((image - mean) * share + mean), 0, 255), dtype=np.uint8)


def _tone(image: Image, gains: tuple[float, float, float], gamma: float) -> Image:
    return np.asarray(np.clip((image / 255.0) ** gamma * gains, 0, 1) * 255 + 0.5, dtype=np.uint8)


def grainy(image: Image, levels: float, rng: np.random.Generator) -> Image:
    """The picture with white grain of that standard deviation, as a sensor adds in poor light."""
    return np.asarray(np.clip(np.round(image + rng.normal(0.0, levels, image.shape)), 0, 255), dtype=np.uint8)


def _grain(levels: int) -> Hardship:
    return lambda picture, rng: replace(picture, image_rgb=grainy(picture.image_rgb, levels, rng))


def _turn(degrees: int) -> Hardship:
    def turned(picture: JudgedPicture, _rng: np.random.Generator) -> JudgedPicture:
        """The whole picture turned clockwise; its empty corners show the border's colours."""
        height, width = picture.image_rgb.shape[:2]
        # A view undoes a turn; shown by the opposite one, the finger comes to lie turned.
        view = view_of_turn(width, height, -math.radians(degrees))
        image = view.show(picture.image_rgb)

        def moved(boxes: FloatArray) -> FloatArray:
            sizes = (width, height), image.shape[1::-1]
            return np.array([_turned_box(box, *sizes, math.radians(degrees)) for box in boxes]).reshape(-1, 4)

        return replace(
            picture,
            image_rgb=image,
            loops=moved(picture.loops),
            ignored=moved(picture.ignored),
            others=moved(picture.others),
        )

    return turned


def _turned_box(box: FloatArray, size: tuple[int, int], view_size: tuple[int, ...], turn: float) -> list[float]:
    x, y = box[0] + box[2] / 2 - (size[0] - 1) / 2, box[1] + box[3] / 2 - (size[1] - 1) / 2
    cos, sin = math.cos(turn), math.sin(turn)
    at = cos * x - sin * y + (view_size[0] - 1) / 2, sin * x + cos * y + (view_size[1] - 1) / 2
    left, top, right, bottom = arch_extent(float(box[2]), float(box[3]), turn)
    return [at[0] + left, at[1] + top, right - left, bottom - top]


def _shrink(picture: JudgedPicture, _rng: np.random.Generator) -> JudgedPicture:
    image = cv2.resize(picture.image_rgb, None, fx=SHRUNK, fy=SHRUNK, interpolation=cv2.INTER_AREA)
    scale = np.array(image.shape[1::-1]) / picture.image_rgb.shape[1::-1]

    def shrunk(boxes: FloatArray) -> FloatArray:
        corner = np.array([0.5, 0.5, 0.0, 0.0])
        return np.asarray((boxes + corner) * (*scale, *scale) - corner)

    return replace(
        picture,
        image_rgb=np.asarray(image, dtype=np.uint8),
        loops=shrunk(picture.loops),
        ignored=shrunk(picture.ignored),
        others=shrunk(picture.others),
    )


def _dirty(add: Callable[[np.random.Generator, Overlay], None], times: int) -> Hardship:
    def dirtied(picture: JudgedPicture, rng: np.random.Generator) -> JudgedPicture:
        overlay = Overlay(picture.image_rgb.astype(np.float32))
        for _ in range(times):
            add(rng, overlay)
        is_hidden = np.array([_head_cover(overlay.hidden, box) > HIDDEN_SHARE for box in picture.loops], dtype=bool)
        return replace(
            picture,
            image_rgb=np.asarray(np.clip(overlay.levels, 0, 255), dtype=np.uint8),
            loops=picture.loops[~is_hidden],
            is_tight=picture.is_tight[~is_hidden],
            ignored=np.concatenate([picture.ignored, picture.loops[is_hidden]]),
        )

    return dirtied


def _head_cover(hidden: NDArray[np.float32], box: FloatArray) -> float:
    x, y, w, h = box
    part = hidden[max(0, int(y)) : int(y + min(h, w)) + 1, max(0, int(x)) : int(x + w) + 1]
    return float(part.mean()) if part.size else 0.0
