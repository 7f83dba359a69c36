"""One network's figures on rendered pictures, each network by itself: what a change of precision costs."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from appliance.domain.detection import BoundingBox
from appliance.inference.detector import OnnxDetector
from appliance.inference.keypoint_estimator import OnnxKeypointEstimator
from appliance.inference.manifest import EngineEntry
from appliance.inference.settings import InferenceSettings
from appliance.ports import LoadedEngine
from engines.accuracy.matching import ImageMatch, average_precision, match
from engines.accuracy.widths import WidthErrors
from engines.synthetic.truth import RenderedImage

LOW_SCORE = 0.02
"""Average precision needs the whole curve, far below the device's threshold."""

Figures = dict[str, float | None]


def detector_figures(engine: LoadedEngine, entry: EngineEntry, pictures: Iterable[RenderedImage]) -> Figures:
    """AP50 of capillaries of any shape, and of haemorrhages."""
    settings = replace(InferenceSettings(), min_score_capillary=LOW_SCORE, min_score_haemorrhage=LOW_SCORE)
    detector = OnnxDetector(engine, entry, settings)
    capillaries: list[ImageMatch] = []
    haemorrhages: list[ImageMatch] = []
    for picture in pictures:
        found = detector.detect(picture.image_rgb)
        for into, mine, truths in (
            (capillaries, found.capillaries, picture.loops),
            (haemorrhages, found.haemorrhages, picture.haemorrhages),
        ):
            boxes = [(one.bbox.x, one.bbox.y, one.bbox.w, one.bbox.h) for one in mine]
            targets = [one.bbox_px for one in truths if not one.is_ignored]
            ignored = [one.bbox_px for one in truths if one.is_ignored]
            into.append(match(boxes, [one.score for one in mine], targets, ignored, 0.5))
    return {"capillary_ap50": average_precision(capillaries), "haemorrhage_ap50": average_precision(haemorrhages)}


def keypoint_figures(engine: LoadedEngine, entry: EngineEntry, pictures: Iterable[RenderedImage]) -> Figures:
    """Errors of the three widths in pixels and the share measured, on the true boxes: no detector interferes."""
    estimator = OnnxKeypointEstimator(engine, entry, InferenceSettings())
    errors = WidthErrors()
    for picture in pictures:
        loops = [loop for loop in picture.loops if not loop.is_ignored]
        found = estimator.estimate(picture.image_rgb, [BoundingBox(*loop.bbox_px) for loop in loops])
        for keypoints, loop in zip(found, loops, strict=True):
            errors.add("apical", keypoints.apical, loop.apical_px)
            errors.add("arterial", keypoints.arterial, loop.arterial_px)
            errors.add("venous", keypoints.venous, loop.venous_px)
    return errors.figures()


FIGURES: dict[str, Callable[[LoadedEngine, EngineEntry, Iterable[RenderedImage]], Figures]] = {
    "detector": detector_figures,
    "keypoints": keypoint_figures,
}
"""By role."""
