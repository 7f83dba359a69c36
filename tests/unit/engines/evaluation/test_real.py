"""Recall on labelled real pictures: on hand-made ones, with a detector whose answers are known."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.domain.detection import BoundingBox, CapillaryDetection, Detections, Morphology, SizeClass
from appliance.ports import EngineSet
from engines.evaluation.real import as_mosaics, evaluate, read_pictures


class SeesSquares:
    """Finds the dark squares of a picture, however large; the keypoints are never asked for."""

    def detect(self, image_rgb: NDArray[np.uint8], um_per_px: float | None) -> Detections:
        assert um_per_px is None
        dark = (image_rgb[:, :, 0] < 100).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(dark)
        boxes = [BoundingBox(*map(float, stats[label, :4])) for label in range(1, count)]
        return Detections(tuple(CapillaryDetection(box, 0.9, Morphology.NORMAL, SizeClass.NORMAL) for box in boxes), ())


@pytest.fixture
def labelled(tmp_path: Path) -> tuple[Path, Path]:
    """Four pictures of 320x240 with a square of 40 each; the second's label is wrong, the third's covered by a tag."""
    images, annotations = [], []
    for index in range(4):
        image = np.full((240, 320, 3), 200, np.uint8)
        image[100:140, 60:100] = 20
        cv2.imwrite(str(tmp_path / f"{index}.png"), image)
        images.append({"id": index, "file_name": f"images/{index}.png", "width": 320, "height": 240})
        at = 200 if index == 1 else 60
        covered = 0.5 if index == 2 else 0.0
        annotations.append({"image_id": index, "bbox": [at, 100, 40, 40], "tag_occluded_fraction": covered})
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return tmp_path, path


@pytest.mark.parametrize("side", [1, 2])
def test_recall_counts_uncovered_labels_at_any_magnification(labelled: tuple[Path, Path], side: int) -> None:
    pictures = read_pictures(*labelled)
    pictures = as_mosaics(pictures, side) if side > 1 else pictures
    engines = EngineSet(None, None, None, stills=SeesSquares())  # type: ignore[arg-type]  # nothing else is asked
    figures = evaluate(engines, pictures)
    assert (figures.labelled, figures.recall_iou50, figures.recall_iou30) == (3, 2 / 3, 2 / 3)
    assert figures.detections_per_label == 1.0
    assert figures.mean_iou == pytest.approx(2 / 3, abs=0.05)
    assert figures.giants == 0


def test_mosaic_that_is_not_full_is_left_out(labelled: tuple[Path, Path]) -> None:
    pictures = read_pictures(*labelled)
    assert as_mosaics(pictures, 3) == []
    (one,) = as_mosaics(pictures[:4], 2)
    assert one.image_rgb.shape == (480, 640, 3)
    # The fourth: 60 of 320 into the right half, 100 of 240 into the lower.
    assert one.targets[-1] == pytest.approx([320 + 60 - 0.5, 240 + 100 - 0.5, 40, 40])
