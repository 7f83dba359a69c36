"""Blood is told from shadows by how its red goes with its green, in every camera that sees colours."""

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.inference.blood_colour import without_shadows

HEIGHT, WIDTH = 240, 320
BLOOD, SHADOW = np.array([0.1, 0.25, 0.3]), np.array([0.2, 0.2, 0.2])
AT_BLOOD, AT_SHADOW = np.s_[60:180, 80:88], np.s_[60:180, 220:228]


def _seen(skin: tuple[float, float, float], scale: int = 1) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A picture with a vessel and a fold, and a layer that takes both for vessels."""
    density, chance = np.zeros((HEIGHT, WIDTH, 3)), np.zeros((HEIGHT, WIDTH), np.float32)
    density[AT_BLOOD], density[AT_SHADOW] = BLOOD, SHADOW
    chance[AT_BLOOD] = chance[AT_SHADOW] = 0.9
    # Most of what is lit in a picture is blood.
    density[60:180, 20:60:10], chance[60:180, 20:60:10] = BLOOD, 0.9
    levels = np.asarray(np.clip(np.array(skin) * np.exp(-density) + 0.5, 0, 255), dtype=np.uint8)
    return levels.repeat(scale, 0).repeat(scale, 1), chance.repeat(scale, 0).repeat(scale, 1)


@pytest.mark.parametrize("skin", [(200.0, 160.0, 150.0), (150.0, 170.0, 150.0), (90.0, 60.0, 50.0)])
def test_a_fold_goes_and_a_vessel_stays_in_skin_of_any_colour(skin: tuple[float, float, float]) -> None:
    image, chance = _seen(skin)
    left = without_shadows(image, chance)
    assert left[AT_SHADOW].max() < 0.3
    assert left[AT_BLOOD].min() > 0.85


def test_a_large_picture_is_told_alike() -> None:
    image, chance = _seen((200.0, 160.0, 150.0), scale=5)
    left = without_shadows(image, chance)
    assert left.shape == chance.shape
    assert left[300:900, 1105:1135].max() < 0.3
    assert left[300:900, 405:435].min() > 0.8


def test_a_grey_picture_is_left_as_it_is() -> None:
    image, chance = _seen((160.0, 160.0, 160.0))
    grey = image.mean(axis=2, keepdims=True).repeat(3, axis=2).astype(np.uint8)
    assert np.array_equal(without_shadows(grey, chance), chance)


def test_a_picture_without_vessels_is_left_as_it_is() -> None:
    image, _ = _seen((200.0, 160.0, 150.0))
    nothing = np.zeros((HEIGHT, WIDTH), np.float32)
    assert np.array_equal(without_shadows(image, nothing), nothing)
