"""Grain is measured beside detail; only a grainy picture is smoothed, and the smoothed one is what the networks see."""

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.analysis.grain import CALM, MEASURED_EVERY_S, GrainWatch, calmed, grain_of
from appliance.analysis.pipeline import Pipeline
from engines.evaluation.hardships import flattened, grainy
from engines.synthetic.render import render
from engines.synthetic.truth import RenderedImage
from tests.support.rendered import TruthEngine, frame_of

Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def scene() -> RenderedImage:
    return render(72, um_per_px=1.41, difficulty=0.0)


def grainy_of(scene: RenderedImage, levels: float) -> Image:
    return grainy(scene.image_rgb, levels, np.random.default_rng(1))


def test_a_clean_picture_is_handed_on_as_it_is(scene: RenderedImage) -> None:
    grain = grain_of(scene.image_rgb)
    assert grain < CALM
    assert calmed(scene.image_rgb, grain) is scene.image_rgb


def test_grain_grows_with_the_noise_and_counts_more_in_a_flat_picture(scene: RenderedImage) -> None:
    grains = [grain_of(grainy_of(scene, levels)) for levels in (0, 3, 6, 12, 25)]
    assert grains == sorted(grains)
    assert grains[3] > CALM
    flat = flattened(scene.image_rgb, 0.2)
    assert grain_of(grainy(flat, 3, np.random.default_rng(1))) > 3 * grains[1]


def test_edges_are_no_grain(scene: RenderedImage) -> None:
    lined = scene.image_rgb.copy()
    lined[:, ::40] = 255
    lined[100:130, 100:300] = 255
    assert grain_of(lined) < CALM


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 640, 3), (480, 3, 3), (480, 640, 3)])
def test_a_picture_that_shows_nothing_has_none(shape: tuple[int, int, int]) -> None:
    assert grain_of(np.full(shape, 90, np.uint8)) == 0.0


def test_smoothing_takes_most_of_the_grain_away(scene: RenderedImage) -> None:
    noisy = grainy_of(scene, 25)
    clean, calm = scene.image_rgb.astype(float), calmed(noisy, grain_of(noisy)).astype(float)
    assert np.std(calm - clean) < 0.25 * np.std(noisy - clean)


@pytest.mark.parametrize("track", [True, False])
def test_both_networks_see_the_calmed_picture(scene: RenderedImage, track: bool) -> None:
    engine = TruthEngine(scene)
    noisy = grainy_of(scene, 25)
    Pipeline(engine.engines).analyse(frame_of(noisy), track=track)
    wanted = calmed(noisy, grain_of(noisy))
    assert len(engine.seen) >= 2
    assert all(np.array_equal(seen, wanted) for seen in engine.seen)


def test_a_video_is_measured_once_in_a_while(scene: RenderedImage) -> None:
    watch, noisy, clean = GrainWatch(), grainy_of(scene, 25), scene.image_rgb
    assert watch.calmed(clean, 10.0) is clean
    assert watch.calmed(noisy, 10.0 + 0.9 * MEASURED_EVERY_S) is noisy
    assert watch.calmed(noisy, 10.0 + 1.1 * MEASURED_EVERY_S) is not noisy
    assert watch.calmed(noisy, 5.0) is not noisy, "a clock of another source is measured anew"
