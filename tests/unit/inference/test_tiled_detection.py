"""Large stills are looked at in tiles, and what tiles find is put together."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.domain.detection import BoundingBox, CapillaryDetection, Detections, Morphology, SizeClass
from appliance.inference.settings import InferenceSettings
from appliance.inference.tiled_detection import TiledDetector, plan_tiles

INPUT = (640, 480)
DARK = 40


class SeesDarkBlocks:
    """Finds each dark rectangle that is at least `least_px` wide after the picture has been shrunk to the input."""

    def __init__(self, least_px: float = 0.0) -> None:
        self.looks: list[tuple[int, int]] = []
        self._least_px = least_px

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        height, width = image_rgb.shape[:2]
        self.looks.append((width, height))
        shrink = max(width / INPUT[0], height / INPUT[1])
        found = []
        for level in np.unique(image_rgb[:, :, 0][image_rgb[:, :, 0] < 2 * DARK]):
            rows, columns = np.nonzero(image_rgb[:, :, 0] == level)
            box = BoundingBox(
                float(columns.min()), float(rows.min()), float(np.ptp(columns) + 1), float(np.ptp(rows) + 1)
            )
            if box.w / shrink >= self._least_px:
                found.append(CapillaryDetection(box, 0.9 - level / 1000, Morphology.NORMAL, SizeClass.NORMAL))
        return Detections(tuple(found))


def _picture(size: tuple[int, int], boxes: list[tuple[int, int, int, int]]) -> NDArray[np.uint8]:
    image = np.full((size[1], size[0], 3), 200, dtype=np.uint8)
    for level, (x, y, w, h) in enumerate(boxes):
        image[y : y + h, x : x + w] = level
    return image


def _boxes(found: Detections) -> list[tuple[float, float, float, float]]:
    return sorted((one.bbox.x, one.bbox.y, one.bbox.w, one.bbox.h) for one in found.capillaries)


def _look(detector: SeesDarkBlocks) -> TiledDetector:
    return TiledDetector(detector, INPUT, InferenceSettings())


def _rows_of_loops(size: tuple[int, int], w: int, h: int) -> list[tuple[int, int, int, int]]:
    return [(x, y, w, h) for x in range(20, size[0] - w, 5 * w) for y in range(30, size[1] - h, 3 * h)]


def test_picture_of_the_networks_own_size_is_one_look_where_its_loops_are_about_as_trained_on() -> None:
    detector = SeesDarkBlocks()
    _look(detector).detect(_picture(INPUT, _rows_of_loops(INPUT, 30, 60)), None)
    _look(detector).detect(_picture(INPUT, [(100, 100, 30, 60)]), 2.0)
    assert detector.looks == [INPUT, INPUT]


def test_tiny_loops_of_a_small_picture_are_found_in_enlarged_tiles() -> None:
    boxes = [*_rows_of_loops(INPUT, 20, 40)[:5], *((x, 300, 10, 24) for x in range(20, 600, 40))]
    image = _picture(INPUT, boxes)
    assert _boxes(_look(SeesDarkBlocks(least_px=16.0)).detect(image, None)) == sorted(boxes)
    assert _boxes(_look(SeesDarkBlocks(least_px=16.0)).detect(image, 5.0)) == sorted(boxes)


def test_enlarged_tiles_that_show_little_more_do_not_count() -> None:
    class DrawsOthersEnlarged(SeesDarkBlocks):
        def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
            found = super().detect(image_rgb)
            if image_rgb.shape[1] == INPUT[0]:
                return found
            return Detections(tuple(replace(one, bbox=replace(one.bbox, h=2.0)) for one in found.capillaries))

    detector = DrawsOthersEnlarged()
    boxes = _rows_of_loops(INPUT, 20, 40)
    assert _boxes(_look(detector).detect(_picture(INPUT, boxes), 5.0)) == sorted(boxes)
    assert len(detector.looks) > 4


def test_large_picture_of_large_loops_is_one_look() -> None:
    detector = SeesDarkBlocks()
    boxes = _rows_of_loops((1920, 1440), 126, 300)
    assert _boxes(_look(detector).detect(_picture((1920, 1440), boxes), None)) == sorted(boxes)
    assert detector.looks == [(1920, 1440)]


def test_small_loops_of_a_large_picture_are_each_found_once_and_whole() -> None:
    detector = SeesDarkBlocks()
    boxes = _rows_of_loops((2000, 1500), 45, 120)
    assert _boxes(_look(detector).detect(_picture((2000, 1500), boxes), None)) == sorted(boxes)
    assert len(detector.looks) > 4


def test_loops_too_thin_for_one_look_are_found_where_the_scale_is_known() -> None:
    size, boxes = (2560, 1920), [(400, 300, 24, 90), (1270, 940, 24, 90), (2500, 1800, 24, 90)]
    image = _picture(size, boxes)
    assert _boxes(_look(SeesDarkBlocks(least_px=12.0)).detect(image, None)) == []
    assert _boxes(_look(SeesDarkBlocks(least_px=12.0)).detect(image, 1.0)) == sorted(boxes)


def test_what_is_longer_than_the_overlap_is_kept_from_the_look_at_the_whole() -> None:
    size, boxes = (2000, 1500), [(900, 100, 60, 1300), (40, 40, 40, 100), (1500, 900, 40, 100)]
    found = _boxes(_look(SeesDarkBlocks()).detect(_picture(size, boxes), 1.2))
    assert found == [tuple(map(float, box)) for box in sorted(boxes)]


class SeesMoreFromFar(SeesDarkBlocks):
    """Sees blocks whole from far and only their upper 60 % from near, as limbs that fade."""

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        found = super().detect(image_rgb)
        if image_rgb.shape[1] == 2000:
            return found
        return Detections(
            tuple(replace(one, bbox=replace(one.bbox, h=0.55 * one.bbox.h), score=0.95) for one in found.capillaries)
        )


def test_two_looks_at_one_loop_make_one_finding() -> None:
    boxes = [(700, 200, 60, 420), (1200, 200, 60, 420)]
    found = _look(SeesMoreFromFar()).detect(_picture((2000, 1500), boxes), 1.2)
    assert len(found.capillaries) == 2


@pytest.mark.parametrize(("size", "scale"), [((2000, 1500), 1.3), ((5000, 700), 1.0), ((1000, 3000), 1.5)])
def test_tiles_cover_the_picture_and_overlap(size: tuple[int, int], scale: float) -> None:
    tiles = plan_tiles(size, INPUT, scale)
    covered = np.zeros((size[1], size[0]), dtype=np.int64)
    for tile in tiles:
        covered[tile.y : tile.y + tile.h, tile.x : tile.x + tile.w] += 1
    assert covered.min() >= 1
    xs = sorted({tile.x for tile in tiles})
    assert all(second - first <= 0.66 * tiles[0].w for first, second in itertools.pairwise(xs))


def test_a_panorama_never_takes_more_than_its_time() -> None:
    assert len(plan_tiles((30_000, 2_000), INPUT, 1.0)) <= 48
