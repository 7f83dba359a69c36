"""What looks most like a vessel and is none: a vessel head sees it far more often than a detector has to."""

import numpy as np

from engines.synthetic.dirt import add_dirt, add_fibres, add_furrows
from engines.synthetic.overlay import Overlay
from engines.training.detector_samples import DIRTY_SHARE

FURROW_SHARE, FIBRE_SHARE = 0.25, 0.15
"""Of the crops, beside the dirt that any crop may have: with the detector's share a third of a furrow was lit."""


def lay_dirt_and_lines(rng: np.random.Generator, overlay: Overlay, contrast: float) -> None:
    """Dirt as on a detector's crops, and furrows and fibres more often; see add_dirt."""
    if rng.random() < DIRTY_SHARE:
        add_dirt(rng, overlay, contrast)
    strength = float(max(contrast, 0.1) ** 0.7)
    for add, share in ((add_furrows, FURROW_SHARE), (add_fibres, FIBRE_SHARE)):
        if rng.random() < share:
            add(rng, overlay, strength)
