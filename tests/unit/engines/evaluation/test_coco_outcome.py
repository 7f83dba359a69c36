"""One pass of the detector serves the device's thresholds and the whole curve."""

from dataclasses import replace

from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from engines.evaluation.coco.outcome import LOWEST_SCORE, OverhearingDetector
from engines.evaluation.real import WEIGHTS
from engines.synthetic.render import render


def test_what_stays_above_the_threshold_is_what_the_device_finds() -> None:
    settings = InferenceSettings(weights_dir=WEIGHTS, threads=1)
    low = replace(settings, min_score_capillary=LOWEST_SCORE, min_score_haemorrhage=LOWEST_SCORE)
    device = load_engine_set(settings, "test").detector
    detector = OverhearingDetector(load_engine_set(low, "test").detector, 0.40, 0.40)
    for seed in (600_001, 600_002, 600_003):
        image = render(seed).image_rgb
        found = detector.detect(image)
        assert found == device.detect(image)
        assert found.capillaries
        assert len(detector.overheard.capillaries) > len(found.capillaries)
