"""What the detector's first layers make of light, colour, contrast, glare and borders."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from engines.synthetic.render import render  # noqa: E402
from engines.training.flatness import dither, draw_contrast, flatten  # noqa: E402
from engines.training.keypoint_net import see_stretched  # noqa: E402
from engines.training.layers import normalise  # noqa: E402
from engines.training.local_contrast import MOST, see_contrast  # noqa: E402

IMAGE = render(11).image_rgb


def seen(image: np.ndarray) -> np.ndarray:
    out: np.ndarray = see_contrast(torch.from_numpy(np.ascontiguousarray(image))[None])[0].numpy()
    return out


def alike(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_dim_light_and_a_cast_are_seen_through() -> None:
    changed = np.clip(IMAGE * np.array([0.8, 0.6, 0.5]) + 0.5, 0, 255).astype(np.uint8)
    assert alike(seen(IMAGE), seen(changed)) > 0.93


def test_a_flat_picture_is_seen_almost_as_strongly_as_it_was() -> None:
    flat = np.round(flatten(IMAGE, 0.2)).astype(np.uint8)
    strong, weak = np.percentile(seen(IMAGE), 2), np.percentile(seen(flat), 2)
    assert weak < 0.45 * strong < 0
    plain = normalise(torch.from_numpy(flat)[None]).numpy()
    assert alike(seen(IMAGE), seen(flat)) > alike(seen(IMAGE), plain)


def test_glare_leaves_the_loops_beside_it_as_they_were() -> None:
    glaring = IMAGE.copy()
    glaring[100:190, 20:120] = 255
    beside = (slice(None), slice(200, 460), slice(150, 600))
    ratio = seen(glaring)[beside].std() / seen(IMAGE)[beside].std()
    assert 0.8 < ratio < 1.2


def test_black_around_a_picture_leaves_its_loops_as_they_were_and_shows_nothing() -> None:
    """A picture turned by 20 degrees with black corners lost every loop: its mean fell below its skin."""
    bordered = IMAGE.copy()
    bordered[:, :160] = bordered[:, 480:] = bordered[400:] = 3
    inside = (slice(None), slice(0, 380), slice(180, 460))
    assert alike(seen(bordered)[inside], seen(IMAGE)[inside]) > 0.95
    ratio = seen(bordered)[inside].std() / seen(IMAGE)[inside].std()
    assert 0.8 < ratio < 1.25
    assert np.abs(seen(bordered)[:, :, :150]).max() == 0


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_picture_shows_nothing(level: int) -> None:
    assert np.abs(seen(np.full((96, 128, 3), level, np.uint8))).max() < 0.01


def test_nothing_lies_far_outside() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    assert np.abs(seen(noise)).max() <= MOST


def test_a_flat_crop_is_stretched_about_its_mean_and_a_strong_one_left_alone() -> None:
    crop = torch.from_numpy(IMAGE[200:296, 200:296].copy())[None]
    flat = torch.from_numpy(np.round(flatten(crop[0].numpy(), 0.1)).astype(np.uint8))[None]
    assert (see_stretched(flat).std(dim=(2, 3)) > 5 * normalise(flat).std(dim=(2, 3))).all()
    np.testing.assert_allclose(see_stretched(flat).mean(dim=(2, 3)), normalise(flat).mean(dim=(2, 3)), atol=1e-4)
    strong = torch.from_numpy(np.random.default_rng(0).integers(90, 200, (1, 96, 96, 3), dtype=np.uint8))
    np.testing.assert_allclose(see_stretched(strong), normalise(strong), atol=1e-5)


def test_contrast_is_mostly_left_and_never_gone() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([draw_contrast(rng) for _ in range(2000)])
    assert 0.5 < (drawn == 1).mean() < 0.6
    assert drawn.min() >= 0.08
    flat = dither(flatten(IMAGE, 0.1), rng)
    assert flat.mean() == pytest.approx(IMAGE.mean(), abs=0.3)
