"""The simulated capillaroscope's scene."""

import numpy as np
import pytest

from engines.synthetic.live import PLACE_S, ChangingPlaces, LiveScene
from engines.synthetic.live_truth import FrameTruth, see_through
from engines.synthetic.truth import HaemorrhageTruth


@pytest.fixture(scope="module")
def scene() -> LiveScene:
    return LiveScene(2, width=320, height=240, um_per_px=2.8)


def test_frame_is_rgb_bytes_with_truth_inside(scene: LiveScene) -> None:
    image, truth = scene.frame(1.0)
    assert image.shape == (240, 320, 3)
    assert image.dtype == np.uint8
    assert truth.um_per_px == 2.8
    assert truth.loops
    for x, y, w, h in (loop.bbox_px for loop in truth.loops):
        assert x >= 0
        assert y >= 0
        assert x + w <= 319 + 1e-6
        assert y + h <= 239 + 1e-6


def test_same_time_gives_the_same_frame(scene: LiveScene) -> None:
    assert np.array_equal(scene.frame(3.2)[0], scene.frame(3.2)[0])


def test_view_wanders_and_its_truth_with_it(scene: LiveScene) -> None:
    first, later = scene.frame(0.0)[1], scene.frame(8.0)[1]
    assert [loop.apex_px for loop in first.loops] != [loop.apex_px for loop in later.loops]


@pytest.mark.parametrize("elapsed_s", [0.5, 5.0, 8.0, 31.0])
def test_loop_moves_little_between_frames(scene: LiveScene, elapsed_s: float) -> None:
    one, two = scene.frame(elapsed_s)[1], scene.frame(elapsed_s + 1 / 30)[1]
    later = np.array([loop.apex_px for loop in two.loops])
    for apex in (loop.apex_px for loop in one.loops if not loop.is_ignored):
        assert np.linalg.norm(later - apex, axis=1).min() < 6


def test_view_rests_at_a_station_but_for_a_tremble(scene: LiveScene) -> None:
    apices = [scene.frame(t)[1].loops[3].apex_px for t in (0.0, 1.0, 2.0, 5.0)]
    assert float(np.ptp(np.array(apices), axis=0).max()) < 12


def test_haemorrhage_mostly_outside_the_view_is_ignored() -> None:
    strip = FrameTruth((), (HaemorrhageTruth((90.0, 10.0, 40.0, 20.0), False),), 1.4)
    assert not see_through(strip, (60.0, 0.0), (100, 100)).haemorrhages[0].is_ignored
    cut = see_through(strip, (0.0, 0.0), (100, 100)).haemorrhages[0]
    assert cut.bbox_px == (90.0, 10.0, 9.0, 20.0)
    assert cut.is_ignored
    assert see_through(strip, (200.0, 0.0), (100, 100)).haemorrhages == ()


def test_changing_places_show_other_loops_and_come_again() -> None:
    scene = ChangingPlaces(2, 2, width=320, height=240, um_per_px=2.8)
    first, second, again = (scene.frame(at * PLACE_S)[1] for at in range(3))
    apices = [{loop.apical_px for loop in truth.loops} for truth in (first, second, again)]
    assert len(apices[0]) == len(apices[2]) > 3
    shapes = [[round(loop.bbox_px[3], 1) for loop in truth.loops] for truth in (first, second, again)]
    assert shapes[0] != shapes[1]
