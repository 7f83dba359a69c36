"""Would boxes be better judged with the vessels in them? Fitted on rendered stills, judged on real pictures.

    python -m engines.evaluation.vessel_rescoring --images 60 --real DIR --judged judged.json

A logistic fit of "this box is a loop" over the detector's score and the mean chance of a vessel inside, on rendered
stills of which every second one is dirty. On the judged pictures, which it never saw: precision at the recall that the
detector's own score has at the device's confidence, and AP, each with and without the vessels.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.inference.engine_set import load_engine_set
from appliance.inference.manifest import read_layers
from appliance.inference.settings import InferenceSettings
from appliance.inference.vessel_layer import VesselLayer
from appliance.ports import EngineSet
from engines.accuracy.matching import ImageMatch, average_precision, match, precision_recall
from engines.evaluation.judged import JudgedPicture, judge, read_judged
from engines.evaluation.judged_figures import CONFIDENCE, IOUS, PictureFindings, find_in
from engines.evaluation.vessel_figures import FloatArray, fit_logistic, interval, means_in_boxes
from engines.evaluation.vessels import WEIGHTS, Find
from engines.synthetic.dirt import add_dirt
from engines.synthetic.overlay import Overlay
from engines.synthetic.render import render

FIRST_SEED = 540_000
LOW_SCORE, RIGHT_IOU = 0.05, 0.3
DIRTY_EVERY = 2


def features(found: PictureFindings, chance: NDArray[np.float32]) -> FloatArray:
    """[K, 3] of K boxes: one, the logit of the score, and the mean chance of a vessel inside."""
    held = np.clip(found.scores, 0.001, 0.999)
    return np.column_stack([np.ones(len(held)), np.log(held / (1 - held)), means_in_boxes(chance, found.boxes)])


def fitted(engines: EngineSet, find: Find, images: int) -> FloatArray:
    """Weights of the features, from rendered stills."""
    assert engines.stills is not None
    detect, rows, right = engines.stills.detect, [], []
    for at in range(images):
        rng = np.random.default_rng([at, 23])
        rendered = render(FIRST_SEED + at, is_unusual=bool(rng.random() < 0.5))
        image = rendered.image_rgb
        if at % DIRTY_EVERY:
            overlay = Overlay(image.astype(np.float32))
            add_dirt(rng, overlay, 1.0)
            image = np.asarray(np.clip(overlay.levels, 0, 255), dtype=np.uint8)
        scale = rendered.um_per_px
        found = find_in(lambda picture, scale=scale: detect(picture, scale), image)  # type: ignore[misc]
        targets = [loop.bbox_px for loop in rendered.loops if not loop.is_ignored]
        ignored = [loop.bbox_px for loop in rendered.loops if loop.is_ignored]
        result = match(found.boxes, found.scores, targets, ignored, RIGHT_IOU)
        order = np.argsort(-found.scores, kind="stable")
        rows.append(features(found, find(image, scale, ()))[order][~result.is_ignored])
        right.append((result.truth_index >= 0)[~result.is_ignored])
    return fit_logistic(np.concatenate(rows), np.concatenate(right).astype(np.float64))


def comparison(pictures: Sequence[JudgedPicture], scored: dict[str, list[PictureFindings]]) -> str:
    """Precision at equal recall and AP of each way of scoring, at both IoUs; the interval of what the second adds."""
    lines = []
    for min_iou in IOUS:
        matches = {
            name: [judge(one.boxes, one.scores, picture, min_iou) for picture, one in zip(pictures, some, strict=True)]
            for name, some in scored.items()
        }
        plain, vessels = matches.values()
        _, recall = precision_recall(plain, CONFIDENCE)
        assert recall is not None
        for name, some in matches.items():
            told = f"precision {_precision_at(some, recall):.3f} at recall {recall:.3f}, AP {_ap(some):.3f}"
            lines.append(f"IoU {min_iou:.2f}, {name}: {told}")

        def gain(
            picks: NDArray[np.intp], plain: list[ImageMatch] = plain, vessels: list[ImageMatch] = vessels
        ) -> float:
            return _ap([vessels[pick] for pick in picks]) - _ap([plain[pick] for pick in picks])

        low, high = interval(len(pictures), gain)
        lines.append(f"  AP gained by vessels {gain(np.arange(len(pictures))):+.4f} ({low:+.4f} to {high:+.4f})")
    return "\n".join(lines)


def _precision_at(matches: list[ImageMatch], recall: float) -> float:
    """At the highest threshold that reaches that recall."""
    scores = np.unique(np.concatenate([one.scores for one in matches]))[::-1]
    for threshold in scores:
        precision, reached = precision_recall(matches, float(threshold))
        if reached is not None and precision is not None and reached >= recall:
            return precision
    return 0.0


def _ap(matches: list[ImageMatch]) -> float:
    return average_precision(matches) or 0.0


def main() -> None:
    """Fit, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--real", type=Path, required=True, help="folder of the judged pictures")
    parser.add_argument("--judged", type=Path, required=True, help="judged.json")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    low = replace(InferenceSettings(weights_dir=args.weights), min_score_capillary=LOW_SCORE)
    engines, find = load_engine_set(low, "vessel rescoring"), VesselLayer(read_layers(args.weights)).find
    weights = fitted(engines, find, args.images)
    print(f"logit = {weights[0]:.2f} + {weights[1]:.2f} logit(score) + {weights[2]:.2f} mean vessel", flush=True)
    assert engines.stills is not None
    detect, pictures = engines.stills.detect, read_judged(args.judged, args.real)
    scored: dict[str, list[PictureFindings]] = {"score alone": [], "with vessels": []}
    for picture in pictures:
        found = find_in(lambda image: detect(image, None), picture.image_rgb)
        chance = find(picture.image_rgb, None, found.boxes[found.scores >= CONFIDENCE, 2].tolist())
        logits = features(found, chance) @ weights
        scored["score alone"].append(found)
        scored["with vessels"].append(PictureFindings(found.boxes, 1 / (1 + np.exp(-logits))))
    print(comparison(pictures, scored))


if __name__ == "__main__":
    main()
