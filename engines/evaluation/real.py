"""Judged and labelled real pictures, through the device's own code.

    python -m engines.evaluation.real --images DIR --judged judged.json [--weights DIR] [--worst sheet.png]
    python -m engines.evaluation.real --images DIR --judged judged.json --hard [--every 2] [--only turned]
    python -m engines.evaluation.real --images DIR --annotations annotations.json [--overlays DIR] [--mosaic 3]

With `--judged` (see judged.py): precision, recall and AP, the sides of the boxes, the kinds of false ones; `--hard`
makes the same pictures flat, cast, grainy, turned, shrunk and dirty (hardships.py) and prints a table.

With `--annotations`, recall alone: the labels name only some of the visible capillaries, so there is no precision;
the number of detections per label says whether recall was bought with noise. Images are enlarged to 640x480.
`--mosaic 3` lays three by three of them side by side and shrinks them to one of 640x480: what a scope of a third of
the magnification delivers.
"""

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.grain import calmed_still
from appliance.analysis.orientation import find_orientation
from appliance.analysis.turned_view import view_of_turn
from appliance.domain.detection import Detections
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.inference.tiled_detection import TiledDetector
from appliance.ports import EngineSet
from engines.accuracy.matching import iou_matrix, match
from engines.accuracy.network_figures import LOW_SCORE
from engines.evaluation.judged import read_judged
from engines.evaluation.judged_figures import find_in
from engines.evaluation.judged_report import hard_table, judged_report
from engines.evaluation.overlay import draw_overlay
from engines.evaluation.worst_sheet import draw_worst

WEIGHTS = Path(__file__).parents[1] / "weights"
WIDTH, HEIGHT = 640, 480
MAX_TAG_OCCLUDED = 0.3
"""Boxes more covered by the source's own name tags are left out."""


@dataclass(frozen=True)
class LabelledPicture:
    """A real picture and what is labelled in it.

    Attributes:
        name: without suffix.
        image_rgb: uint8 [480, 640, 3].
        targets, others: boxes [N, 4] (x, y, w, h, origin at the centre of the first pixel) that are to be found, and
            that are too covered to be asked for.
    """

    name: str
    image_rgb: NDArray[np.uint8]
    targets: NDArray[np.float64]
    others: NDArray[np.float64]


@dataclass(frozen=True)
class RealFigures:
    """Of all images together.

    Attributes:
        labelled: boxes counted.
        recall_iou50, recall_iou30: share of them found at the device's threshold, any shape.
        mean_iou: of each of them with the finding that overlaps it most, 0 where none does.
        detections_per_label: capillaries found over capillaries labelled, covered ones included.
        giants: findings of giant shape; labels of this data set name none.
    """

    labelled: int
    recall_iou50: float
    recall_iou30: float
    mean_iou: float
    detections_per_label: float
    giants: int


def evaluate(engines: EngineSet, pictures: list[LabelledPicture], overlays: Path | None = None) -> RealFigures:
    """Figures over labelled pictures, as stills; overlays are written where a folder is given."""
    assert engines.stills is not None
    found = {30: 0, 50: 0}
    overlaps: list[float] = []
    total = giants = 0
    for picture in pictures:
        detections = engines.stills.detect(picture.image_rgb, None)
        boxes = [(c.bbox.x, c.bbox.y, c.bbox.w, c.bbox.h) for c in detections.capillaries]
        scores = [c.score for c in detections.capillaries]
        for percent in found:
            result = match(boxes, scores, picture.targets, picture.others, percent / 100)
            found[percent] += int((result.truth_index >= 0).sum())
        overlaps += iou_matrix(picture.targets, boxes).max(axis=1, initial=0.0).tolist()
        total += len(boxes)
        giants += sum(c.morphology.value == "giant" for c in detections.capillaries)
        if overlays is not None:
            save_overlay(engines, picture.image_rgb, detections, overlays / f"{picture.name}.png")
    labelled = sum(len(picture.targets) for picture in pictures)
    named = labelled + sum(len(picture.others) for picture in pictures)
    return RealFigures(
        labelled=labelled,
        recall_iou50=found[50] / max(labelled, 1),
        recall_iou30=found[30] / max(labelled, 1),
        mean_iou=float(np.mean(overlaps)) if overlaps else 0.0,
        detections_per_label=total / max(named, 1),
        giants=giants,
    )


def read_pictures(images: Path, annotations: Path) -> list[LabelledPicture]:
    """The pictures of a COCO file whose images lie in `images`, enlarged to 640x480."""
    document = json.loads(annotations.read_text())
    pictures = []
    for entry in document["images"]:
        path = images / Path(entry["file_name"]).name
        image, scale = _read_enlarged(path)
        labels = [label for label in document["annotations"] if label["image_id"] == entry["id"]]
        is_covered = [label.get("tag_occluded_fraction", 0.0) >= MAX_TAG_OCCLUDED for label in labels]
        targets = [label for label, covered in zip(labels, is_covered, strict=True) if not covered]
        others = [label for label, covered in zip(labels, is_covered, strict=True) if covered]
        pictures.append(LabelledPicture(path.stem, image, _label_boxes(targets, scale), _label_boxes(others, scale)))
    return pictures


def as_mosaics(pictures: list[LabelledPicture], side: int) -> list[LabelledPicture]:
    """Each `side` by `side` pictures shrunk into one of 640x480; what does not fill one is left out."""
    count = side * side
    starts = range(0, len(pictures) - count + 1, count)
    return [_mosaic(pictures[start : start + count], side) for start in starts]


def save_overlay(engines: EngineSet, image: NDArray[np.uint8], detections: Detections, path: Path) -> None:
    """Write the picture with what was found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    keypoints = engines.keypoints.estimate(image, [c.bbox for c in detections.capillaries])
    cv2.imwrite(str(path), cv2.cvtColor(draw_overlay(image, detections, keypoints), cv2.COLOR_RGB2BGR))


def _mosaic(pictures: list[LabelledPicture], side: int) -> LabelledPicture:
    rows = [np.hstack([one.image_rgb for one in pictures[at : at + side]]) for at in range(0, len(pictures), side)]
    image = cv2.resize(np.vstack(rows), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)

    def placed(boxes: NDArray[np.float64], index: int) -> NDArray[np.float64]:
        row, column = divmod(index, side)
        edges = boxes + np.array([0.5 + column * WIDTH, 0.5 + row * HEIGHT, 0.0, 0.0])
        return np.asarray(edges / side - (0.5, 0.5, 0.0, 0.0))

    return LabelledPicture(
        name=f"{pictures[0].name}-mosaic{side}",
        image_rgb=np.asarray(image, dtype=np.uint8),
        targets=np.concatenate([placed(one.targets, index) for index, one in enumerate(pictures)]),
        others=np.concatenate([placed(one.others, index) for index, one in enumerate(pictures)]),
    )


def _read_enlarged(path: Path) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """The picture as uint8 RGB 640x480 and the factors in x and y."""
    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    scale = (WIDTH / image.shape[1], HEIGHT / image.shape[0])
    return np.asarray(cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), dtype=np.uint8), scale


def _label_boxes(labels: list[dict[str, Any]], scale: tuple[float, float]) -> NDArray[np.float64]:
    """COCO boxes [N, 4] (x, y, w, h from the picture's edge) as boxes of the enlarged picture, origin at the centre of
    its first pixel."""
    boxes = np.array([label["bbox"] for label in labels], dtype=np.float64).reshape(-1, 4)
    return np.asarray(boxes * (*scale, *scale) - (0.5, 0.5, 0.0, 0.0), dtype=np.float64)


def main() -> None:
    """Evaluate from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--annotations", type=Path)
    parser.add_argument("--judged", type=Path, help="file of judged pictures; then --annotations is not needed")
    parser.add_argument("--hard", action="store_true", help="the judged pictures under every hardship")
    parser.add_argument("--every", type=int, default=1, help="take each so-manieth judged picture")
    parser.add_argument("--only", help="hardships with this in their name")
    parser.add_argument("--as-it-lies", action="store_true", help="judged pictures without turning them upright")
    parser.add_argument("--one-view", action="store_true", help="one view of each judged picture, not four")
    parser.add_argument("--worst", type=Path, help="sheet of the worst judged pictures")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--mosaic", type=int, default=1, help="so many pictures a side are shrunk into one")
    parser.add_argument("--overlays", type=Path)
    args = parser.parse_args()
    if args.judged is not None:
        _report_judged(args)
        return
    if args.annotations is None:
        parser.error("name --judged or --annotations")
    engines = load_engine_set(InferenceSettings(weights_dir=args.weights), "evaluation")
    pictures = read_pictures(args.images, args.annotations)
    pictures = as_mosaics(pictures, args.mosaic) if args.mosaic > 1 else pictures
    print(json.dumps(vars(evaluate(engines, pictures, args.overlays)), indent=2))


def _report_judged(args: argparse.Namespace) -> None:
    """Judged pictures, analysed as the device analyses a still, down to scores that only AP needs."""
    settings = replace(InferenceSettings(weights_dir=args.weights), min_score_capillary=LOW_SCORE)
    engines = load_engine_set(settings, "evaluation")
    assert engines.stills is not None
    one_view = TiledDetector(engines.detector, (WIDTH, HEIGHT), settings)
    stills = one_view if args.one_view else engines.stills
    pictures = read_judged(args.judged, args.images)[:: args.every]

    def find(image_rgb: NDArray[np.uint8]) -> Detections:
        """As the pipeline analyses a still: calmed, and upright unless the comparison is with what it did before."""
        image_rgb = calmed_still(image_rgb)
        turn_rad = 0.0 if args.as_it_lies else find_orientation(engines.detector, image_rgb).turn_rad
        view = view_of_turn(image_rgb.shape[1], image_rgb.shape[0], turn_rad)
        return view.detections_back(stills.detect(view.show(image_rgb), None))

    if args.hard:
        hard_table(find, pictures, args.only)
        return
    findings = [find_in(find, picture.image_rgb) for picture in pictures]
    print(judged_report(pictures, findings))
    if args.worst is not None:
        draw_worst(pictures, findings, args.worst)


if __name__ == "__main__":
    main()
