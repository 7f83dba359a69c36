"""Figures on rendered images that no training has seen, through the device's own code.

    python -m engines.evaluation.synthetic --images 200 [--weights DIR] [--figures figures.json] [--overlays DIR]
    python -m engines.evaluation.synthetic --images 60 --contrast 0.1     # flat ones, whose truth stays as it is
    python -m engines.evaluation.synthetic --images 60 --grain 12         # with so many levels of white grain

Training renders with seeds from 1,000,000 upwards (engines.training.cache); this uses FIRST_SEED and the following.
"""

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from appliance.analysis.grain import calmed_still
from appliance.domain.detection import Detections
from appliance.domain.keypoints import LoopKeypoints
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet
from engines.accuracy.matching import ImageMatch, average_precision, match, precision_recall
from engines.accuracy.widths import WidthErrors
from engines.evaluation.hardships import flattened, grainy
from engines.evaluation.real import WEIGHTS, save_overlay
from engines.synthetic.render import render
from engines.synthetic.truth import Box, LoopTruth, RenderedImage

FIRST_SEED = 500_000
ROLLED_DEG = 20.0
LOW_SCORE = 0.02
"""Average precision needs the whole curve, far below the device's threshold."""


@dataclass
class Tally:
    """What has been counted so far, one entry per image.

    Attributes:
        capillaries, haemorrhages: matches at IoU 0.50, any shape.
        rolled: those of the capillaries in nailfolds turned by ROLLED_DEG or more.
        shapes: matches of each morphology against its own targets.
        right_shape, right_size: whether each found loop, at the device's threshold, has the true shape and size.
        widths: errors of the widths of found loops.
    """

    capillaries: list[ImageMatch] = field(default_factory=list)
    haemorrhages: list[ImageMatch] = field(default_factory=list)
    rolled: list[ImageMatch] = field(default_factory=list)
    shapes: dict[str, list[ImageMatch]] = field(default_factory=lambda: defaultdict(list))
    right_shape: list[bool] = field(default_factory=list)
    right_size: list[bool] = field(default_factory=list)
    widths: WidthErrors = field(default_factory=WidthErrors)

    def add(self, rendered: RenderedImage, detections: Detections, engines: EngineSet, min_score: float) -> None:
        """Count one image."""
        loops = [loop for loop in rendered.loops if not loop.is_ignored]
        ignored = [loop.bbox_px for loop in rendered.loops if loop.is_ignored]
        boxes = [(c.bbox.x, c.bbox.y, c.bbox.w, c.bbox.h) for c in detections.capillaries]
        scores = [c.score for c in detections.capillaries]
        result = match(boxes, scores, [loop.bbox_px for loop in loops], ignored, 0.5)
        self.capillaries.append(result)
        if abs(rendered.roll_deg) >= ROLLED_DEG:
            self.rolled.append(result)
        self._add_shapes(detections, loops, ignored)
        self._add_haemorrhages(rendered, detections)
        found = [(c, loops[t]) for c, t in zip(detections.capillaries, result.truth_index, strict=True) if t >= 0]
        found = [(c, loop) for c, loop in found if c.score >= min_score]
        self.right_shape += [c.morphology is loop.morphology for c, loop in found]
        self.right_size += [c.size_by_appearance is loop.size for c, loop in found]
        keypoints = engines.keypoints.estimate(rendered.image_rgb, [c.bbox for c, _ in found])
        self._add_widths(keypoints, [loop for _, loop in found])

    def _add_shapes(self, detections: Detections, loops: list[LoopTruth], ignored: list[Box]) -> None:
        for shape in {loop.morphology for loop in loops} | {c.morphology for c in detections.capillaries}:
            mine = [c for c in detections.capillaries if c.morphology is shape]
            boxes = [(c.bbox.x, c.bbox.y, c.bbox.w, c.bbox.h) for c in mine]
            targets = [loop.bbox_px for loop in loops if loop.morphology is shape]
            self.shapes[shape.value].append(match(boxes, [c.score for c in mine], targets, ignored, 0.5))

    def _add_haemorrhages(self, rendered: RenderedImage, detections: Detections) -> None:
        boxes = [(h.bbox.x, h.bbox.y, h.bbox.w, h.bbox.h) for h in detections.haemorrhages]
        targets = [h.bbox_px for h in rendered.haemorrhages if not h.is_ignored]
        ignored = [h.bbox_px for h in rendered.haemorrhages if h.is_ignored]
        self.haemorrhages.append(match(boxes, [h.score for h in detections.haemorrhages], targets, ignored, 0.5))

    def _add_widths(self, keypoints: tuple[LoopKeypoints, ...], loops: list[LoopTruth]) -> None:
        for found, true in zip(keypoints, loops, strict=True):
            self.widths.add("apical", found.apical, true.apical_px)
            self.widths.add("arterial", found.arterial, true.arterial_px)
            self.widths.add("venous", found.venous, true.venous_px)

    def detector_figures(self, min_score: float) -> dict[str, float | None]:
        """AP50 by class, precision and recall at the device's threshold, agreement of shape and size."""
        precision, recall = precision_recall(self.capillaries, min_score)
        shapes = {f"{name}_ap50": average_precision(matches) for name, matches in sorted(self.shapes.items())}
        return {
            "capillary_ap50": average_precision(self.capillaries),
            "precision": precision,
            "recall": recall,
            "rolled_ap50": average_precision(self.rolled),
            **shapes,
            "haemorrhage_ap50": average_precision(self.haemorrhages),
            "shape_right": float(np.mean(self.right_shape)) if self.right_shape else None,
            "size_right": float(np.mean(self.right_size)) if self.right_size else None,
        }


def evaluate(
    weights: Path,
    images: int,
    overlays: Path | None = None,
    contrast: float = 1.0,
    grain: float = 0.0,
    *,
    as_stills: bool = False,
) -> dict[str, dict[str, float | None]]:
    """Figures by role ("detector", "keypoints"), with that share of the images' contrast left, and levels of grain.

    One look at each image, as at a live frame, or as many as at a still.
    """
    shipped = InferenceSettings(weights_dir=weights)
    low = InferenceSettings(weights_dir=weights, min_score_capillary=LOW_SCORE, min_score_haemorrhage=LOW_SCORE)
    engines = load_engine_set(low, "evaluation")
    tally = Tally()
    for seed in range(FIRST_SEED, FIRST_SEED + images):
        rendered = render(seed)
        image = grainy(flattened(rendered.image_rgb, contrast), grain, np.random.default_rng(seed))
        rendered = replace(rendered, image_rgb=calmed_still(image))
        detections = _look(engines, rendered, as_stills=as_stills)
        tally.add(rendered, detections, engines, shipped.min_score_capillary)
        if overlays is not None:
            save_overlay(engines, rendered.image_rgb, _confident(detections, shipped), overlays / f"{seed}.png")
    detector = tally.detector_figures(shipped.min_score_capillary) | {"synthetic_images": images}
    return {"detector": _rounded(detector), "keypoints": _rounded(tally.widths.figures())}


def _look(engines: EngineSet, rendered: RenderedImage, *, as_stills: bool) -> Detections:
    if not as_stills:
        return engines.detector.detect(rendered.image_rgb)
    assert engines.stills is not None
    return engines.stills.detect(rendered.image_rgb, rendered.um_per_px)


def _confident(detections: Detections, settings: InferenceSettings) -> Detections:
    return Detections(
        tuple(c for c in detections.capillaries if c.score >= settings.min_score_capillary),
        tuple(h for h in detections.haemorrhages if h.score >= settings.min_score_haemorrhage),
    )


def _rounded(figures: dict[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 4) for name, value in figures.items()}


def main() -> None:
    """Evaluate from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--figures", type=Path, help="also write the figures here, for engines.training.ship")
    parser.add_argument("--overlays", type=Path)
    parser.add_argument("--contrast", type=float, default=1.0)
    parser.add_argument("--grain", type=float, default=0.0)
    parser.add_argument("--stills", action="store_true", help="look as at stills, not as at live frames")
    args = parser.parse_args()
    figures = evaluate(args.weights, args.images, args.overlays, args.contrast, args.grain, as_stills=args.stills)
    print(json.dumps(figures, indent=2))
    if args.figures is not None:
        args.figures.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
