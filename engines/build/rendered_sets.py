"""Rendered nailfolds for scales and for the gate, from seeds that nothing else uses.

Training draws from 1,000,000 upwards, evaluation from 500,000, calibration of scores from 400,000.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from appliance.inference.crops import extract_crops
from appliance.inference.manifest import EngineEntry
from appliance.ports import Tensor
from engines.synthetic.render import render
from engines.synthetic.truth import RenderedImage

CALIBRATION_SEED, CALIBRATION_IMAGES = 460_000, 48
GATE_SEED, GATE_IMAGES = 480_000, 150


def rendered(first_seed: int, images: int) -> Iterator[RenderedImage]:
    """Pictures of 640x480 with their truth, drawn one by one."""
    return (render(seed) for seed in range(first_seed, first_seed + images))


def calibration_inputs(entry: EngineEntry, pictures: Iterable[RenderedImage]) -> Iterator[Mapping[str, Tensor]]:
    """What a network is shown for its scales: the detector the pictures, the keypoint network their loops."""
    for picture in pictures:
        if entry.role == "detector":
            yield {entry.input.name: picture.image_rgb[None]}
        elif boxes := [loop.bbox_px for loop in picture.loops]:
            yield {entry.input.name: extract_crops(picture.image_rgb, np.array(boxes), entry.crop_px or 96)}
