"""What the scope does to the scene: light, exposure, blur, noise, compression."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.synthetic.fields import random_field

FloatImage = NDArray[np.float32]
ByteImage = NDArray[np.uint8]


@dataclass(frozen=True)
class CameraAppearance:
    """Settings of the simulated camera; pixels are those of the image.

    Attributes:
        blur_px: Gaussian sigma of lens and focus.
        motion_px: length of the streak, 0 for none, and motion_rad its direction.
        level: mean green level aimed at by auto exposure (real: 134 to 167).
        contrast: slope of the tone curve about that level; below 1 is stray light.
        noise: standard deviation in levels (real, after shrinking: 1.3 to 1.8).
        noise_scale_px: correlation length (real: autocorrelation 0.6 at lag 1).
        noise_colour: share of the noise that differs between channels (real channels correlate by about 0.8).
        vignette: loss of light in the corners.
        slope: change of light across the width and the height.
        resolution: share of the pixels that the sensor resolves; the rest is interpolated.
        sharpen: amount of unsharp masking.
        jpeg_quality: 0 for no compression.
    """

    blur_px: float
    motion_px: float
    motion_rad: float
    level: float
    contrast: float
    noise: float
    noise_scale_px: float
    noise_colour: float
    vignette: float
    slope: tuple[float, float]
    resolution: float
    sharpen: float
    jpeg_quality: int


def draw_camera_appearance(rng: np.random.Generator, width: int, difficulty: float) -> CameraAppearance:
    """A camera at random; sizes in pixels grow with the image's width."""
    scale = width / 640
    is_shaken = rng.random() < 0.12 * difficulty
    return CameraAppearance(
        blur_px=float(scale * (0.6 + rng.gamma(1.6, 0.45) * (0.3 + 0.7 * difficulty))),
        motion_px=float(scale * rng.uniform(2, 9)) if is_shaken else 0.0,
        motion_rad=float(rng.uniform(0, np.pi)),
        level=float(np.clip(rng.normal(152, 8 + 16 * difficulty), 80, 215)),
        contrast=float(np.exp(rng.normal(0, 0.12))),
        noise=float(np.exp(rng.normal(np.log(3.2), 0.45)) * (0.4 + 0.6 * difficulty)),
        noise_scale_px=float(rng.uniform(0.5, 1.7)),
        noise_colour=float(rng.uniform(0.15, 0.7)),
        vignette=float(abs(rng.normal(0.07, 0.07))),
        slope=(float(rng.normal(0, 0.05)), float(rng.normal(0, 0.05))),
        resolution=float(rng.uniform(0.4, 0.9)) if rng.random() < 0.2 * difficulty else 1.0,
        sharpen=float(rng.uniform(0.2, 1.2)) if rng.random() < 0.35 else 0.0,
        jpeg_quality=int(rng.integers(35, 97)) if rng.random() < 0.8 else 0,
    )


def light(appearance: CameraAppearance, width: int, height: int) -> FloatImage:
    """Illumination about 1; float32 (height, width)."""
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(height / width)
    falloff = 1 - appearance.vignette * (x * x + y * y) ** 1.3
    return np.asarray(falloff * (1 + appearance.slope[0] * x + appearance.slope[1] * y), dtype=np.float32)


def expose(scene: FloatImage, appearance: CameraAppearance, gain: float) -> FloatImage:
    """Levels 0 to 255 of reflected light about 1; `gain` is what brings the mean to the aimed level."""
    return np.asarray(
        scene * np.float32(gain * appearance.contrast) + np.float32(appearance.level * (1 - appearance.contrast))
    )


def record(rng: np.random.Generator, levels: FloatImage, appearance: CameraAppearance) -> ByteImage:
    """What the sensor delivers, uint8 (height, width, 3), RGB: motion, sharpening, noise, quantisation."""
    if appearance.motion_px > 0:
        levels = cv2.filter2D(levels, -1, _streak(appearance.motion_px, appearance.motion_rad))
    size = (levels.shape[1], levels.shape[0])
    if appearance.resolution < 1:
        small = (max(8, int(size[0] * appearance.resolution)), max(8, int(size[1] * appearance.resolution)))
        image = _digitise(rng, cv2.resize(levels, small, interpolation=cv2.INTER_AREA), appearance)
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    return _digitise(rng, levels, appearance)


def _digitise(rng: np.random.Generator, levels: FloatImage, appearance: CameraAppearance) -> ByteImage:
    size = (levels.shape[1], levels.shape[0])
    if appearance.sharpen > 0:
        levels = cv2.addWeighted(
            levels, 1 + appearance.sharpen, cv2.GaussianBlur(levels, (0, 0), 2.0), -appearance.sharpen, 0
        )
    common = appearance.noise * (1 - appearance.noise_colour) * random_field(rng, size, appearance.noise_scale_px)
    own = appearance.noise * appearance.noise_colour
    noisy = [levels[:, :, i] + common + own * random_field(rng, size, appearance.noise_scale_px) for i in range(3)]
    return np.asarray(np.clip(cv2.merge(noisy) + 0.5, 0, 255), dtype=np.uint8)


def compress(image_rgb: ByteImage, quality: int) -> ByteImage:
    """The image after JPEG with 4:2:0 chroma, as MJPEG cameras send it."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _streak(length: float, angle: float) -> FloatImage:
    size = int(length) // 2 * 2 + 3
    kernel = np.zeros((size, size), np.float32)
    centre = size / 2 - 0.5
    dx, dy = np.cos(angle) * length / 2, np.sin(angle) * length / 2
    ends = [(int((centre + s * dx) * 16), int((centre + s * dy) * 16)) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_8, 4)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)
