from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.analysis.quality import grade, measure_picture, shift_between
from appliance.analysis.settings import AnalysisSettings
from appliance.domain.errors import SettingsError
from appliance.domain.quality import QualityReason
from engines.synthetic.truth import RenderedImage
from tests.support.rendered import visible_loops

REAL = Path(__file__).parents[4] / "shared" / "real" / "images"
SETTINGS = AnalysisSettings()


@pytest.fixture(scope="module")
def sharp(scenes: tuple[RenderedImage, ...]) -> list[np.ndarray]:
    """Rendered nailfolds with something to focus on."""
    return [scene.image_rgb for scene in scenes if len(visible_loops(scene)) >= 3]


def _blurred(image: np.ndarray, sigma: float, noise: float = 2.5) -> np.ndarray:
    soft = cv2.GaussianBlur(image, (0, 0), sigma).astype(float)
    return np.clip(soft + np.random.default_rng(0).normal(0, noise, image.shape), 0, 255).astype(np.uint8)


def test_focus_falls_with_every_step_of_blur(sharp) -> None:
    steps = np.array(
        [[measure_picture(_blurred(image, sigma)).focus for sigma in (1, 2, 4, 7, 10)] for image in sharp[:16]]
    )
    falls = np.diff(steps, axis=1)
    assert (falls <= 0.01).all()
    assert (steps[:, 0] > 2 * steps[:, 3]).mean() > 0.9


def test_most_nailfolds_are_in_focus_and_blurred_ones_are_not(sharp) -> None:
    in_focus = np.mean([measure_picture(image).focus >= SETTINGS.focus_min for image in sharp])
    blurred = np.mean([measure_picture(_blurred(image, 7)).focus < SETTINGS.focus_min for image in sharp])
    assert in_focus > 0.9
    assert blurred > 0.9


def test_focus_is_not_raised_by_noise(sharp) -> None:
    for image in sharp[:20]:
        noisy = np.clip(image + np.random.default_rng(1).normal(0, 6, image.shape), 0, 255).astype(np.uint8)
        assert measure_picture(noisy).focus < measure_picture(image).focus + 0.1


@pytest.mark.parametrize("size", [(320, 240), (1280, 960), (1920, 1440)])
def test_focus_does_not_depend_on_the_cameras_pixels(sharp, size: tuple[int, int]) -> None:
    for image in sharp[:10]:
        resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA if size[0] < 640 else cv2.INTER_CUBIC)
        assert measure_picture(resized).focus == pytest.approx(measure_picture(image).focus, abs=0.05)


def test_a_blank_picture_has_no_focus() -> None:
    assert measure_picture(np.full((480, 640, 3), 140, np.uint8)).focus == 0.0


def test_glare_is_the_share_of_saturated_pixels() -> None:
    image = np.full((480, 640, 3), 140, np.uint8)
    image[:120, :320] = 255
    assert measure_picture(image).glare == pytest.approx(0.125, abs=0.005)
    image[:120, :320] = (255, 255, 120)
    assert measure_picture(image).glare == 0.0, "a strong tint is no highlight"


@pytest.mark.parametrize("level", [0, 51, 255])
def test_exposure_is_the_mean_level(level: int) -> None:
    assert measure_picture(np.full((300, 400, 3), level, np.uint8)).exposure == pytest.approx(level / 255, abs=0.002)


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (5, 0), (0, -7), (-24, 16), (60, 33)])
def test_motion_is_measured_in_pixels_of_the_full_frame(sharp, dx: int, dy: int) -> None:
    for image in sharp[:8]:
        moved = cv2.warpAffine(
            image, np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float32), (640, 480), borderMode=cv2.BORDER_REFLECT
        )
        found = shift_between(measure_picture(_blurred(image, 0.5)), measure_picture(_blurred(moved, 0.5)))
        assert found is not None
        assert found[0] == pytest.approx((dx, dy), abs=4)
        assert found[1], "the same scene is trusted"


def test_unrelated_pictures_are_not_trusted(sharp) -> None:
    figures = [measure_picture(image) for image in sharp]
    for one, two in pairwise(figures):
        found = shift_between(one, two)
        assert found is not None
        assert not found[1]


def test_pictures_of_different_sizes_have_no_shift(sharp) -> None:
    assert shift_between(measure_picture(sharp[0]), measure_picture(cv2.resize(sharp[0], (800, 450)))) is None
    assert shift_between(measure_picture(sharp[0]), measure_picture(cv2.resize(sharp[0], (1280, 960)))) is None


def test_every_reason_is_given_worst_first(sharp) -> None:
    dark = grade(measure_picture(np.zeros((480, 640, 3), np.uint8)), (30.0, 0.0), 0, 640, SETTINGS)
    assert not dark.is_evaluable
    assert dark.reasons == (
        QualityReason.UNDEREXPOSED,
        QualityReason.OUT_OF_FOCUS,
        QualityReason.MOTION,
        QualityReason.NO_CAPILLARIES,
    )
    burnt = grade(measure_picture(np.full((480, 640, 3), 255, np.uint8)), None, 3, 640, SETTINGS)
    assert burnt.reasons == (QualityReason.OVEREXPOSED, QualityReason.OUT_OF_FOCUS, QualityReason.GLARE)


@pytest.mark.parametrize(("shift", "reasons"), [(7.9, ()), (8.1, (QualityReason.MOTION,))])
def test_motion_speaks_against_a_frame_in_proportion_to_its_width(sharp, shift, reasons) -> None:
    figures = measure_picture(sharp[0])
    assert grade(figures, (shift, 0.0), 5, 640, SETTINGS).reasons == reasons
    assert grade(figures, (2 * shift, 0.0), 5, 1280, SETTINGS).reasons == reasons


def test_a_still_has_no_motion(sharp) -> None:
    quality = grade(measure_picture(sharp[0]), None, 5, 640, SETTINGS)
    assert quality.motion_px is None
    assert quality.is_evaluable


@pytest.mark.skipif(not REAL.is_dir(), reason="the folder of real images is not here")
def test_real_images_are_mostly_evaluable() -> None:
    images = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in sorted(REAL.glob("*.jpg"))]
    evaluable = [grade(measure_picture(image), None, 3, image.shape[1], SETTINGS).is_evaluable for image in images]
    assert np.mean(evaluable) >= 0.95
    blurred = [grade(measure_picture(_blurred(image, 4)), None, 3, 456, SETTINGS).is_evaluable for image in images]
    assert np.mean(blurred) <= 0.1


def test_settings_that_cannot_be_met_are_refused() -> None:
    with pytest.raises(SettingsError, match="exposure_min"):
        AnalysisSettings(exposure_min=0.9, exposure_max=0.5)
    with pytest.raises(SettingsError, match="track_max_gap_s"):
        AnalysisSettings(track_max_gap_s=0)
