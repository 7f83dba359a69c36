"""COCO's figures: as pycocotools itself gives them, with ignored and unknown labels left out of the verdict."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from engines.datasets.labels import Standing
from engines.evaluation.coco.average_precision import coco_average_precision
from engines.evaluation.coco.bootstrap import Bootstrap
from engines.evaluation.coco.outcome import Outcome
from tests.support.labelled import label, loop, outcome

LEFT, RIGHT, FAR = (0.0, 0.0, 20.0, 40.0), (50.0, 0.0, 20.0, 40.0), (300.0, 300.0, 20.0, 40.0)
SHAPES = ("normal", "tortuous", "ramified", "giant")


def figure(outcomes: list[Outcome], name: str, measure: str) -> float | None:
    found = coco_average_precision(outcomes, Bootstrap(len(outcomes), 0, 1), True)
    return found.by_class[name][measure].value


def random_outcomes(images: int) -> list[Outcome]:
    """Jittered, missed and invented loops of four shapes."""
    rng = np.random.default_rng(5)
    made = []
    for _ in range(images):
        boxes = [(float(x), float(rng.uniform(0, 300)), 20.0, 40.0) for x in range(0, 600, 40)]
        labels = [label(box, str(rng.choice(SHAPES))) for box in boxes]
        found = [
            loop(
                (x + rng.normal(0, 2), y + rng.normal(0, 4), w, h),
                float(rng.uniform(0.02, 1)),
                str(rng.choice(SHAPES[:2])),
            )
            for x, y, w, h in boxes
            if rng.random() < 0.8
        ]
        made.append(outcome(labels, found))
    return made


def by_pycocotools(outcomes: list[Outcome]) -> np.ndarray:
    """Its own summary of loops of any shape: AP, AP50, AP75 and AR at 100."""
    images = [{"id": at} for at in range(1, len(outcomes) + 1)]
    truths = [(at, t.box) for at, one in enumerate(outcomes, 1) for t in one.targets]
    results = [
        {"image_id": at, "category_id": 1, "bbox": [c.bbox.x, c.bbox.y, c.bbox.w, c.bbox.h], "score": c.score}
        for at, one in enumerate(outcomes, 1)
        for c in one.detections.capillaries
    ]
    annotations = [
        {"id": n, "image_id": at, "category_id": 1, "bbox": list(box), "area": box[2] * box[3], "iscrowd": 0}
        for n, (at, box) in enumerate(truths, 1)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {},
            "images": images,
            "annotations": annotations,
            "categories": [{"id": 1, "name": "c"}],
        }
        truth.createIndex()
        run = COCOeval(truth, truth.loadRes(results), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return np.asarray(run.stats)[[0, 1, 2, 8]]


def test_figures_are_those_of_pycocotools() -> None:
    outcomes = random_outcomes(12)
    ours = [figure(outcomes, "capillary", measure) for measure in ("ap", "ap50", "ap75", "ar")]
    np.testing.assert_allclose(ours, by_pycocotools(outcomes), atol=1e-9)


def test_the_mean_is_over_the_shapes_that_are_labelled() -> None:
    one = outcome([label(LEFT), label(RIGHT, "giant")], [loop(LEFT, 0.9), loop(RIGHT, 0.8, "normal")])
    assert figure([one], "normal", "ap50") == pytest.approx(1.0)
    assert figure([one], "giant", "ap50") == 0.0
    assert figure([one], "tortuous", "ap50") is None
    assert figure([one], "shapes", "ap50") == pytest.approx(0.5)
    assert figure([one], "capillary", "ap50") == pytest.approx(1.0), "a wrong shape is a found capillary all the same"


def test_low_scores_count_for_the_curve() -> None:
    one = outcome([label(LEFT), label(RIGHT)], [loop(LEFT, 0.9), loop(RIGHT, 0.02)])
    assert figure([one], "capillary", "ap50") == pytest.approx(1.0)


@pytest.mark.parametrize("standing", [Standing.IGNORED, Standing.CROWD])
def test_what_lies_on_an_ignored_label_is_neither_right_nor_wrong(standing: Standing) -> None:
    one = outcome([label(LEFT), label(FAR, standing=standing)], [loop(FAR, 0.95), loop(LEFT, 0.9)])
    assert figure([one], "capillary", "ap50") == pytest.approx(1.0)
    missed = outcome([label(LEFT), label(FAR, standing=standing)], [loop(LEFT, 0.9)])
    assert figure([missed], "capillary", "ar") == 1.0
    bare = outcome([label(LEFT)], [loop(FAR, 0.95), loop(LEFT, 0.9)])
    assert figure([bare], "capillary", "ap50") == pytest.approx(0.5, abs=0.01)


def test_a_crowd_takes_several_findings() -> None:
    crowd = label((280.0, 280.0, 200.0, 100.0), standing=Standing.CROWD)
    inside = [loop((300.0 + 40 * at, 300.0, 20.0, 40.0), 0.95) for at in range(3)]
    assert figure([outcome([label(LEFT), crowd], [*inside, loop(LEFT, 0.9)])], "capillary", "ap50") == pytest.approx(
        1.0
    )


def test_a_label_of_unknown_shape_makes_no_shape_wrong() -> None:
    one = outcome([label(LEFT), label(FAR, "capillary")], [loop(FAR, 0.95, "normal"), loop(LEFT, 0.9)])
    assert figure([one], "normal", "ap50") == pytest.approx(1.0)
    assert figure([one], "capillary", "ap50") == pytest.approx(1.0)


def test_haemorrhages_and_loops_do_not_hit_each_other() -> None:
    one = outcome([label(LEFT), label(FAR, "haemorrhage")], [loop(FAR, 0.9)], [(LEFT, 0.9)])
    assert figure([one], "haemorrhage", "ap50") == 0.0
    assert figure([one], "capillary", "ap50") == 0.0


def test_intervals_hold_the_figure_and_are_the_same_each_time() -> None:
    outcomes = random_outcomes(12)
    first, second = (
        coco_average_precision(outcomes, Bootstrap(12, 200, 1), True).by_class["capillary"] for _ in range(2)
    )
    assert first == second
    ap = first["ap"]
    assert ap.value is not None
    assert ap.low is not None
    assert ap.high is not None
    assert ap.low < ap.value < ap.high


def test_without_exhaustive_labels_only_recall_is_told() -> None:
    found = coco_average_precision(random_outcomes(2), Bootstrap(2, 0, 1), False)
    assert set(found.by_class["capillary"]) == {"ar"}
    assert found.curves == {}
