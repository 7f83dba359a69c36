"""A still that stands on its head is told from one whose finger points up. With the networks that the product ships."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.analysis.orientation import is_turned
from appliance.analysis.pipeline import Pipeline
from appliance.domain.quality import QualityReason
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render
from tests.support.rendered import frame_of

WEIGHTS = Path(__file__).parents[3] / "engines" / "weights"
UPRIGHT, ON_ITS_HEAD = 0, 2
ROLLED_SEEDS = (920023, 920085, 920092, 920123, 920166, 920211, 920221, 920269)


@pytest.fixture(scope="module")
def engines() -> Iterator[EngineSet]:
    # Opened in a thread of its own: the one that opens them takes the smallest numbers for zero from then on.
    with ThreadPoolExecutor(max_workers=1) as thread:
        engines = thread.submit(load_engine_set, InferenceSettings(weights_dir=WEIGHTS), "test").result()
    yield engines
    engines.detector.close()  # type: ignore[attr-defined]  # the real ones hold a runtime
    engines.keypoints.close()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    seeds = range(910_000, 910_006)
    return [render(seed, um_per_px=2.0, pattern=Pattern.HEALTHY, difficulty=0.2).image_rgb for seed in seeds]


def _turned(picture: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.rot90(picture, quarters))


def test_pictures_on_their_head_are_told_and_upright_ones_pass(
    engines: EngineSet, pictures: list[NDArray[np.uint8]]
) -> None:
    assert not any(is_turned(engines.detector, picture) for picture in pictures)
    assert all(is_turned(engines.detector, _turned(picture, ON_ITS_HEAD)) for picture in pictures)


def test_finger_rolled_by_half_a_right_angle_is_upright(engines: EngineSet) -> None:
    rolled = [render(seed) for seed in ROLLED_SEEDS]
    assert all(40 < abs(image.roll_deg) <= 60 for image in rolled)
    assert not any(is_turned(engines.detector, image.image_rgb) for image in rolled)


def test_turned_still_is_not_evaluable_and_says_why(engines: EngineSet, pictures: list[NDArray[np.uint8]]) -> None:
    pipeline = Pipeline(engines)
    for quarters in (UPRIGHT, ON_ITS_HEAD):
        reasons = pipeline.analyse(frame_of(_turned(pictures[0], quarters)), track=False).quality.reasons
        assert (QualityReason.TURNED in reasons) == (quarters == ON_ITS_HEAD)


def test_live_frame_has_no_time_for_more_than_one_look(engines: EngineSet, pictures: list[NDArray[np.uint8]]) -> None:
    live = Pipeline(engines).analyse(frame_of(_turned(pictures[0], ON_ITS_HEAD)), track=True)
    assert QualityReason.TURNED not in live.quality.reasons


def test_empty_picture_is_not_turned(engines: EngineSet) -> None:
    assert not is_turned(engines.detector, np.full((480, 640, 3), 150, np.uint8))
