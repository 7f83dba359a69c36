"""Colour, light, blur and noise at random, so that the networks carry over to cameras nobody has rendered.

The renderer draws one scope; this draws all the others: casts, gains, gamma, monochrome sensors, sharpening, JPEG.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
STRONG_CAST_SHARE = 0.3
"""Of the pictures, those whose white balance is far off (our choice)."""
BRIGHTEST_MEAN = 0.85
"""No channel's mean is raised above this share of full scale (our choice)."""
LEAST_GRAIN = 0.2
"""Share of the grain that stays on the flattest pictures: 0.1 to 1.2 levels, as after a camera's own smoothing."""
GRAIN_LEVELS = (0.5, 14.0)
"""Standard deviation of the grain; more is smoothed away before a network sees it (appliance/analysis/grain.py)."""
_LEVELS = np.arange(256, dtype=np.float32) / 255


def vary_photometrically(image_rgb: Image, rng: np.random.Generator, contrast: float = 1.0) -> Image:
    """The image as another camera might have taken it; same shape, uint8 RGB.

    Args:
        contrast: the image's own, as a share of an ordinary one's. Grain and compression that would bury a flat one
            are left out: who can see nothing learns to invent.
    """
    image = image_rgb
    if rng.random() < 0.3:
        image = _mix_channels(image, rng)
    image = _tone(image, rng)
    if rng.random() < 0.2:
        image = _resample(image, float(rng.uniform(0.35, 0.85)))
    if rng.random() < 0.12:
        image = _tilt_focus(image, rng)
    elif rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.6)))
    elif rng.random() < 0.25:
        image = _sharpen(image, float(np.exp(rng.uniform(np.log(0.3), np.log(3.0)))))
    if rng.random() < 0.3:
        image = _uneven_light(image, rng)
    if rng.random() < 0.5:
        image = _grain(image, rng, max(contrast, LEAST_GRAIN))
    if rng.random() < 0.35:
        image = _jpeg(image, int(rng.integers(int(95 - 75 * contrast), 96)))
    return image


def _mix_channels(image: Image, rng: np.random.Generator) -> Image:
    """Towards grey, or away from it: monochrome sensors, channels bleeding into one another, gaudy colour settings."""
    grey = np.array([0.25, 0.6, 0.15]) if rng.random() < 0.7 else rng.dirichlet([1.0, 2.0, 1.0])
    amount = 1.0 if rng.random() < 0.4 else float(rng.uniform(-0.6, 1.0))
    mix = (1 - amount) * np.eye(3) + amount * np.tile(grey, (3, 1))
    return np.asarray(cv2.transform(image, mix.astype(np.float32)), dtype=np.uint8)


def _tone(image: Image, rng: np.random.Generator) -> Image:
    """Gain, offset, contrast and gamma of each channel, common part and cast, as one table."""
    # White balances differ most: some scopes show skin orange, pink or green.
    cast = rng.normal(0, 0.17 if rng.random() < STRONG_CAST_SHARE else 0.08, 3)
    gain = np.exp(rng.normal(0, 0.12) + cast)
    gamma = np.exp(rng.normal(0, 0.18) + rng.normal(0, 0.06, 3))
    offset = rng.normal(0, 0.03) + rng.normal(0, 0.03, 3)
    contrast = np.exp(rng.normal(0, 0.3))
    mean = float(image.mean()) / 255
    # No camera's automatic exposure blows the whole skin out.
    gain = np.minimum(gain, BRIGHTEST_MEAN / max(mean, 0.05))
    base = np.clip((_LEVELS - mean) * contrast + mean, 0, 1)
    table = np.clip(base[:, None] ** gamma * gain + offset, 0, 1) * 255
    return np.asarray(cv2.LUT(image, np.round(table).astype(np.uint8)[None]), dtype=np.uint8)


def _resample(image: Image, share: float) -> Image:
    """Shrunk and enlarged again, as pictures from a coarser sensor or out of a report are."""
    size = (image.shape[1], image.shape[0])
    small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def _tilt_focus(image: Image, rng: np.random.Generator) -> Image:
    """Sharp on one side and blurred on the other: a tilted scope, a curved finger."""
    height, width = image.shape[:2]
    corners = np.clip(rng.normal(0.4, 0.6, (2, 2)), 0, 1).astype(np.float32)
    share = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)[:, :, None]
    blurred = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(1.2, 3.0)))
    return np.asarray(image * (1 - share) + blurred * share, dtype=np.uint8)


def _sharpen(image: Image, amount: float) -> Image:
    blurred = cv2.GaussianBlur(image, (0, 0), 1.5)
    return np.asarray(cv2.addWeighted(image, 1 + amount, blurred, -amount, 0), dtype=np.uint8)


def _uneven_light(image: Image, rng: np.random.Generator) -> Image:
    """A smooth gradient of light and colour over the picture."""
    coarse = (1 + rng.normal(0, 0.10, (3, 3, 1)) + rng.normal(0, 0.04, (3, 3, 3))).astype(np.float32)
    field = cv2.resize(coarse, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(image * field, 0, 255), dtype=np.uint8)


def _grain(image: Image, rng: np.random.Generator, share: float) -> Image:
    """Sensor noise, from fine to blobby, mostly common to the three channels."""
    height, width = image.shape[:2]
    scale = float(rng.uniform(1.0, 2.5))
    size = (int(height / scale) + 1, int(width / scale) + 1)
    noise = rng.integers(-128, 128, (*size, 1 if rng.random() < 0.5 else 3), dtype=np.int8)
    # Uniform int8 has a standard deviation of 74.
    noise = cv2.resize(noise.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    levels = float(np.exp(rng.uniform(*np.log(GRAIN_LEVELS))))
    noise = noise.reshape(height, width, -1) * np.float32(levels * share / 74)
    return np.asarray(np.clip(image + noise, 0, 255), dtype=np.uint8)


def _jpeg(image: Image, quality: int) -> Image:
    _, buffer = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(buffer, cv2.IMREAD_COLOR), dtype=np.uint8)
