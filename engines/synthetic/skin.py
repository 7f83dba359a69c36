"""Skin without its capillaries: reflectance, haze of the deep plexus, cuticle, folds and texture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.appearance import Blanching
from engines.synthetic.fields import random_field
from engines.synthetic.view import View

FloatImage = NDArray[np.float32]


@dataclass(frozen=True)
class SkinAppearance:
    """Appearance of the skin. Lengths in micrometres, amplitudes as shares of the level or as optical density.

    Attributes:
        tint: reflectance of R, G, B (real means 162, 158, 155: near neutral).
        cast_slope: change of R, G, B across half the width and half the height, from uneven white balance.
        haze: optical density of R, G, B that deep tissue adds (bottom minus top in real images: R 0, G -23, B -36).
        haze_depth_um: over which it sets in below the row.
        blotch: amplitude of the broad mottling.
        blush: amplitude of the mottling in blood, as optical density in green.
        grain: amplitude of the fine texture.
        cuticle_um: distance of the cuticle's edge from the row.
    """

    tint: tuple[float, float, float]
    cast_slope: tuple[tuple[float, float], ...]
    haze: tuple[float, float, float]
    haze_depth_um: float
    blotch: float
    blush: float
    grain: float
    cuticle_um: float


def draw_skin_appearance(rng: np.random.Generator, difficulty: float) -> SkinAppearance:
    """An appearance at random, whatever the labels are."""
    red = rng.normal(1.0, 0.02)
    cast = rng.normal(0, 0.015 + 0.09 * difficulty * (rng.random() < 0.18), 3)
    # Melanin: about three times as dense in blue as in red (our choice; one finger in twelve).
    melanin = rng.uniform(0.1, 0.35) if rng.random() < 0.08 * difficulty else 0.0
    cast = cast - melanin * np.array([0.35, 0.75, 1.0])
    slopes = rng.normal(0, 0.012 + 0.07 * difficulty * (rng.random() < 0.2), (3, 2))
    green_haze = 0.01 + abs(rng.normal(0.02, 0.085))
    haze = (rng.normal(0, 0.012) + 0.15 * green_haze, green_haze, green_haze * rng.uniform(0.9, 2.6))
    return SkinAppearance(
        tint=(float(red + cast[0]), float(1.0 + cast[1]), float(rng.normal(0.995, 0.02) + cast[2])),
        cast_slope=tuple((float(a), float(b)) for a, b in slopes),
        haze=(float(haze[0]), float(haze[1]), float(haze[2])),
        haze_depth_um=float(rng.uniform(200, 800)),
        blotch=float(rng.uniform(0.012, 0.06)),
        blush=float(rng.uniform(0.004, 0.024)),
        grain=float(rng.uniform(0.004, 0.022)),
        cuticle_um=float(rng.uniform(60, 700)),
    )


def paint_skin(rng: np.random.Generator, view: View, appearance: SkinAppearance, blanching: Blanching) -> FloatImage:
    """Reflectance about 1; float32 (height, width, 3), RGB. Where pressed it is paler and less red."""
    depth = view.depth_map_um()
    luminance = _mottling(rng, view, appearance, depth) * _cuticle(rng, view, appearance, depth)
    for _ in range(int(rng.integers(0, 4))):
        luminance *= _fold(rng, view, depth)
    haze = np.clip(depth / appearance.haze_depth_um + 0.25 * _field(rng, view, 120.0, 1.5, np.pi / 2), 0, 1.4)
    if blanching.share > 0:
        u, v = view.grid_um(8)
        small = blanching.remaining(u, v).astype(np.float32)
        remaining = cv2.resize(small, (view.width, view.height), interpolation=cv2.INTER_LINEAR)
        haze *= remaining
        luminance *= 1 + 0.12 * (1 - remaining)
    # Deep blood lies in clouds: the redder the ground, the more uneven it is.
    blush = appearance.blush * (_field(rng, view, 90.0) + 0.6 * _field(rng, view, 35.0, 1.5, np.pi / 2))
    blush = blush * (0.6 + np.clip(haze, 0, 1.4) * (0.4 + 4 * appearance.haze[1]))
    channels = []
    x = np.linspace(-1, 1, view.width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, view.height, dtype=np.float32)[:, None]
    for i in range(3):
        density = appearance.haze[i] * haze + (0.25, 1.0, 1.1)[i] * blush
        drift = 1 + appearance.cast_slope[i][0] * x + appearance.cast_slope[i][1] * y
        channels.append(luminance * appearance.tint[i] * drift * np.exp(-2.3026 * density))
    return np.ascontiguousarray(np.stack(channels, axis=2), dtype=np.float32)


def _field(
    rng: np.random.Generator, view: View, scale_um: float, stretch: float = 1.0, angle: float = 0.0
) -> FloatImage:
    roll = float(np.deg2rad(view.roll_deg))
    return random_field(rng, (view.width, view.height), scale_um / view.um_per_px, stretch, angle + roll)


def _mottling(rng: np.random.Generator, view: View, appearance: SkinAppearance, depth: FloatImage) -> FloatImage:
    """Broad blotches everywhere; fine grain stronger beyond the row, where the horny layer is in focus."""
    broad = appearance.blotch * (_field(rng, view, 130.0) + 0.6 * _field(rng, view, 35.0, 1.6, np.pi / 2))
    beyond = np.clip(0.5 - depth / 300.0, 0.15, 1.0)
    fine = _field(rng, view, float(rng.uniform(3, 7))) + 0.8 * _field(rng, view, 13.0, float(rng.uniform(1, 2)))
    return np.asarray(1 + broad + appearance.grain * beyond * fine, dtype=np.float32)


def _cuticle(rng: np.random.Generator, view: View, appearance: SkinAppearance, depth: FloatImage) -> FloatImage:
    """A step of brightness at the cuticle with a bright or dark rim; beyond it the nail plate's own texture."""
    wave = 22.0 * _field(rng, view, 140.0, 2.5) + 5.0 * _field(rng, view, 25.0, 2.0)
    beyond = -(depth + appearance.cuticle_um + wave)
    softness = float(rng.uniform(4, 40))
    step = 1 / (1 + np.exp(-np.clip(beyond / softness, -30, 30)))
    plate = float(rng.normal(-0.05, 0.13)) + 0.03 * _field(rng, view, 60.0, 4.0) + 0.012 * _field(rng, view, 6.0, 3.0)
    rim = float(rng.normal(0.02, 0.06)) * np.exp(-((beyond / float(rng.uniform(8, 30))) ** 2))
    return np.asarray((1 + plate * step) * (1 + rim), dtype=np.float32)


def _fold(rng: np.random.Generator, view: View, depth: FloatImage) -> FloatImage:
    """A crease roughly along the row: a shadow with a lit flank, fading in and out along its course."""
    slope = float(rng.normal(0, 0.25))
    u, _ = view.grid_um(8)
    along = cv2.resize(u.astype(np.float32), (view.width, view.height), interpolation=cv2.INTER_LINEAR)
    bend = 25.0 * _field(rng, view, 200.0)
    across = depth + float(rng.uniform(30, 700)) + slope * along + bend
    width = float(rng.uniform(5, 28))
    amount = float(rng.uniform(0.01, 0.07)) * np.clip(0.4 + 0.8 * _field(rng, view, 160.0), 0, 1.5)
    profile = np.exp(-((across / width) ** 2)) - float(rng.uniform(0, 0.9)) * np.exp(-(((across - width) / width) ** 2))
    return np.asarray(1 - amount * profile, dtype=np.float32)
