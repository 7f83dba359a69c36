"""Judging by hand-made pictures: what counts, what does not, and of which kind a false box is."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.accuracy.matching import FloatArray
from engines.evaluation.judged import JudgedPicture, inside_share, judge, kind_of_false, read_judged
from engines.evaluation.judged_figures import (
    PictureFindings,
    false_kinds,
    headline,
    intervals,
    missed_loops,
    recalls,
    side_errors,
)
from engines.evaluation.judged_report import judged_report

NONE = np.zeros((0, 4))


def boxes(*rows: tuple[float, float, float, float]) -> FloatArray:
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def picture(loops: FloatArray, ignored: FloatArray = NONE, others: FloatArray = NONE) -> JudgedPicture:
    is_tight = np.ones(len(loops), dtype=bool)
    image = np.zeros((480, 640, 3), np.uint8)
    return JudgedPicture("one", image, loops, is_tight, ignored, others, ("plexus",) * len(others))


LOOPS = boxes((100, 100, 40, 100), (200, 110, 40, 100), (300, 105, 40, 100))
PICTURE = picture(LOOPS, boxes((400, 100, 60, 120)), boxes((100, 300, 50, 50)))


def found(*rows: tuple[float, float, float, float], score: float = 0.9) -> PictureFindings:
    return PictureFindings(boxes(*rows), np.full(len(rows), score))


def test_precision_and_recall_count_neither_what_is_ignored_nor_what_is_unsure() -> None:
    finding = found((100, 100, 40, 100), (200, 110, 40, 100), (405, 110, 20, 40), (500, 300, 40, 60))
    figures = headline([PICTURE], [finding])
    assert (figures["precision_50"], figures["recall_50"]) == pytest.approx((2 / 3, 2 / 3))
    unsure = found((100, 100, 40, 100), score=0.3)
    assert headline([PICTURE], [unsure])["recall_50"] == 0.0
    assert headline([PICTURE], [unsure])["ap_50"] == pytest.approx(1 / 3)


def test_a_box_far_inside_an_ignored_one_does_not_count_but_one_beside_it_does() -> None:
    inside, beside = boxes((410, 110, 20, 30)), boxes((455, 100, 60, 120))
    assert judge(inside, np.ones(1), PICTURE, 0.5).is_ignored.tolist() == [True]
    assert judge(beside, np.ones(1), PICTURE, 0.5).is_ignored.tolist() == [False]
    assert inside_share(inside, PICTURE.ignored) == pytest.approx(np.array([[1.0]]))


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        ((105, 105, 20, 30), "piece or double"),
        ((102, 302, 46, 46), "plexus"),
        ((300, 20, 30, 40), "above the row"),
        ((300, 350, 40, 60), "below"),
        ((500, 120, 40, 80), "elsewhere"),
    ],
)
def test_false_boxes_are_told_by_where_they_lie(box: tuple[float, float, float, float], kind: str) -> None:
    assert kind_of_false(np.array(box, dtype=np.float64), PICTURE) == kind
    assert false_kinds([PICTURE], [found(box)]) == {kind: 1}


def test_sides_outside_are_positive_and_in_shares_of_the_box() -> None:
    sides = side_errors([PICTURE], [found((96, 110, 52, 90))])
    assert sides["tight"] == pytest.approx({"left": 0.1, "top": -0.1, "right": 0.2, "bottom": 0.0})


def test_missed_loops_are_the_ones_nothing_hit() -> None:
    np.testing.assert_array_equal(missed_loops(PICTURE, found((100, 100, 40, 100))), LOOPS[1:])


def test_labels_and_tightened_proposals_are_recalled_apart() -> None:
    mixed = JudgedPicture("two", PICTURE.image_rgb, LOOPS, np.array([True, False, False]), NONE, NONE, ())
    assert recalls([mixed], [found((200, 110, 40, 100))], 0.5) == {"tight": 0.0, "labels": 0.5}


def test_interval_is_wide_where_pictures_differ_and_nothing_where_they_are_alike() -> None:
    good, bad = found(*(tuple(row) for row in LOOPS.tolist())), found((500, 300, 40, 60))
    same = intervals([PICTURE] * 6, [good] * 6)["recall_50"]
    differing = intervals([PICTURE] * 6, [good, bad] * 3)["recall_50"]
    assert same == (1.0, 1.0)
    assert differing[0] < 0.3
    assert differing[1] > 0.7
    assert "recall_50" in judged_report([PICTURE] * 2, [good, bad])


def test_file_is_read_and_small_pictures_are_enlarged(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), np.full((240, 320, 3), 120, np.uint8))
    objects = [
        {"kind": "loop", "source": "label", "bbox": [10, 20, 30, 40]},
        {"kind": "loop", "source": "proposal", "bbox": [110, 20, 30, 40]},
        {"kind": "ignore", "source": "proposal", "bbox": [50, 20, 30, 40], "why": "faint"},
        {"kind": "not_loop", "source": "proposal", "bbox": [0, 0, 10, 10], "why": "dirt"},
    ]
    (tmp_path / "judged.json").write_text(json.dumps({"pictures": [{"file_name": "a.jpg", "objects": objects}]}))
    (read,) = read_judged(tmp_path / "judged.json", tmp_path)
    assert read.image_rgb.shape == (480, 640, 3)
    np.testing.assert_allclose(read.loops, boxes((19.5, 39.5, 60, 80), (219.5, 39.5, 60, 80)))
    assert read.is_tight.tolist() == [False, True]
    assert (len(read.ignored), read.reasons) == (1, ("dirt",))
