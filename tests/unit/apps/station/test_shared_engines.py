"""A station's engines serve its live frames and its imported stills by turns."""

import threading

import numpy as np
from numpy.typing import NDArray

from appliance.apps.station.shared_engines import shared
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.detection import Detections
from appliance.inference.settings import InferenceSettings
from appliance.inference.tiled_detection import TiledDetector
from appliance.ports import EngineSet

INPUT = (640, 480)


class OneAtATime:
    """A detector that notices being called by two at once."""

    def __init__(self) -> None:
        self.looks = 0
        self.was_disturbed = False
        self._inside = threading.Lock()

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        if not self._inside.acquire(blocking=False):
            self.was_disturbed = True
            return Detections()
        self.looks += 1
        self._inside.release()
        return Detections()


def _engines(detector: OneAtATime) -> EngineSet:
    stills = TiledDetector(detector, INPUT, InferenceSettings())
    return shared(EngineSet(detector, None, EngineIdentity("", "", {}), stills))  # type: ignore[arg-type]


def test_imported_still_is_looked_at_as_closely_as_on_the_command_line() -> None:
    detector = OneAtATime()
    engines = _engines(detector)
    assert engines.stills is not None
    engines.stills.detect(np.zeros((1500, 2000, 3), np.uint8), 1.0)
    assert detector.looks > 4


def test_live_frames_come_between_two_looks_at_a_still() -> None:
    detector = OneAtATime()
    engines = _engines(detector)
    stills = engines.stills
    assert stills is not None
    live_frame, still = np.zeros((480, 640, 3), np.uint8), np.zeros((1500, 2000, 3), np.uint8)
    threads = [
        threading.Thread(target=lambda: [engines.detector.detect(live_frame) for _ in range(200)]),
        threading.Thread(target=lambda: [stills.detect(still, 1.0) for _ in range(10)]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not detector.was_disturbed
    assert detector.looks > 200 + 40
