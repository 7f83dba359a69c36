"""A live picture of a finger that does not point up: how many of its loops are found at once and after two seconds.

    python -m engines.evaluation.live_turns [--images 12] [--judged judged.json --images-dir DIR] [--weights DIR]

Rendered healthy nailfolds, or the judged real pictures, turned by quarter turns and halves of them and shown as a video
that does not move. Loops found are compared with those of the same picture upright; none is checked against the truth.
"""

import argparse
import math
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.pipeline import Pipeline
from appliance.analysis.turned_view import view_of_turn
from appliance.domain.frame import CameraDescription, Frame
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet
from engines.evaluation.judged import HEIGHT, WIDTH, read_judged
from engines.evaluation.real import WEIGHTS
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render

Image = NDArray[np.uint8]
TURNS = (0, 30, 45, 60, 90, 135, 180, -90)
FIRST_SEED = 920_000
FPS, SECONDS = 8.0, 2.5
BEGIN_UTC = datetime(2026, 12, 1, tzinfo=timezone.utc)


def counts_of(engines: EngineSet, image_rgb: Image) -> tuple[int, int]:
    """Loops found in the first and in the last frame of a video of that picture, uint8 [height, width, 3]."""
    height, width = image_rgb.shape[:2]
    camera = CameraDescription("evaluation", "evaluation", "rgb8", width, height, FPS)
    pipeline = Pipeline(engines)
    found = []
    for seq in range(round(FPS * SECONDS)):
        at_s = seq / FPS
        frame = Frame(seq, image_rgb, at_s, BEGIN_UTC + timedelta(seconds=at_s), camera)
        found.append(len(pipeline.analyse(frame, track=True).capillaries))
    return found[0], found[-1]


def turned(image_rgb: Image, degrees: float) -> Image:
    """The picture of a finger turned clockwise by so much."""
    return view_of_turn(image_rgb.shape[1], image_rgb.shape[0], -math.radians(degrees)).show(image_rgb)


def table(engines: EngineSet, pictures: Sequence[Image]) -> str:
    """A line for each turn: loops found at once and after `SECONDS`, as shares of those found upright."""
    upright = sum(counts_of(engines, picture)[0] for picture in pictures)
    lines = [f"{len(pictures)} pictures, {upright} loops found upright"]
    for degrees in TURNS:
        counts = [counts_of(engines, turned(picture, degrees)) for picture in pictures]
        first, last = (sum(values) / max(upright, 1) for values in zip(*counts, strict=True))
        lines.append(f"turned by {degrees:4d}: at once {first:.2f}, after {SECONDS} s {last:.2f}")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--judged", type=Path)
    parser.add_argument("--images-dir", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    engines = load_engine_set(InferenceSettings(weights_dir=args.weights), "evaluation")
    if args.judged is None:
        seeds = range(FIRST_SEED, FIRST_SEED + args.images)
        pictures = [render(seed, pattern=Pattern.HEALTHY).image_rgb for seed in seeds]
    else:
        if args.images_dir is None:
            parser.error("name the pictures' folder: --images-dir")
        judged = [one.image_rgb for one in read_judged(args.judged, args.images_dir)]
        pictures = [one for one in judged if one.shape[:2] == (HEIGHT, WIDTH)][: args.images]
    print(table(engines, pictures))


if __name__ == "__main__":
    main()
