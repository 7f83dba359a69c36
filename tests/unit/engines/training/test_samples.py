"""What the networks are shown: geometry of crops, mirrored limbs, cut loops. Needs the train extra."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

from engines.training.cache import Cache, open_cache, render_cache
from engines.training.detector_samples import draw_sample, transform_truth, turned_size
from engines.training.keypoint_samples import LoopDrawer, locate, order_limbs
from engines.training.photometric import vary_photometrically

SHIFT = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def loop(**changes: Any) -> dict[str, Any]:
    base = {
        "bbox": [100.0, 50.0, 40.0, 120.0],
        "morphology": "normal",
        "size": "enlarged",
        "apex": [120.0, 55.0],
        "apical": [[120.0, 50.0], [120.0, 60.0]],
        "arterial": [[101.0, 90.0], [109.0, 90.0]],
        "venous": [[131.0, 90.0], [139.0, 90.0]],
        "is_ignored": False,
    }
    return base | changes


def truth(*loops: dict[str, Any]) -> dict[str, Any]:
    return {"loops": list(loops), "haemorrhages": [{"bbox": [10.0, 10.0, 20.0, 10.0], "is_ignored": False}]}


def test_boxes_move_from_pixel_centres_to_pixel_edges() -> None:
    targets = transform_truth(truth(loop()), SHIFT)
    assert targets.boxes.tolist() == [[100.5, 50.5, 140.5, 170.5], [10.5, 10.5, 30.5, 20.5]]
    assert targets.kind.tolist() == [0, 1]
    assert targets.size.tolist() == [1, 0]


def test_mirrored_crop_mirrors_its_boxes() -> None:
    mirror = np.array([[-1.0, 0.0, 383.0], [0.0, 1.0, 0.0]])
    targets = transform_truth(truth(loop()), mirror)
    assert targets.boxes[0].tolist() == [384 - 140.5, 50.5, 384 - 100.5, 170.5]


def test_turned_capsule_has_the_box_worked_out_by_hand() -> None:
    # 40 thick, 80 between the centres of its ends, upright: turned by 30 degrees 40 + 80 / 2 wide.
    assert turned_size(40, 120, 0.0, np.pi / 6) == pytest.approx((80, 40 + 80 * np.cos(np.pi / 6)))
    assert turned_size(*turned_size(40, 120, 0.0, 0.3), 0.3, -0.3) == pytest.approx((40, 120))
    assert turned_size(50, 40, 0.0, 0.3) == (50, 40)


def test_turned_box_stays_around_its_turned_centre() -> None:
    sine, cosine = np.sin(0.3), np.cos(0.3)
    turned = np.array([[cosine, -sine, 150.0], [sine, cosine, 20.0]])
    box = transform_truth(truth(loop()), turned).boxes[0]
    centre = turned[:, :2] @ (120.0, 110.0) + turned[:, 2] + 0.5
    assert (box[:2] + box[2:]) / 2 == pytest.approx(centre, abs=1e-3)
    assert box[2:] - box[:2] == pytest.approx(turned_size(40, 120, 0.0, 0.3), abs=1e-3)


def test_loop_whose_apex_is_cut_off_is_ignored() -> None:
    up = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, -60.0]])
    targets = transform_truth(truth(loop()), up)
    assert targets.is_ignored.tolist() == [True]  # and the haemorrhage is outside altogether
    assert targets.boxes[0, 1] == 0.0


def test_loops_that_are_drawn_later_are_learnt_from_too() -> None:
    class Growing:
        def __init__(self) -> None:
            self.truths: tuple[dict[str, Any], ...] = (truth(loop()),)

        def __len__(self) -> int:
            return len(self.truths)

        def picture(self, index: int) -> tuple[Any, dict[str, Any]]:
            return np.full((480, 640, 3), 100 + 100 * index, np.uint8), self.truths[index]

    pictures, rng = Growing(), np.random.default_rng(0)
    draw = LoopDrawer(pictures)
    assert draw(rng).visible[0] == 1
    pictures.truths += (truth(loop(apical=None)),)
    assert {float(draw(rng).visible[0]) for _ in range(40)} == {0.0, 1.0}


def test_limbs_are_ordered_by_place_not_by_name() -> None:
    points = np.array([[[48, 5], [48, 15]], [[70, 40], [62, 41]], [[20, 40], [30, 41]]], dtype=float)
    ordered, seen, left_is_arterial = order_limbs(points, np.array([True, True, True]))
    assert ordered[2:].tolist() == [[20, 40], [30, 41], [62, 41], [70, 40]]
    assert seen.tolist() == [1, 1, 1]
    assert left_is_arterial == 0.0


@pytest.mark.parametrize(("x", "slot", "expected"), [(20.0, 1, 0.0), (70.0, 2, 1.0)])
def test_a_venous_limb_alone_is_placed_by_the_apex(x: float, slot: int, expected: float) -> None:
    points = np.array([[[48, 5], [48, 15]], [[0, 0], [0, 0]], [[x, 40], [x + 8, 40]]])
    _, seen, left_is_arterial = order_limbs(points, np.array([True, False, True]))
    assert seen.tolist() == [1.0, float(slot == 1), float(slot == 2)]
    assert left_is_arterial == expected


def test_without_limbs_nothing_tells_arterial_from_venous() -> None:
    assert order_limbs(np.zeros((3, 2, 2)), np.array([True, False, False]))[2] == -1.0


def test_width_outside_the_crop_is_not_measurable() -> None:
    _, visible = locate(loop(arterial=[[10.0, 90.0], [20.0, 90.0]], venous=None), (100.0, 50.0, 40.0, 120.0))
    assert visible.tolist() == [True, False, False]


def test_ignored_loop_teaches_only_low_confidence() -> None:
    assert not locate(loop(is_ignored=True), (100.0, 50.0, 40.0, 120.0))[1].any()


def test_point_at_the_box_centre_lies_where_the_crop_rule_says() -> None:
    # Side 1.25 * 64 = 80, left edge 80, top edge 42: 0.5 px right of the corner is the first crop pixel's centre.
    points, _ = locate(loop(apical=[[120.0, 50.0], [80.0, 42.0]]), (100.0, 50.0, 40.0, 120.0))
    assert points[0].tolist() == pytest.approx(np.array([[40 * 1.2 - 0.5, 8 * 1.2 - 0.5], [-0.5, -0.5]]))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return render_cache(tmp_path_factory.mktemp("cache"), 3, 7, 1)


def test_interrupted_cache_goes_on_where_it_stopped(cache: Cache, tmp_path: Path) -> None:
    render_cache(tmp_path, 3, 7, 1)
    lines = (tmp_path / "truth.jsonl").read_text().splitlines()
    images = np.load(tmp_path / "images.npy", mmap_mode="r+")
    images[0], images[2] = 1, 2
    (tmp_path / "truth.jsonl").write_text("\n".join(lines[:2]) + "\n")
    again = render_cache(tmp_path, 3, 7, 1)
    assert again.truths == cache.truths
    assert (again.images[0] == 1).all()  # kept, not drawn again
    np.testing.assert_array_equal(again.images[2], cache.images[2])
    assert len(open_cache(tmp_path)) == 3


def test_same_generator_gives_the_same_samples(cache: Cache) -> None:
    first, second = (draw_sample(cache, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1].boxes, second[1].boxes)
    assert first[0].shape == (288, 384, 3)
    crops = [LoopDrawer(cache)(np.random.default_rng(4)).crop for _ in range(2)]
    np.testing.assert_array_equal(crops[0], crops[1])
    assert crops[0].shape == (96, 96, 3)


def test_photometric_changes_keep_shape_and_type() -> None:
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    for _ in range(60):
        varied = vary_photometrically(image, rng)
        assert varied.shape == image.shape
        assert varied.dtype == np.uint8
