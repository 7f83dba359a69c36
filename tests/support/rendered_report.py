"""How well the stages agree with 200 rendered nailfolds: `python -m tests.support.rendered_report [images]`.

Prints the figures that the thresholds in appliance/analysis cite. The engines are perfect, then worsened on purpose:
boxes and key points jitter by a pixel and a half, one loop in twelve is missed and one in twelve detections is nothing.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.density import measure_density
from appliance.analysis.distal_row import find_distal_row
from appliance.analysis.measure import MeasuredLoop, measure_loop
from appliance.analysis.quality import grade, measure_picture
from appliance.analysis.settings import AnalysisSettings
from appliance.domain.detection import BoundingBox, CapillaryDetection, Morphology, Row, SizeClass
from appliance.domain.keypoints import LoopKeypoints, WidthSegment
from engines.synthetic.render import render
from engines.synthetic.truth import LoopTruth, RenderedImage, Segment
from tests.support.rendered import visible_loops

JITTER_PX, MISSED, FALSE = 1.5, 1 / 12, 1 / 12
REAL = Path(__file__).parents[3] / "shared" / "real" / "images"
Seen = tuple[LoopTruth | None, MeasuredLoop]
See = Callable[[RenderedImage, np.random.Generator], list[Seen]]


def see_all(scene: RenderedImage, rng: np.random.Generator) -> list[Seen]:
    return [(truth, _loop(truth, np.zeros((4, 2)), has_keypoints=True)) for truth in visible_loops(scene)]


def see_boxes_alone(scene: RenderedImage, rng: np.random.Generator) -> list[Seen]:
    return [(truth, _loop(truth, np.zeros((4, 2)), has_keypoints=False)) for truth in visible_loops(scene)]


def see_badly(scene: RenderedImage, rng: np.random.Generator) -> list[Seen]:
    seen: list[Seen] = []
    for truth in visible_loops(scene):
        if rng.random() > MISSED:
            seen.append((truth, _loop(truth, rng.normal(0, JITTER_PX, (4, 2)), has_keypoints=rng.random() < 0.88)))
        if rng.random() < FALSE:
            seen.append((None, _nothing(scene, rng)))
    return seen


def report_row(name: str, scenes: Sequence[RenderedImage], see: See) -> None:
    rng = np.random.default_rng(0)
    agreed, extra, lost, differences, unmeasured = [], 0, 0, [], 0
    for scene in scenes:
        seen = see(scene, rng)
        row = find_distal_row([loop for _, loop in seen], *scene.image_rgb.shape[1::-1])
        for (truth, _), is_distal in zip(seen, row.is_distal, strict=True):
            if truth is not None:
                agreed.append(is_distal == (truth.row is Row.DISTAL))
                extra += is_distal and truth.row is not Row.DISTAL
                lost += not is_distal and truth.row is Row.DISTAL
        density = measure_density(row.curve, sum(row.is_distal), scene.um_per_px, is_evaluable=True).per_mm
        if density is None:
            unmeasured += 1
        else:
            differences.append(density - scene.density_per_mm)
    bias, spread = np.mean(differences), 1.96 * np.std(differences)
    print(f"{name:24} row {np.mean(agreed):.3f} of {len(agreed)} (too many {extra}, too few {lost})", end="")
    print(f"  density {bias:+.2f} per mm, limits {bias - spread:+.2f} to {bias + spread:+.2f}, none in {unmeasured}")


def report_focus(name: str, images: Sequence[NDArray[np.uint8]], settings: AnalysisSettings) -> None:
    print(f"{name}: {len(images)} images; focus at 5, 50, 95 %, share evaluable at {settings.focus_min}")
    for sigma_of_width in (0, 1, 2, 4, 6, 9):
        graded = [
            grade(measure_picture(_blur(i, sigma_of_width * i.shape[1] / 640)), None, 3, 640, settings) for i in images
        ]
        low, middle, high = np.percentile([one.focus for one in graded], [5, 50, 95])
        share = np.mean([one.is_evaluable for one in graded])
        print(f"  blur of {sigma_of_width} px at 640: {low:.2f} {middle:.2f} {high:.2f}  evaluable {share:.2f}")
    figures = [measure_picture(image) for image in images]
    for attribute in ("glare", "exposure"):
        low, middle, high = np.percentile([getattr(one, attribute) for one in figures], [0, 50, 100])
        print(f"  {attribute}: {low:.3f} {middle:.3f} {high:.3f} (least, median, most)")


def main() -> None:
    scenes = [render(seed) for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 200)]
    for name, see in (("perfect engines", see_all), ("boxes alone", see_boxes_alone), ("bad engines", see_badly)):
        report_row(name, scenes, see)
    sharp = [scene.image_rgb for scene in scenes if len(visible_loops(scene)) >= 3][:100]
    report_focus("rendered", sharp, AnalysisSettings())
    real = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in sorted(REAL.glob("*.jpg"))]
    if real:
        report_focus("real", [np.asarray(image, dtype=np.uint8) for image in real], AnalysisSettings())


def _loop(truth: LoopTruth, jitter: NDArray[np.float64], has_keypoints: bool) -> MeasuredLoop:
    x, y, w, h = truth.bbox_px
    box = BoundingBox(x + jitter[0, 0], y + jitter[0, 1], w, h)
    segments = (truth.apical_px, truth.arterial_px, truth.venous_px) if has_keypoints else (None, None, None)
    apical, arterial, venous = (_moved(segment, by) for segment, by in zip(segments, jitter[1:], strict=True))
    detection = CapillaryDetection(box, 0.9, truth.morphology, truth.size)
    return measure_loop(detection, LoopKeypoints(apical, arterial, venous), 1.0)


def _nothing(scene: RenderedImage, rng: np.random.Generator) -> MeasuredLoop:
    height, width = scene.image_rgb.shape[:2]
    box = BoundingBox(rng.uniform(0, width - 30), rng.uniform(0, height - 60), 30, 60)
    detection = CapillaryDetection(box, 0.4, Morphology.NORMAL, SizeClass.NORMAL)
    return measure_loop(detection, LoopKeypoints(None, None, None), 1.0)


def _moved(segment: Segment | None, by: NDArray[np.float64]) -> WidthSegment | None:
    if segment is None:
        return None
    (x0, y0), (x1, y1) = np.asarray(segment) + by
    return WidthSegment((float(x0), float(y0)), (float(x1), float(y1)))


def _blur(image: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    if sigma == 0:
        return image
    soft = cv2.GaussianBlur(image, (0, 0), sigma).astype(float)
    return np.clip(soft + np.random.default_rng(0).normal(0, 2.5, image.shape), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
