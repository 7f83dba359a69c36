"""Centre lines and widths of single capillary loops.

Loop axes: micrometres, apex at the origin, v grows along the limbs (proximal), u to the right of an upright image.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Morphology
from engines.synthetic.curves import resample, smooth_noise
from engines.synthetic.hairpin import HairpinNumbers

FloatArray = NDArray[np.float64]
STEP_UM = 2.0


@dataclass(frozen=True)
class Stroke:
    """A tube along a line.

    Attributes:
        points_um: (N, 2) centre line.
        width_um: (N,) width of the red-cell column.
        strength: (N,) share of red cells, 0 in a plasma gap.
        below_um: (N,) depth below the apex along the limb, which blurs and fades.
    """

    points_um: FloatArray
    width_um: FloatArray
    strength: FloatArray
    below_um: FloatArray


@dataclass(frozen=True)
class LoopShape:
    """A whole capillary; strokes[0] runs from the arterial base over the apex to the venous base.

    Attributes:
        apex, arterial, venous: samples of strokes[0] where the three widths are taken.
        head_um: depth of the bend.
        head_width_um: outer width of the loop at its head.
    """

    strokes: tuple[Stroke, ...]
    apex: int
    arterial: int
    venous: int
    head_um: float
    head_width_um: float
    morphology: Morphology


def build_hairpin(rng: np.random.Generator, n: HairpinNumbers, morphology: Morphology) -> LoopShape:
    """The loop those numbers describe, with smooth random variation along each limb."""
    theta = np.linspace(0, np.pi / 2, 14)
    v = np.concatenate([n.bend * (1 - np.cos(theta)), np.arange(n.bend + 3.0, n.length, 3.0)])
    cap = np.sqrt(np.clip(1 - (1 - np.minimum(v, n.bend) / n.bend) ** 2, 0, 1))
    head = np.exp(-((np.maximum(v - n.bend, 0) / max(40.0, n.gap)) ** 2))
    half = n.gap / 2 * (n.neck + (1 - n.neck) * head) * cap
    half = half * np.cos(np.pi * n.crossings * np.clip((v - n.bend) / (0.8 * n.length), 0, 1))
    phases = rng.uniform(0, 2 * np.pi, 4)
    middle = _wave(v, n.wobble, n.wavelength, phases[0]) + _wave(v, n.wobble * 0.4, n.wavelength * 0.55, phases[1])
    middle = middle + n.lean * (v / n.length) ** 2
    left = middle - half + cap * _wave(v, n.unrest, n.wavelength * 0.7, phases[2])
    right = middle + half + cap * _wave(v, n.unrest, n.wavelength * 0.7, phases[3])
    if n.side < 0:
        left, right = right, left
    line = np.concatenate([np.stack([left, v], 1)[::-1], np.stack([right, v], 1)[1:]])
    points = resample(line, STEP_UM)
    apex = int(np.argmin(points[:, 1]))
    points = _roughen(rng, points)
    below = points[:, 1] - points[apex, 1]
    stroke = Stroke(points - points[apex], _widths_along(rng, n, below, apex), np.ones(len(points)), below)
    # Limbs are measured about 1 to 1.5 apical widths below the bend.
    level = n.bend + n.apical * rng.uniform(1.0, 1.5)
    arterial = apex - int(np.argmax(below[apex::-1] >= level))
    venous = apex + int(np.argmax(below[apex:] >= level))
    return LoopShape((stroke,), apex, arterial, venous, n.bend + n.apical / 2, n.gap + n.apical, morphology)


def with_strength(stroke: Stroke, factor: FloatArray) -> Stroke:
    """The stroke with its red cells multiplied along the line."""
    return replace(stroke, strength=stroke.strength * factor)


def _wave(v: FloatArray, amplitude: float, wavelength: float, phase: float) -> FloatArray:
    """A sine that is zero at the apex and grows in over a third of its wavelength."""
    onset = np.clip(v / (wavelength / 3), 0, 1)
    return np.asarray(amplitude * onset * (np.sin(2 * np.pi * v / wavelength + phase) - np.sin(phase)))


def _widths_along(rng: np.random.Generator, n: HairpinNumbers, below: FloatArray, apex: int) -> FloatArray:
    t = np.clip((below - 0.3 * n.apical) / (n.bend + 0.6 * n.apical), 0, 1)
    t = t * t * (3 - 2 * t)
    limb = np.where(np.arange(len(below)) < apex, n.arterial, n.venous)
    width = n.apical + (limb - n.apical) * t
    # Calibre varies along a limb, in slow waves away from the measured places and in short ones everywhere.
    far = np.clip((below - n.bend - 1.5 * n.apical) / 30.0, 0, 1)
    slow = 0.16 * far * np.clip(smooth_noise(rng, len(below), 25.0), -1.5, 1.5)
    short = rng.uniform(0.02, 0.09) * np.clip(smooth_noise(rng, len(below), rng.uniform(4, 9)), -1.5, 1.5)
    return np.asarray(width * (1 + slow + short))


def _roughen(rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """The line with the small unsteadiness of a real vessel: up to about 2 um over 10 to 30 um."""
    amount = rng.uniform(0.0, 2.2)
    offset = np.stack([smooth_noise(rng, len(points), rng.uniform(5, 14)) for _ in range(2)], axis=1)
    return np.asarray(points + amount * offset)
