"""What the mean score of a still's views is worth, on rendered stills: constants of `appliance.inference.multi_view`.

    python -m engines.training.still_scores --images 60 [--weights DIR]

Seeds are those of no training and no evaluation. Printed for new weights; written into the code by hand, because real
pictures have a say in the offset.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from appliance.inference import multi_view
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet
from engines.accuracy.matching import match
from engines.evaluation.real import WEIGHTS
from engines.synthetic.render import render
from engines.training.calibration import RIGHT_IOU, FloatArray, fit_logistic

FIRST_SEED = 560_000
LOW_SCORE = 0.03


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    low = replace(InferenceSettings(weights_dir=args.weights), min_score_capillary=LOW_SCORE)
    logits, right = judged_stills(load_engine_set(low, "still scores"), args.images)
    slope, offset = fit_logistic(logits, right)
    print(f"{len(right)} findings in {args.images} stills: slope {slope:.2f}, offset {offset:.2f}")


def judged_stills(engines: EngineSet, images: int) -> tuple[FloatArray, FloatArray]:
    """Logits of mean scores and whether each is right, both [N]; what hit only the ignored is left out."""
    assert engines.stills is not None
    logits, right = [], []
    for seed in range(FIRST_SEED, FIRST_SEED + images):
        rendered = render(seed)
        found = engines.stills.detect(rendered.image_rgb, rendered.um_per_px).capillaries
        boxes = [(one.bbox.x, one.bbox.y, one.bbox.w, one.bbox.h) for one in found]
        targets = [one.bbox_px for one in rendered.loops if not one.is_ignored]
        ignored = [one.bbox_px for one in rendered.loops if one.is_ignored]
        result = match(boxes, [one.score for one in found], targets, ignored, RIGHT_IOU)
        scores = np.array([one.score for one in found])[~result.is_ignored]
        logits.append((np.log(scores / (1 - scores)) - multi_view.MEAN_OFFSET) / multi_view.MEAN_SLOPE)
        right.append((result.truth_index >= 0)[~result.is_ignored].astype(np.float64))
    return np.concatenate(logits), np.concatenate(right)


if __name__ == "__main__":
    main()
