import threading
import time

import numpy as np
import pytest

from appliance.capture.latest_frame import LatestFrame
from appliance.capture.stamping import FrameStamper
from appliance.domain.frame import CameraDescription, Frame

_CAMERA = CameraDescription("test", "test", "rgb8", 2, 2)


@pytest.fixture
def frames() -> list[Frame]:
    stamper = FrameStamper()
    return [stamper.stamp(np.zeros((2, 2, 3), np.uint8), _CAMERA) for _ in range(3)]


def test_newest_frame_wins_and_the_lost_ones_are_counted(frames: list[Frame]) -> None:
    slot = LatestFrame()
    for frame in frames:
        slot.put(frame)
    taken = slot.take(0)
    assert taken is frames[2]
    assert slot.frames_dropped == 2


def test_a_frame_is_taken_once(frames: list[Frame]) -> None:
    slot = LatestFrame()
    slot.put(frames[0])
    assert slot.take(0) is frames[0]
    assert slot.take(0) is None
    slot.put(frames[1])
    assert slot.frames_dropped == 0


def test_take_waits_for_a_frame(frames: list[Frame]) -> None:
    slot = LatestFrame()
    threading.Timer(0.05, slot.put, [frames[0]]).start()
    assert slot.take(5) is frames[0]


def test_take_gives_up_after_its_timeout() -> None:
    began_s = time.monotonic()
    assert LatestFrame().take(0.05) is None
    assert 0.04 <= time.monotonic() - began_s < 2


def test_close_wakes_a_waiting_consumer_and_ends_the_hand_over(frames: list[Frame]) -> None:
    slot = LatestFrame()
    threading.Timer(0.05, slot.close).start()
    began_s = time.monotonic()
    assert slot.take(30) is None
    assert time.monotonic() - began_s < 10
    slot.put(frames[0])
    assert slot.take(0) is None
    assert slot.is_closed
    slot.close()
