"""The shipped detector comes back as a network, and labels of all kinds become what it is trained on."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.domain.detection import (
    BoundingBox,
    CapillaryDetection,
    Detections,
    Morphology,
    SizeClass,
)
from appliance.domain.errors import InferenceError
from engines.datasets.labels import Label, LabelledImage, Standing
from engines.evaluation.coco.categories import Meaning
from engines.evaluation.real import WEIGHTS
from engines.training.labelled_pictures import MixedPictures, labelled_pictures

torch = pytest.importorskip("torch")

MEANINGS = {"hairpin": Meaning.NORMAL, "loop": Meaning.CAPILLARY, "bleeding": Meaning.HAEMORRHAGE}
IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@pytest.fixture
def labelled(tmp_path: Path) -> LabelledImage:
    cv2.imwrite(str(tmp_path / "one.png"), np.full((960, 1280, 3), 150, dtype=np.uint8))
    labels = (
        Label("hairpin", (100.0, 200.0, 60.0, 160.0), size=SizeClass.ENLARGED),
        Label("loop", (300.0, 200.0, 60.0, 160.0)),
        Label("hairpin", (500.0, 200.0, 60.0, 160.0), standing=Standing.IGNORED),
        Label("bleeding", (700.0, 100.0, 80.0, 40.0)),
    )
    return LabelledImage("one.png", 1280, 960, labels)


def test_labels_arrive_at_the_networks_scale(tmp_path: Path, labelled: LabelledImage) -> None:
    cache = labelled_pictures([labelled], tmp_path, MEANINGS, None)
    image, truth = cache.picture(0)
    assert image.shape == (480, 640, 3)
    assert [loop["bbox"] for loop in truth["loops"]][:2] == [[49.5, 99.5, 30.0, 80.0], [149.5, 99.5, 30.0, 80.0]]
    assert [loop["is_ignored"] for loop in truth["loops"]] == [False, False, True]
    assert truth["haemorrhages"] == [{"bbox": [349.5, 49.5, 40.0, 20.0], "is_ignored": False}]


def test_shape_and_calibre_nobody_labelled_are_not_trained(tmp_path: Path, labelled: LabelledImage) -> None:
    from engines.training.detector_samples import UNKNOWN, transform_truth  # noqa: PLC0415

    _, truth = labelled_pictures([labelled], tmp_path, MEANINGS, None).picture(0)
    targets = transform_truth(truth, IDENTITY)
    assert targets.morphology.tolist()[:2] == [0, UNKNOWN]
    assert targets.size.tolist()[:2] == [1, UNKNOWN]


def test_findings_beside_partial_labels_are_neither_right_nor_wrong(tmp_path: Path, labelled: LabelledImage) -> None:
    boxes = [BoundingBox(302.0, 205.0, 58.0, 150.0), BoundingBox(900.0, 400.0, 60.0, 160.0)]
    found = Detections(tuple(CapillaryDetection(box, 0.8, Morphology.NORMAL, SizeClass.NORMAL) for box in boxes))
    _, truth = labelled_pictures([labelled], tmp_path, MEANINGS, lambda _image: found).picture(0)
    assert len(truth["loops"]) == 4
    assert truth["loops"][3]["is_ignored"]
    assert truth["loops"][3]["bbox"] == pytest.approx([449.75, 199.75, 30.0, 80.0])


def test_own_pictures_come_as_often_as_the_share_says(tmp_path: Path, labelled: LabelledImage) -> None:
    own = labelled_pictures([labelled], tmp_path, MEANINGS, None)
    rendered = labelled_pictures([labelled] * 6, tmp_path, MEANINGS, None)
    mixed = MixedPictures(own, rendered, 0.5)
    assert len(mixed) == 12
    assert mixed.picture(5)[1] is own.truths[0]
    assert mixed.picture(11)[1] is rendered.truths[5]


def test_shipped_detector_is_rebuilt_to_the_last_score() -> None:
    from engines.training.exported import rebuild_detector  # noqa: PLC0415

    net, calibration = rebuild_detector(WEIGHTS / "detector.onnx")  # compares its scores with the file's
    assert sum(parameter.numel() for parameter in net.parameters()) > 500_000
    assert calibration.slopes[0] > 0


def test_another_network_is_refused() -> None:
    from engines.training.exported import rebuild_detector  # noqa: PLC0415

    with pytest.raises(InferenceError, match="another network"):
        rebuild_detector(WEIGHTS / "keypoints.onnx")
