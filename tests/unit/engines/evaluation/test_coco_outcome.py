"""One pass of the detector serves the device's thresholds and the whole curve."""

from dataclasses import replace

import cv2
import pytest

from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.ports import StillDetector
from engines.evaluation.coco.outcome import LOWEST_SCORE, OverhearingDetector
from engines.evaluation.real import WEIGHTS
from engines.synthetic.render import render


@pytest.mark.parametrize("enlarged", [1, 3])
def test_what_stays_above_the_threshold_is_what_the_device_finds(enlarged: int) -> None:
    settings = InferenceSettings(weights_dir=WEIGHTS, threads=1)
    low = replace(settings, min_score_capillary=LOWEST_SCORE, min_score_haemorrhage=LOWEST_SCORE)
    device = _stills(settings)
    detector = OverhearingDetector(_stills(low), 0.40, 0.40)
    below = 0
    for seed in (600_001, 600_005, 600_008):
        image = cv2.resize(render(seed).image_rgb, None, fx=enlarged, fy=enlarged)
        found = detector.detect(image, None)
        assert found == device.detect(image, None)
        assert found.capillaries
        below += len(detector.overheard.capillaries) - len(found.capillaries)
    assert below > 0


def _stills(settings: InferenceSettings) -> StillDetector:
    stills = load_engine_set(settings, "test").stills
    assert stills is not None
    return stills
