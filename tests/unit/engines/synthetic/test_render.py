"""The renderer's promises to those who train on it."""

import numpy as np
import pytest

from appliance.domain.detection import Morphology, Row, SizeClass
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render
from engines.synthetic.truth import LoopTruth, RenderedImage, Segment

SEEDS = range(40, 52)


@pytest.fixture(scope="module")
def images() -> list[RenderedImage]:
    return [render(seed) for seed in SEEDS]


def _length_um(segment: Segment, image: RenderedImage) -> float:
    return float(np.hypot(*np.subtract(segment[1], segment[0])) * image.um_per_px)


def _counted(image: RenderedImage) -> list[LoopTruth]:
    return [loop for loop in image.loops if not loop.is_ignored]


def test_same_seed_gives_the_same_image_and_truth() -> None:
    first, again = render(7), render(7)
    assert np.array_equal(first.image_rgb, again.image_rgb)
    assert (first.loops, first.haemorrhages) == (again.loops, again.haemorrhages)


def test_other_seed_gives_another_image() -> None:
    assert not np.array_equal(render(7).image_rgb, render(8).image_rgb)


def test_image_is_rgb_bytes_of_the_size_asked_for() -> None:
    image = render(3, width=500, height=333).image_rgb
    assert image.shape == (333, 500, 3)
    assert image.dtype == np.uint8


def test_boxes_and_apices_lie_inside_the_image(images: list[RenderedImage]) -> None:
    for image in images:
        height, width = image.image_rgb.shape[:2]
        boxes = [loop.bbox_px for loop in image.loops] + [patch.bbox_px for patch in image.haemorrhages]
        for x, y, w, h in boxes:
            assert x >= 0
            assert y >= 0
            assert w > 0
            assert h > 0
            assert x + w <= width - 1 + 1e-6
            assert y + h <= height - 1 + 1e-6
        for loop in image.loops:
            assert 0 <= loop.apex_px[0] <= width - 1
            assert 0 <= loop.apex_px[1] <= height - 1


def test_apex_and_limb_segments_of_counted_loops_lie_in_their_box(images: list[RenderedImage]) -> None:
    for image in images:
        for loop in _counted(image):
            x, y, w, h = loop.bbox_px
            for segment in (loop.apical_px, loop.arterial_px, loop.venous_px):
                for px, py in segment or ():
                    assert x - 2 <= px <= x + w + 2
                    assert y - 2 <= py <= y + h + 2


def test_size_class_follows_the_widest_measured_column(images: list[RenderedImage]) -> None:
    for image in images:
        for loop in image.loops:
            segments = (loop.apical_px, loop.arterial_px, loop.venous_px)
            if None in segments:
                continue
            widest = max(_length_um(segment, image) for segment in segments if segment is not None)
            expected = SizeClass.GIANT if widest > 50 else SizeClass.ENLARGED if widest >= 20 else SizeClass.NORMAL
            assert loop.size is expected


def test_plain_loop_of_giant_calibre_is_a_giant(images: list[RenderedImage]) -> None:
    for loop in (loop for image in images for loop in image.loops):
        if loop.size is SizeClass.GIANT:
            assert loop.morphology is not Morphology.NORMAL
        if loop.morphology is Morphology.GIANT:
            assert loop.size is SizeClass.GIANT


def test_density_is_the_distal_count_over_the_row_by_hand(images: list[RenderedImage]) -> None:
    for image in images:
        distal = sum(loop.row is Row.DISTAL for loop in _counted(image))
        assert image.density_per_mm * image.distal_row_mm == pytest.approx(distal)


def test_row_of_an_upright_image_is_about_as_long_as_the_image_is_wide() -> None:
    image = next(image for image in map(render, range(60)) if abs(image.roll_deg) < 3)
    width_mm = image.image_rgb.shape[1] * image.um_per_px / 1000
    assert image.distal_row_mm == pytest.approx(width_mm, rel=0.15)


def test_no_distal_loop_has_another_straight_above_it() -> None:
    image = next(i for i in (render(seed, um_per_px=2.2) for seed in range(60)) if abs(i.roll_deg) < 2 and i.loops)
    for loop in (loop for loop in image.loops if loop.row is Row.DISTAL):
        above = [o for o in _counted(image) if loop.apex_px[1] - o.apex_px[1] > 5 and o is not loop]
        assert all(abs(o.apex_px[0] - loop.apex_px[0]) > 0.9 * (loop.apex_px[1] - o.apex_px[1]) for o in above)


def test_empty_pattern_has_no_loop() -> None:
    assert render(5, pattern=Pattern.EMPTY).loops == ()


@pytest.mark.parametrize(
    ("pattern", "low", "high"), [(Pattern.HEALTHY, 5.0, 9.5), (Pattern.ACTIVE, 2.5, 6.5), (Pattern.LATE, 1.0, 5.5)]
)
def test_mean_density_matches_the_pattern(pattern: Pattern, low: float, high: float) -> None:
    images = [render(seed, um_per_px=1.8, pattern=pattern, difficulty=0.2) for seed in range(12)]
    assert low < float(np.mean([image.density_per_mm for image in images])) < high


def test_scale_asked_for_is_the_scale_of_the_widths() -> None:
    fine, coarse = render(11, um_per_px=1.0, difficulty=0.0), render(11, um_per_px=2.0, difficulty=0.0)
    assert (fine.um_per_px, coarse.um_per_px) == (1.0, 2.0)
    for image in (fine, coarse):
        apical = [_length_um(loop.apical_px, image) for loop in image.loops if loop.apical_px is not None]
        assert 10 < float(np.median(apical)) < 60


def test_apical_column_is_darker_than_the_skin_beyond_it() -> None:
    image = render(21, difficulty=0.0, pattern=Pattern.HEALTHY)
    green = image.image_rgb[:, :, 1].astype(float)
    darker = []
    for loop in _counted(image):
        if loop.apical_px is None:
            continue
        outer, inner = np.array(loop.apical_px)
        beyond = outer + 1.5 * (outer - inner)
        if 0 <= beyond[0] < green.shape[1] and 0 <= beyond[1] < green.shape[0]:
            at = ((outer + inner) / 2).round().astype(int)
            out = beyond.round().astype(int)
            darker.append(green[at[1], at[0]] < green[out[1], out[0]] - 5)
    assert len(darker) >= 3
    assert np.mean(darker) > 0.8
