"""Draws a loop's class, size and filling in the frequencies of a pattern."""

from dataclasses import replace

import numpy as np

from appliance.domain.detection import Morphology, SizeClass
from engines.synthetic.bushy import build_bush
from engines.synthetic.curves import smooth_noise
from engines.synthetic.hairpin import draw_hairpin
from engines.synthetic.loop_shape import LoopShape, build_hairpin, with_strength
from engines.synthetic.pattern import PatternNumbers
from engines.synthetic.ramified import build_ramified

BUSHY_SHARE = 0.4
"""Of the branching capillaries, those wound into a tangle (our choice)."""
WIDEST_GAPPY_UM = 35.0
"""In wider columns the cells stream past a gap and none is seen (our choice)."""


def choose_shape(rng: np.random.Generator, numbers: PatternNumbers, gappy: float) -> LoopShape:
    """A loop of random class; `gappy` is the chance that plasma gaps dot its limbs."""
    return _fill(rng, _choose_outline(rng, numbers), gappy)


def _choose_outline(rng: np.random.Generator, numbers: PatternNumbers) -> LoopShape:
    kind = rng.random()
    size = SizeClass.ENLARGED if rng.random() < numbers.enlarged else SizeClass.NORMAL
    if kind < numbers.ramified:
        return build_bush(rng, size) if rng.random() < BUSHY_SHARE else build_ramified(rng, size)
    kind -= numbers.ramified
    if kind < numbers.giant:
        return build_hairpin(rng, draw_hairpin(rng, SizeClass.GIANT, is_tortuous=False), Morphology.GIANT)
    if kind < numbers.giant + numbers.tortuous:
        return build_hairpin(rng, draw_hairpin(rng, size, is_tortuous=True), Morphology.TORTUOUS)
    return build_hairpin(rng, draw_hairpin(rng, size, is_tortuous=False), Morphology.NORMAL)


def _fill(rng: np.random.Generator, shape: LoopShape, gappy: float) -> LoopShape:
    """Uneven filling: limbs paler than the head, the arterial one most; plasma gaps along one limb or both."""
    main = shape.strokes[0]
    count = len(main.points_um)
    index = np.arange(count)
    below_bend = np.clip(main.below_um / (2 * shape.head_um) - 0.5, 0, 1)
    venous = rng.uniform(0.55, 1.0)
    arterial = venous * (1 - 0.75 * rng.beta(1.0, 1.8))
    strength = 1 - below_bend * (1 - np.where(index < shape.apex, arterial, venous))
    for amount, samples in ((0.12, 20.0), (rng.uniform(0.0, 0.16), rng.uniform(4, 9))):
        strength = strength * (1 + amount * np.clip(smooth_noise(rng, count, samples), -1.5, 1.5))
    if rng.random() < gappy and main.width_um.max() < WIDEST_GAPPY_UM:
        gaps = smooth_noise(rng, count, rng.uniform(5, 14)) + rng.uniform(-0.1, 0.6)
        is_open = np.clip(gaps * 3 + 0.5, rng.uniform(0, 0.4), 1)
        limb = rng.random()
        where = index < shape.apex if limb < 0.5 else index > shape.apex if limb < 0.75 else index >= 0
        strength = np.where(where & (main.below_um > shape.head_um), strength * is_open, strength)
    return replace(shape, strokes=(with_strength(main, strength), *shape.strokes[1:]))
