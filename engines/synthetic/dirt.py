"""Dirt in hundreds, and what else real oil and skin put beside the loops: specks in clouds, blown-out areas, furrows.

Drawn straight onto an exposed picture in about a millisecond each, so that a training draws them anew for every crop.
Sizes in pixels of a 640x480 picture. In real pictures such specks are 3 to 60 px wide, at times forty and more in one
picture, and lie in oil and on the nail plate as well as among the loops.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.curves import smooth_noise
from engines.synthetic.distractors import SATURATED, add_bubble, add_hair
from engines.synthetic.fields import random_field
from engines.synthetic.overlay import Overlay

FloatImage = NDArray[np.float32]
SPECK_RADIUS_PX = (1.5, 30.0)
SPECKS = (4, 160)
SOFTNESS_PX = ((4.0, 0.9), (10.0, 2.2), (31.0, 5.0))
"""Specks up to each radius are blurred by the second number, give or take a half: large ones lie out of focus."""
BLOOD = np.array([0.45, 1.0, 1.1], np.float32)
"""Optical density of blood in red, green and blue against green; dirt takes about the same of all three."""


def add_dirt(rng: np.random.Generator, overlay: Overlay, contrast: float) -> None:
    """One or two kinds at random over the picture.

    Args:
        contrast: of the picture, as a share of an ordinary one's; dirt on a flat picture is paler too, but less so.
    """
    kinds = (add_specks, add_blown_out, add_stubs, add_furrows, add_bubbles, add_fibres, add_corners)
    shares = (0.26, 0.22, 0.16, 0.08, 0.06, 0.06, 0.16)
    for kind in rng.choice(len(kinds), int(rng.integers(1, 3)), replace=False, p=shares):
        kinds[int(kind)](rng, overlay, float(max(contrast, 0.1) ** 0.7))


def add_specks(rng: np.random.Generator, overlay: Overlay, strength: float) -> None:
    """Dark fuzzy grains in one or two clouds, or all over the picture."""
    density = np.zeros(overlay.levels.shape[:2], np.float32)
    count = int(np.exp(rng.uniform(*np.log(SPECKS))))
    typical = float(np.exp(rng.uniform(np.log(2.0), np.log(9.0))))
    centres = _cloud(rng, overlay.size, count)
    radii = np.clip(typical * np.exp(rng.normal(0, 0.5, count)), *SPECK_RADIUS_PX)
    depths = np.exp(rng.uniform(np.log(0.08), np.log(0.8))) * rng.uniform(0.4, 1.3, count)
    smallest = 0.0
    for largest, soft in SOFTNESS_PX:
        layer = np.zeros_like(density)
        for at in np.flatnonzero((radii > smallest) & (radii <= largest)):
            axes = (radii[at], radii[at] * rng.uniform(0.45, 1.0))
            _ellipse(layer, centres[at], axes, float(rng.uniform(0, 180)), float(depths[at]))
        if layer.any():
            density += cv2.GaussianBlur(layer, (0, 0), soft * float(rng.uniform(0.5, 1.5)))
        smallest = largest
    density *= np.clip(1 + 0.4 * random_field(rng, overlay.size, 2.5), 0.2, 2.0)
    tint = np.array([rng.uniform(0.8, 1.15), 1.0, rng.uniform(0.85, 1.3)], np.float32)
    _absorb(overlay, density * np.float32(strength), tint)


def add_blown_out(rng: np.random.Generator, overlay: Overlay, _strength: float) -> None:
    """Wet or flaky skin that mirrors the lamp: white areas with ragged edges and islands, over part of the picture."""
    coarse = random_field(
        rng, overlay.size, float(rng.uniform(12, 45)), float(rng.uniform(1, 2)), rng.uniform(0, np.pi)
    )
    ragged = random_field(rng, overlay.size, float(rng.uniform(1.5, 5)))
    where = random_field(rng, overlay.size, 90.0)
    height = coarse + 0.3 * ragged + 0.8 * where
    level = np.quantile(height[::4, ::4], 1 - rng.uniform(0.02, 0.22))
    alpha = np.clip((height - level) * rng.uniform(2, 12), 0, 1).astype(np.float32)
    overlay.cover(0, 0, cv2.GaussianBlur(alpha, (0, 0), float(rng.uniform(0.5, 1.5))), SATURATED)


def add_stubs(rng: np.random.Generator, overlay: Overlay, strength: float) -> None:
    """Blood deep below the focus, a few or a crowd: soft blobs and streaks without any outline, which nobody counts."""
    density = np.zeros(overlay.levels.shape[:2], np.float32)
    is_crowd = rng.random() < 0.4
    count = int(rng.integers(12, 45) if is_crowd else rng.integers(2, 12))
    lean, longest = float(rng.normal(0, 15)), float(rng.uniform(1.5, 6))
    for centre in _cloud(rng, overlay.size, count):
        half = float(rng.uniform(4, 11))
        axes = (half, half * float(rng.uniform(1, longest)))
        _ellipse(density, centre, axes, lean + float(rng.normal(0, 15)), float(rng.uniform(0.4, 1)))
    density = cv2.GaussianBlur(density, (0, 0), float(rng.uniform(6, 10)))
    _absorb(overlay, density * np.float32(strength * rng.uniform(0.06, 0.4)), BLOOD)


def add_furrows(rng: np.random.Generator, overlay: Overlay, strength: float) -> None:
    """Dark, soft, nearly parallel lines: folds of the skin and edges of the cuticle."""
    width, height = overlay.size
    density = np.zeros((height, width), np.float32)
    heading, count = rng.uniform(0, np.pi), int(rng.integers(1, 6))
    for _ in range(count):
        middle = np.array([rng.uniform(0, width), rng.uniform(0, height)])
        bend = heading + rng.normal(0, 0.15) + 0.4 * smooth_noise(rng, 40, 10.0)
        steps = np.stack([np.cos(bend), np.sin(bend)], axis=1) * rng.uniform(3, 14)
        line = middle + np.cumsum(steps, axis=0) - steps.sum(axis=0) / 2
        points = np.rint(line * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(density, [points], False, float(rng.uniform(0.3, 1)), int(rng.integers(2, 14)), cv2.LINE_AA, 4)
    density = cv2.GaussianBlur(density, (0, 0), float(rng.uniform(1.5, 5)))
    _absorb(overlay, density * np.float32(strength * rng.uniform(0.05, 0.35)), np.array([0.9, 1.0, 1.1], np.float32))


def add_bubbles(rng: np.random.Generator, overlay: Overlay, _strength: float) -> None:
    for _ in range(int(rng.integers(1, 12))):
        add_bubble(rng, overlay, float(rng.uniform(0.4, 1.2)))


def add_fibres(rng: np.random.Generator, overlay: Overlay, _strength: float) -> None:
    for _ in range(int(rng.integers(1, 5))):
        add_hair(rng, overlay, float(rng.uniform(0.6, 1.3)))


def add_corners(rng: np.random.Generator, overlay: Overlay, _strength: float) -> None:
    """What lies beside a picture that was turned: one or two corners in colours of its border, plain, black or drawn
    out from the edge; nothing there is a vessel."""
    width, height = overlay.size
    down, across = np.mgrid[:height, :width].astype(np.float32)
    turn = float(rng.uniform(np.deg2rad(4), np.deg2rad(86)))
    normals = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) * rng.choice([-1.0, 1.0])
    empty = np.zeros((height, width), dtype=bool)
    for normal in normals[: int(rng.integers(1, 3))]:
        along = normal[0] * across + normal[1] * down
        empty |= along > np.quantile(along[::8, ::8], 1 - rng.uniform(0.05, 0.35))
    overlay.cover(0, 0, empty.astype(np.float32), _beside(rng, overlay.levels, ~empty))


def _beside(rng: np.random.Generator, levels: FloatImage, is_shown: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Colours for what is not shown, float32 (height, width, 3)."""
    draw = rng.random()
    if draw < 0.15:
        return np.full_like(levels, float(rng.choice([0.0, 0.0, 255.0, 128.0])))
    mean = levels[is_shown].mean(axis=0)
    if draw < 0.3:
        return np.broadcast_to(mean, levels.shape).astype(np.float32)
    # As TurnedView.show fills them: a blur of what is shown, which knows nothing of what is not, with a little grain.
    small = cv2.resize(levels * is_shown[:, :, None], None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(is_shown.astype(np.float32), small.shape[1::-1], interpolation=cv2.INTER_AREA)
    sigma = float(np.exp(rng.uniform(np.log(1.0), np.log(12.0))))
    near = cv2.GaussianBlur(small, (0, 0), sigma) + 1e-3 * mean.astype(np.float32)
    around = near / (cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-3)[:, :, None]
    around = cv2.resize(around, levels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(around + rng.integers(-2, 3, levels.shape), dtype=np.float32)


def _cloud(rng: np.random.Generator, size: tuple[int, int], count: int) -> NDArray[np.float64]:
    """Places (count, 2): evenly, or about one point with a spread of its own in either direction."""
    everywhere = rng.uniform(0, size, (count, 2))
    if rng.random() < 0.4:
        return np.asarray(everywhere)
    spread = rng.uniform(0.05, 0.35, 2) * size
    return np.asarray(rng.uniform(0, size, 2) + rng.normal(0, 1, (count, 2)) * spread)


def _ellipse(
    layer: FloatImage, centre: NDArray[np.float64], axes: tuple[float, float], turn_deg: float, value: float
) -> None:
    at = (int(centre[0] * 16), int(centre[1] * 16))
    half = (max(1, int(axes[0] * 16)), max(1, int(axes[1] * 16)))
    cv2.ellipse(layer, at, half, turn_deg, 0, 360, value, -1, cv2.LINE_AA, 4)


def _absorb(overlay: Overlay, density: FloatImage, tint: FloatImage) -> None:
    """Multiply by what is let through; what takes most of a pixel's light hides what lies there."""
    overlay.levels *= np.exp(-density[:, :, None] * tint)
    overlay.hidden = np.maximum(overlay.hidden, np.clip(density - 0.3, 0, 1))
