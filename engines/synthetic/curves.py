"""Small tools for lines in the plane."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def resample(line: FloatArray, step: float) -> FloatArray:
    """The same polyline with samples `step` apart."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.arange(0, lengths[-1], step)
    return np.stack([np.interp(at, lengths, line[:, 0]), np.interp(at, lengths, line[:, 1])], axis=1)


def smooth_noise(rng: np.random.Generator, count: int, wavelength: float) -> FloatArray:
    """Smooth unit-range noise over `count` samples; features about `wavelength` samples long."""
    knots = max(4, int(count / wavelength) + 3)
    values = rng.normal(0, 0.6, knots)
    at = np.linspace(0, knots - 1.001, count)
    index, t = at.astype(int), at % 1.0
    t = t * t * (3 - 2 * t)
    return np.asarray(values[index] * (1 - t) + values[np.minimum(index + 1, knots - 1)] * t)


def spline(knots: FloatArray) -> FloatArray:
    """Catmull-Rom curve through the knots, 12 samples a span."""
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    spans = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        spans.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*spans, knots[-1:]])
