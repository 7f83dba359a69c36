"""The detector over networks whose answers are known: thresholds, classes, suppression, coordinates."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from appliance.domain.detection import BoundingBox, Detections, HaemorrhageDetection, Morphology, SizeClass
from appliance.domain.errors import InferenceError
from appliance.inference.detector import OnnxDetector
from appliance.inference.manifest import read_manifest
from appliance.inference.ort_runtime import OnnxRuntime
from appliance.inference.settings import InferenceSettings

WHITE = np.full((480, 640, 3), 255, dtype=np.uint8)
Detect = Callable[..., Detections]


@pytest.fixture
def detect(weights: Callable[..., Path]) -> Detect:
    """Runs rows of (box, class scores, size scores) through a real network and the detector."""

    def run(rows: list[tuple], image: np.ndarray = WHITE, **settings: float) -> Detections:
        manifest = read_manifest(weights(*zip(*rows, strict=True)))
        engine = OnnxRuntime(manifest, threads=1).load("detector")
        return OnnxDetector(engine, manifest.engine("detector"), InferenceSettings(**settings)).detect(image)

    return run


def test_each_class_becomes_what_it_says(detect: Detect) -> None:
    found = detect(
        [
            ((10, 10, 40, 90), (0.9, 0.1, 0, 0, 0), (0.9, 0.1, 0)),
            ((110, 10, 140, 90), (0.1, 0.8, 0, 0, 0), (0.1, 0.8, 0.1)),
            ((210, 10, 240, 90), (0, 0, 0.7, 0, 0), (0, 0.1, 0.2)),
            ((310, 10, 340, 90), (0, 0, 0, 0.6, 0), (0, 0, 1)),
            ((410, 10, 440, 40), (0, 0, 0, 0, 0.5), (1, 0, 0)),
        ]
    )
    assert [c.morphology for c in found.capillaries] == list(Morphology)
    sizes = [SizeClass.NORMAL, SizeClass.ENLARGED, SizeClass.GIANT, SizeClass.GIANT]
    assert [c.size_by_appearance for c in found.capillaries] == sizes
    assert [c.score for c in found.capillaries] == pytest.approx([0.9, 0.8, 0.7, 0.6], abs=1e-6)
    assert found.haemorrhages == (HaemorrhageDetection(BoundingBox(409.5, 9.5, 30, 30), 0.5),)


def test_best_score_comes_first(detect: Detect) -> None:
    rows = [((x, 10, x + 30, 90), (score, 0, 0, 0, 0), (1, 0, 0)) for x, score in ((10, 0.5), (110, 0.9), (210, 0.7))]
    assert [c.bbox.x for c in detect(rows).capillaries] == [109.5, 209.5, 9.5]


def test_thresholds_hold_for_each_kind_alone(detect: Detect) -> None:
    rows = [
        ((10, 10, 40, 90), (0.41, 0, 0, 0, 0.39), (1, 0, 0)),
        ((110, 10, 140, 90), (0.39, 0, 0, 0, 0.41), (1, 0, 0)),
    ]
    found = detect(rows)
    assert [c.bbox.x for c in found.capillaries] == [9.5]
    assert [h.bbox.x for h in found.haemorrhages] == [109.5]
    strict = detect(rows, min_score_capillary=0.5, min_score_haemorrhage=0.3)
    assert strict.capillaries == ()
    assert len(strict.haemorrhages) == 2


def test_one_loop_seen_as_two_shapes_counts_once(detect: Detect) -> None:
    found = detect(
        [
            ((10, 10, 50, 90), (0.6, 0, 0, 0, 0), (1, 0, 0)),
            ((11, 11, 51, 91), (0, 0, 0, 0.8, 0), (0, 0, 1)),
        ]
    )
    assert [c.morphology for c in found.capillaries] == [Morphology.GIANT]


def test_a_haemorrhage_over_a_loop_hides_neither(detect: Detect) -> None:
    found = detect(
        [
            ((10, 10, 50, 50), (0.6, 0, 0, 0, 0), (1, 0, 0)),
            ((10, 10, 50, 50), (0, 0, 0, 0, 0.9), (1, 0, 0)),
        ]
    )
    assert (len(found.capillaries), len(found.haemorrhages)) == (1, 1)


def test_boxes_come_back_in_pixels_of_the_frame(detect: Detect) -> None:
    rows = [((100, 50, 140, 200), (0.9, 0, 0, 0, 0), (1, 0, 0))]
    big = detect(rows, image=np.full((1500, 2000, 3), 255, dtype=np.uint8)).capillaries[0].bbox
    assert (big.x, big.y, big.w, big.h) == pytest.approx(
        (311.6875, 155.75, 124.875, 468.75)
    )  # 1998 of 2000 columns in blocks of 3
    wide = detect(rows, image=np.full((720, 1280, 3), 255, dtype=np.uint8)).capillaries[0].bbox
    assert (wide.x, wide.y, wide.w, wide.h) == pytest.approx((199.5, 99.5, 80, 300))


def test_a_box_in_the_free_space_beside_the_picture_is_no_capillary(detect: Detect) -> None:
    rows = [((100, 400, 140, 470), (0.9, 0, 0, 0, 0), (1, 0, 0))]
    assert detect(rows, image=np.full((720, 1280, 3), 255, dtype=np.uint8)) == Detections()


def test_a_box_turned_inside_out_is_dropped_and_harms_no_other(detect: Detect) -> None:
    rows = [
        ((200, 200, 100, 100), (0.9, 0, 0, 0, 0), (1, 0, 0)),
        ((110, 110, 150, 190), (0.8, 0, 0, 0, 0), (1, 0, 0)),
    ]
    assert [c.score for c in detect(rows).capillaries] == pytest.approx([0.8])


def test_a_dark_picture_has_nothing(detect: Detect) -> None:
    rows = [((100, 50, 140, 200), (0.9, 0, 0, 0, 0), (1, 0, 0))]
    assert detect(rows, image=np.zeros_like(WHITE)) == Detections()


def test_red_comes_first_in_what_the_network_sees(detect: Detect) -> None:
    rows = [((100, 50, 140, 200), (0.9, 0, 0, 0, 0), (1, 0, 0))]
    image = np.zeros_like(WHITE)
    image[..., 2] = 255
    assert detect(rows, image=image) == Detections()
    assert len(detect(rows, image=np.ascontiguousarray(image[..., ::-1])).capillaries) == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_network_that_overflowed_is_an_error_and_not_an_empty_finger(detect: Detect, bad: float) -> None:
    with pytest.raises(InferenceError, match="not numbers"):
        detect([((10, 10, 40, 90), (bad, 0, 0, 0, 0), (1, 0, 0))])


def test_a_hopeless_picture_is_bounded(detect: Detect) -> None:
    rng = np.random.default_rng(2)
    places = rng.uniform((0, 0, 0.5), (600, 400, 1), (1000, 3))
    rows = [((x, y, x + 9, y + 9), (score, 0, 0, 0, 0), (1, 0, 0)) for x, y, score in places]
    assert len(detect(rows, max_candidates=50).capillaries) <= 50


@pytest.mark.parametrize("field", ["classes", "sizes"])
def test_a_class_that_the_software_does_not_know_is_refused(weights: Callable[..., Path], field: str) -> None:
    manifest = read_manifest(weights([(0, 0, 1, 1)], [(0, 0, 0, 0, 0)], [(0, 0, 0)]))
    entry = manifest.engine("detector")
    changed = dataclasses.replace(entry, **{field: ("bushy", *getattr(entry, field)[1:])})
    with pytest.raises(InferenceError, match="bushy"):
        OnnxDetector(OnnxRuntime(manifest).load("detector"), changed, InferenceSettings())


def test_columns_are_read_in_the_manifests_order(weights: Callable[..., Path]) -> None:
    manifest = read_manifest(weights([(10, 10, 50, 90)], [(0.0, 0.9, 0.1, 0.0, 0.0)], [(0.1, 0.0, 0.9)]))
    entry = dataclasses.replace(
        manifest.engine("detector"),
        classes=("haemorrhage", "giant", "ramified", "tortuous", "normal"),
        sizes=("giant", "normal", "enlarged"),
    )
    detector = OnnxDetector(OnnxRuntime(manifest).load("detector"), entry, InferenceSettings())
    (capillary,) = detector.detect(WHITE).capillaries
    assert (capillary.morphology, capillary.size_by_appearance) == (Morphology.GIANT, SizeClass.ENLARGED)
