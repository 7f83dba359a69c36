"""Centre lines and widths of single capillary loops.

Loop axes: micrometres, apex at the origin, v grows along the limbs (proximal), u to the right of an upright image.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Morphology, SizeClass

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


@dataclass(frozen=True)
class HairpinNumbers:
    """What defines a hairpin, in micrometres where not named otherwise.

    Attributes:
        arterial, apical, venous: widths of the red-cell column.
        length: from apex to base.
        gap: distance between the limbs' centre lines at the head.
        neck: gap below the head as a share of `gap`; below 1 the head bulges.
        bend: height of the arch.
        crossings: half twists of the limbs about each other.
        wobble: amplitude of the undulation common to both limbs.
        unrest: amplitude of each limb's own undulation.
        wavelength: of both undulations.
        lean: sideways shift of the base.
        side: +1 where the arterial limb is on the left.
    """

    arterial: float
    apical: float
    venous: float
    length: float
    gap: float
    neck: float
    bend: float
    crossings: float
    wobble: float
    unrest: float
    wavelength: float
    lean: float
    side: int


def draw_widths(rng: np.random.Generator, size: SizeClass) -> tuple[float, float, float]:
    """Arterial, apical and venous width in micrometres for a calibre class.

    Healthy: arterial N(11.5, 2), apical N(15.5, 2.5), venous N(16, 2.5) um, venous about 1.4 times arterial; cuts at 20
    and 50 um on the widest of the three (doi 10.1016/j.autrev.2020.102458). Larger classes scale the healthy triple.
    """
    common = rng.normal(0, 1)
    raw = np.array([11.5, 15.5, 16.0]) + np.array([2.0, 2.5, 2.5]) * (0.7 * common + 0.7 * rng.normal(0, 1, 3))
    widths = np.clip(raw, 6.0, None)
    if size is SizeClass.NORMAL:
        widths = np.minimum(widths, 19.8)
    else:
        low, high = (20.2, 49.0) if size is SizeClass.ENLARGED else (50.5, 120.0)
        # Densest just above the lower cut, as clinics see it.
        widest = low + (high - low) * rng.beta(1.0, 3.2)
        widths = widths / widths.max() * widest
        if size is SizeClass.GIANT:
            widths = np.maximum(widths, widest * rng.uniform(0.5, 0.8))
    return float(widths[0]), float(widths[1]), float(widths[2])


def draw_hairpin(rng: np.random.Generator, size: SizeClass, is_tortuous: bool) -> HairpinNumbers:
    """Numbers of a plain or tortuous hairpin.

    Whole-loop width about 39 um in the healthy; length log-normal, median 200 um (100 to 400).
    """
    arterial, apical, venous = draw_widths(rng, size)
    widest = max(arterial, apical, venous)
    gap = max(apical * rng.uniform(1.05, 1.75), rng.normal(25, 6))
    wavelength = rng.uniform(60, 150) * (1 + max(0.0, widest - 25) / 60)
    wobble, unrest = abs(rng.normal(0, 2.2)), abs(rng.normal(0, 1.2))
    crossings = float(rng.choice([0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 3.0]))
    if is_tortuous:
        wobble, unrest = rng.uniform(0.6, 1.1) * (6 + 0.35 * widest), rng.uniform(1.5, 5.0)
        # Steeper than this an undulation looks like a spring, which no capillary does.
        wobble = min(wobble, 0.15 * wavelength)
        crossings = float(rng.choice([0.0, 0.0, 1.0]))
    if size is SizeClass.GIANT:
        crossings, unrest = 0.0, unrest * 0.5
    # Below what an expert boxes the limbs often run on as soft streaks.
    stem = rng.uniform(0, 260) if rng.random() < 0.6 else 0.0
    return HairpinNumbers(
        arterial=arterial,
        apical=apical,
        venous=venous,
        length=float(np.clip(200 * np.exp(rng.normal(0, 0.40)), 90, 480) + 1.5 * max(0.0, widest - 25) + stem),
        gap=float(gap),
        neck=float(rng.uniform(0.45, 1.15)),
        bend=float(gap / 2 * rng.uniform(0.75, 1.6)),
        crossings=crossings,
        wobble=float(wobble),
        unrest=float(unrest),
        wavelength=float(wavelength),
        lean=float(rng.normal(0, 14)),
        side=int(rng.choice([-1, 1])),
    )


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
