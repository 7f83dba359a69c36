"""The small movement of a hand-held scope over a finger."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Amplitudes as a share of the longest side, so that a reduced still moves like the full one. The drift is the slow
# wander of a braced hand; 8 to 12 Hz is physiological tremor, of which little is left with the scope on the finger.
_DRIFT_SHARE = 0.004
_TREMOR_SHARE = 0.0002
_ROTATION_RAD = math.radians(0.15)
_SCALE = 0.0015
_DRIFT_HZ = (0.08, 0.6)
_TREMOR_HZ = (8.0, 12.0)
_WAVES = 4


@dataclass(frozen=True)
class HandPosition:
    """Where the picture is, against its rest position: shift in pixels, turn in radians about the centre, zoom."""

    dx_px: float
    dy_px: float
    rotation_rad: float
    scale: float


class HandMotion:
    """A smooth movement that never repeats visibly, given by its seed, and a bound that it never exceeds.

    Every axis is a sum of sine waves with random frequency and phase: any moment can be computed by itself, so
    skipped frames change nothing.

    Args:
        width_px, height_px: size of the picture that is moved.
        seed: the same seed gives the same movement.
    """

    def __init__(self, width_px: int, height_px: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self._longest_px = max(width_px, height_px)
        self._half_diagonal_px = math.hypot(width_px, height_px) / 2
        self._drift_hz, self._drift_phase = _waves(rng, _DRIFT_HZ)
        self._tremor_hz, self._tremor_phase = _waves(rng, _TREMOR_HZ)

    def pose(self, elapsed_s: float) -> HandPosition:
        """The pose at a time; at most `margin_px` away from rest in any corner."""
        drift = np.sin(2 * math.pi * self._drift_hz * elapsed_s + self._drift_phase).mean(axis=1)
        tremor = np.sin(2 * math.pi * self._tremor_hz * elapsed_s + self._tremor_phase).mean(axis=1)
        shift_px = (drift[:2] * _DRIFT_SHARE + tremor[:2] * _TREMOR_SHARE) * self._longest_px
        return HandPosition(
            float(shift_px[0]), float(shift_px[1]), float(drift[2]) * _ROTATION_RAD, 1.0 + float(drift[3]) * _SCALE
        )

    @property
    def margin_px(self) -> int:
        """What must be cropped from each side so that the picture's edge never shows, with a pixel for the filter."""
        shift_px = (_DRIFT_SHARE + _TREMOR_SHARE) * self._longest_px
        return math.ceil(shift_px + (_ROTATION_RAD + _SCALE) * self._half_diagonal_px) + 2


def _waves(rng: np.random.Generator, band_hz: tuple[float, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return rng.uniform(*band_hz, size=(4, _WAVES)), rng.uniform(0, 2 * math.pi, size=(4, _WAVES))
