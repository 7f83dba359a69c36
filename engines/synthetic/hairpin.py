"""The numbers of a hairpin loop, drawn from published distributions."""

from dataclasses import dataclass

import numpy as np

from appliance.domain.detection import SizeClass

EDGE_ON_SHARE = 0.12
"""Of the loops that are no giants, those whose plane points at the viewer: their limbs lie behind each other and the
bend has no hollow. Such sticks stand among the loops of nearly every real picture; the share is our choice."""


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
    if size is not SizeClass.GIANT and rng.random() < EDGE_ON_SHARE:
        gap *= rng.uniform(0.1, 0.5)
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
    stem = rng.uniform(0, 320) if rng.random() < 0.75 else 0.0
    length = float(np.clip(225 * np.exp(rng.normal(0, 0.40)), 100, 560) + 1.5 * max(0.0, widest - 25) + stem)
    return HairpinNumbers(
        arterial=arterial,
        apical=apical,
        venous=venous,
        length=length,
        gap=float(gap),
        neck=float(rng.uniform(0.45, 1.15)),
        bend=float(gap / 2 * rng.uniform(0.75, 1.6)),
        crossings=crossings,
        wobble=float(wobble),
        unrest=float(unrest),
        wavelength=float(wavelength),
        lean=float(rng.normal(0, 10 + 0.09 * length)),
        side=int(rng.choice([-1, 1])),
    )
