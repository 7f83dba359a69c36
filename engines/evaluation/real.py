"""Recall of labelled capillaries in real images, through the device's own code.

    python -m engines.evaluation.real --images DIR --annotations annotations.json [--weights DIR] [--overlays DIR]

Images are enlarged to 640x480. The labels name only some of the visible capillaries, so precision cannot be told; the
number of detections per label says whether recall was bought with noise.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Detections
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet
from engines.evaluation.matching import match
from engines.evaluation.overlay import draw_overlay

WEIGHTS = Path(__file__).parents[1] / "weights"
WIDTH, HEIGHT = 640, 480
MAX_TAG_OCCLUDED = 0.3
"""Boxes more covered by the source's own name tags are left out."""


@dataclass(frozen=True)
class RealFigures:
    """Of all images together.

    Attributes:
        labelled: boxes counted.
        recall_iou50, recall_iou30: share of them found at the device's threshold, any shape.
        detections_per_label: capillaries found over capillaries labelled, covered ones included.
    """

    labelled: int
    recall_iou50: float
    recall_iou30: float
    detections_per_label: float


def evaluate(engines: EngineSet, images: Path, annotations: Path, overlays: Path | None = None) -> RealFigures:
    """Figures over a COCO file whose images lie in `images`; overlays are written where a folder is given."""
    document = json.loads(annotations.read_text())
    found = {30: 0, 50: 0}
    labelled = detections_total = 0
    for entry in document["images"]:
        image, scale = read_enlarged(images / Path(entry["file_name"]).name)
        detections = engines.detector.detect(image)
        labels = [a for a in document["annotations"] if a["image_id"] == entry["id"]]
        targets = label_boxes([a for a in labels if a.get("tag_occluded_fraction", 0.0) < MAX_TAG_OCCLUDED], scale)
        others = label_boxes([a for a in labels if a.get("tag_occluded_fraction", 0.0) >= MAX_TAG_OCCLUDED], scale)
        labelled += len(targets)
        detections_total += len(detections.capillaries)
        for percent in found:
            found[percent] += hits(detections, targets, others, percent / 100)
        if overlays is not None:
            save_overlay(engines, image, detections, overlays / f"{Path(entry['file_name']).stem}.png")
    per_label = detections_total / max(len(document["annotations"]), 1)
    return RealFigures(labelled, found[50] / max(labelled, 1), found[30] / max(labelled, 1), per_label)


def read_enlarged(path: Path) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """The picture as uint8 RGB 640x480 and the factors in x and y."""
    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    scale = (WIDTH / image.shape[1], HEIGHT / image.shape[0])
    return np.asarray(cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), dtype=np.uint8), scale


def label_boxes(labels: list[dict[str, Any]], scale: tuple[float, float]) -> NDArray[np.float64]:
    """COCO boxes [N, 4] (x, y, w, h from the picture's edge) as boxes of the enlarged picture, origin at the centre of
    its first pixel."""
    boxes = np.array([label["bbox"] for label in labels], dtype=np.float64).reshape(-1, 4)
    return np.asarray(boxes * (*scale, *scale) - (0.5, 0.5, 0.0, 0.0), dtype=np.float64)


def hits(detections: Detections, targets: NDArray[np.float64], others: NDArray[np.float64], min_iou: float) -> int:
    """How many targets were found."""
    boxes = [(c.bbox.x, c.bbox.y, c.bbox.w, c.bbox.h) for c in detections.capillaries]
    result = match(boxes, [c.score for c in detections.capillaries], targets, others, min_iou)
    return int((result.truth_index >= 0).sum())


def save_overlay(engines: EngineSet, image: NDArray[np.uint8], detections: Detections, path: Path) -> None:
    """Write the picture with what was found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    keypoints = engines.keypoints.estimate(image, [c.bbox for c in detections.capillaries])
    cv2.imwrite(str(path), cv2.cvtColor(draw_overlay(image, detections, keypoints), cv2.COLOR_RGB2BGR))


def main() -> None:
    """Evaluate from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--overlays", type=Path)
    args = parser.parse_args()
    engines = load_engine_set(InferenceSettings(weights_dir=args.weights), "evaluation")
    print(json.dumps(vars(evaluate(engines, args.images, args.annotations, args.overlays)), indent=2))


if __name__ == "__main__":
    main()
