"""What a detector must not take for a capillary, and what hides one: hairs, dirt, glare, oil."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.curves import smooth_noise
from engines.synthetic.fields import random_field
from engines.synthetic.overlay import Overlay

FloatImage = NDArray[np.float32]
SATURATED = 290.0
"""Level of a mirror reflection before clipping to 255."""


def add_distractors(rng: np.random.Generator, overlay: Overlay, difficulty: float) -> None:
    """A random few of everything; half of the images stay clean."""
    scale = overlay.size[0] / 640
    if rng.random() > 0.25 + 0.45 * difficulty:
        return
    for draw, share, most in (
        (_add_glare, 0.35, 6),
        (add_bubble, 0.16, 4),
        (_add_dirt, 0.45, 12),
        (_add_speck, 0.35, 9),
        (_add_flakes, 0.30, 2),
        (add_hair, 0.20, 3),
        (_add_lamp, 0.10, 1),
        (_add_meniscus, 0.12, 1),
        (_add_aperture, 0.04, 1),
    ):
        if rng.random() < share:
            for _ in range(int(rng.integers(1, most + 1))):
                draw(rng, overlay, scale)


def _spot(rng: np.random.Generator, overlay: Overlay) -> tuple[float, float]:
    return float(rng.uniform(0, overlay.size[0])), float(rng.uniform(0, overlay.size[1]))


def _add_glare(rng: np.random.Generator, overlay: Overlay, scale: float) -> None:
    """A white patch with a ragged, hard edge (real: 7 to 650 px each, on wet or flaky skin)."""
    x, y = _spot(rng, overlay)
    y *= 0.75 if rng.random() < 0.7 else 1.0
    radius = scale * float(np.clip(np.exp(rng.normal(np.log(4.5), 0.7)), 1.5, 30))
    half = int(2.2 * radius) + 3
    grid = np.arange(-half, half + 1)
    squash = rng.uniform(0.4, 1.0)
    distance = np.hypot(grid[None, :] / radius, grid[:, None] / (radius * squash))
    ragged = 0.35 * random_field(rng, (2 * half + 1, 2 * half + 1), max(0.8, radius / 3))
    alpha = np.clip((1 - distance + ragged) * radius / 1.5 + 0.5, 0, 1) * rng.uniform(0.5, 1.0)
    alpha = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), scale * float(rng.uniform(0.5, 1.2)))
    overlay.cover(int(x) - half, int(y) - half, alpha, SATURATED)


def add_bubble(rng: np.random.Generator, overlay: Overlay, scale: float) -> None:
    """An air bubble in the oil: a dark rim, a bright inner crescent and a mirror image of the lamp."""
    x, y = _spot(rng, overlay)
    radius = scale * float(rng.uniform(4, 26))
    half = int(radius * 1.3) + 3
    grid = np.arange(-half, half + 1, dtype=np.float32)
    distance = np.hypot(grid[None, :], grid[:, None])
    rim = np.exp(-(((distance - radius) / (0.10 * radius + scale)) ** 2))
    overlay.cover(int(x) - half, int(y) - half, (rim * rng.uniform(0.2, 0.75)).astype(np.float32), rng.uniform(20, 90))
    turn = rng.uniform(0, 2 * np.pi)
    facing = (grid[None, :] * np.cos(turn) + grid[:, None] * np.sin(turn)) / np.maximum(distance, 1)
    inner = np.exp(-(((distance - 0.78 * radius) / (0.10 * radius + 0.7 * scale)) ** 2)) * np.clip(facing, 0, 1) ** 2
    overlay.cover(int(x) - half, int(y) - half, (inner * rng.uniform(0.3, 1)).astype(np.float32), SATURATED)
    lamp = np.exp(-((distance / (0.2 * radius + scale)) ** 2)) * rng.uniform(0, 1)
    overlay.cover(int(x) - half, int(y) - half, lamp.astype(np.float32), SATURATED)


def _add_dirt(rng: np.random.Generator, overlay: Overlay, scale: float) -> None:
    """A dark grey or brown grain, sharp or out of focus."""
    x, y = _spot(rng, overlay)
    radius = scale * float(np.clip(np.exp(rng.normal(np.log(2.2), 0.55)), 0.8, 11))
    half = int(2 * radius + 3 * scale) + 3
    grid = np.arange(-half, half + 1)
    distance = np.hypot(grid[None, :] / radius, grid[:, None] / (radius * rng.uniform(0.5, 1.0)))
    ragged = 0.3 * random_field(rng, (2 * half + 1, 2 * half + 1), max(0.8, radius / 2))
    alpha = np.clip((1 - distance + ragged) * radius + 0.5, 0, 1) * rng.uniform(0.25, 0.95)
    alpha = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), scale * float(rng.uniform(0.5, 2.0)))
    level = rng.uniform(20, 90) * np.array([1.0, rng.uniform(0.75, 1.0), rng.uniform(0.6, 1.0)])
    overlay.cover(int(x) - half, int(y) - half, alpha, level)


def _add_speck(rng: np.random.Generator, overlay: Overlay, scale: float) -> None:
    """A compact, nearly black grain with a hard edge, at times with the bright halo of sharpening or of wet skin."""
    x, y = _spot(rng, overlay)
    radius = scale * float(np.clip(np.exp(rng.normal(np.log(3.5), 0.5)), 1.2, 12))
    half = int(3 * radius) + 3
    grid = np.arange(-half, half + 1)
    side = rng.uniform(2.0, 6.0)
    x_axis, y_axis = np.abs(grid[None, :] / radius), np.abs(grid[:, None] / (radius * rng.uniform(0.5, 1.0)))
    distance = (x_axis**side + y_axis**side) ** (1 / side)
    if rng.random() < 0.5:
        halo = np.exp(-(((distance - 1.4) / 0.35) ** 2)) * rng.uniform(0.1, 0.6)
        overlay.cover(int(x) - half, int(y) - half, halo.astype(np.float32), rng.uniform(190, 250))
    ragged = 0.25 * random_field(rng, (2 * half + 1, 2 * half + 1), max(0.8, radius / 2))
    alpha = np.clip((1 - distance + ragged) * radius + 0.5, 0, 1) * rng.uniform(0.6, 1.0)
    tint = np.array([1.0, rng.uniform(0.8, 1.1), rng.uniform(0.8, 1.3)])
    overlay.cover(int(x) - half, int(y) - half, alpha.astype(np.float32), rng.uniform(5, 60) * tint)


def _add_flakes(rng: np.random.Generator, overlay: Overlay, scale: float) -> None:
    """Scaling skin: a cluster of white or dark crumbs with hard, ragged edges."""
    half_w, half_h = scale * rng.uniform(20, 160), scale * rng.uniform(12, 60)
    w, h = 2 * int(half_w) + 1, 2 * int(half_h) + 1
    x, y = _spot(rng, overlay)
    y *= 0.6 if rng.random() < 0.7 else 1.0
    across, along = np.linspace(-1, 1, h)[:, None], np.linspace(-1, 1, w)[None, :]
    stretch, turn = float(rng.uniform(1, 2.5)), float(rng.normal(0, 0.4))
    crumbs = random_field(rng, (w, h), scale * float(rng.uniform(1.2, 4.0)), stretch, turn)
    cluster = 1 - along**2 - across**2 + 0.4 * random_field(rng, (w, h), 12 * scale)
    over = crumbs - rng.uniform(1.0, 1.9) + np.clip(cluster, -2, 0.6)
    alpha = np.clip(over * rng.uniform(1.5, 6), 0, 1) * np.clip(cluster * 3, 0, 1) * rng.uniform(0.3, 1.0)
    is_white = rng.random() < 0.75
    level = SATURATED * rng.uniform(0.75, 1.0) if is_white else rng.uniform(20, 90)
    overlay.cover(int(x) - w // 2, int(y) - h // 2, alpha.astype(np.float32), float(level))


def add_hair(rng: np.random.Generator, overlay: Overlay, scale: float) -> None:
    """A hair, fibre or scratch: a long, thin, even, uncoloured curve, dark or bright."""
    width, height = overlay.size
    start = np.array(_spot(rng, overlay))
    length, heading = rng.uniform(0.1, 0.9) * width, rng.uniform(0, 2 * np.pi)
    bend = rng.normal(0, 1.2) * np.linspace(0, 1, 60) + 0.3 * smooth_noise(rng, 60, 15.0)
    step = length / 60 * np.stack([np.cos(heading + bend), np.sin(heading + bend)], axis=1)
    line = np.rint((start + np.cumsum(step, axis=0)) * 16).astype(np.int32).reshape(-1, 1, 2)
    alpha = np.zeros((height, width), np.float32)
    thickness = max(1, round(scale * float(rng.choice([1, 1, 1, 2, 4]))))
    cv2.polylines(alpha, [line], False, float(rng.uniform(0.15, 0.8)), thickness, cv2.LINE_AA, 4)
    alpha = cv2.GaussianBlur(alpha, (0, 0), scale * float(rng.uniform(0.6, 2.5)))
    overlay.cover(0, 0, alpha, rng.uniform(25, 100) if rng.random() < 0.85 else rng.uniform(190, 250))


def _add_lamp(rng: np.random.Generator, overlay: Overlay, scale: float) -> None:
    """The mirrored ring of LEDs, or one big lamp at the border."""
    width, height = overlay.size
    if rng.random() < 0.5:
        x, y = float(rng.choice([0.0, 1.0])) * width + rng.normal(0, 30) * scale, rng.uniform(-0.1, 0.25) * height
        _soft_disc(overlay, (x, y), scale * float(rng.uniform(25, 90)), scale * float(rng.uniform(4, 25)))
        return
    x, y = _spot(rng, overlay)
    ring, count, first = scale * rng.uniform(25, 110), int(rng.choice([4, 6, 8])), rng.uniform(0, np.pi)
    for k in range(count):
        angle = first + 2 * np.pi * k / count
        at = (x + ring * np.cos(angle), y + ring * np.sin(angle))
        _soft_disc(overlay, at, scale * float(rng.uniform(2, 6)), scale * float(rng.uniform(1, 3)))


def _soft_disc(overlay: Overlay, at: tuple[float, float], radius: float, soft: float) -> None:
    half = int(radius + 3 * soft) + 2
    grid = np.arange(-half, half + 1, dtype=np.float32)
    distance = np.hypot(grid[None, :], grid[:, None])
    alpha = np.clip((radius - distance) / soft + 0.5, 0, 1)
    overlay.cover(int(at[0]) - half, int(at[1]) - half, alpha.astype(np.float32), SATURATED)


def _add_meniscus(rng: np.random.Generator, overlay: Overlay, scale: float) -> None:
    """The border of the oil: a long bright and dark double line, the dry side duller."""
    width, height = overlay.size
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.35, 0.35) * width
    x = np.arange(width, dtype=np.float32)[None, :] - width / 2
    y = np.arange(height, dtype=np.float32)[:, None] - height / 2
    across = x * np.cos(angle) + y * np.sin(angle) - offset + 18 * scale * random_field(rng, overlay.size, 60 * scale)
    thick = scale * float(rng.uniform(1.5, 7))
    for shift, level, share in ((0.0, rng.uniform(30, 110), 0.5), (1.6 * thick, 245.0, 0.7)):
        line = np.exp(-(((across - shift) / thick) ** 2)) * share * rng.uniform(0.2, 1)
        overlay.cover(0, 0, line.astype(np.float32), level)
    dull = np.clip(-across / (20 * scale), 0, 1) * rng.uniform(0, 0.3)
    overlay.levels += np.float32(25) * dull[:, :, None].astype(np.float32)


def _add_aperture(rng: np.random.Generator, overlay: Overlay, scale: float) -> None:
    """The round, dark border of an eyepiece or a contact cap."""
    width, height = overlay.size
    x = np.arange(width, dtype=np.float32)[None, :] - width * rng.uniform(0.45, 0.55)
    y = np.arange(height, dtype=np.float32)[:, None] - height * rng.uniform(0.45, 0.55)
    radius, soft = rng.uniform(0.46, 0.62) * width, scale * rng.uniform(2, 30)
    alpha = np.clip((np.hypot(x, y) - radius) / soft + 0.5, 0, 1)
    overlay.cover(0, 0, alpha.astype(np.float32), float(rng.uniform(0, 25)))
