"""Runs in the virtual machine: the kernel's virtual video driver (vivid) through V4l2Source and FrameGrabber."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from guest_modules import load

from appliance.capture.grabber import FrameGrabber
from appliance.capture.latest_frame import LatestFrame
from appliance.capture.settings import CaptureSettings
from appliance.capture.v4l2 import V4l2Source
from appliance.domain.camera_state import CameraPhase
from appliance.domain.errors import CaptureError
from appliance.domain.frame import Frame

_DRIVER = Path("/sys/bus/platform/drivers/vivid")
_SETTINGS = CaptureSettings(width_px=640, height_px=480, fps=25, fourcc="YUYV", reopen_min_s=0.1, reopen_max_s=0.5)


def unplug() -> None:
    (_DRIVER / "unbind").write_text("vivid.0")


def replug() -> None:
    (_DRIVER / "bind").write_text("vivid.0")


@pytest.fixture(autouse=True, scope="module")
def driver() -> None:
    load("vivid")


@pytest.fixture
def source() -> Iterator[V4l2Source]:
    made = V4l2Source("/dev/video0", _SETTINGS)
    yield made
    made.close()
    if not (_DRIVER / "vivid.0").exists():
        replug()


def read_one(source: V4l2Source) -> Frame:
    deadline_s = time.monotonic() + 15
    while time.monotonic() < deadline_s:
        frame = source.read(1)
        if frame is not None:
            return frame
    raise AssertionError("no frame came")


def wait_until(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "timed out"
        time.sleep(0.02)


def test_the_driver_is_described_by_what_it_really_set(source: V4l2Source) -> None:
    camera = source.open()
    assert (camera.name, camera.camera_id) == ("vivid", "vivid@platform:vivid-000")
    assert (camera.pixel_format, camera.width_px, camera.height_px) == ("YUYV", 640, 480)
    assert camera.nominal_fps is not None


def test_the_colour_bars_have_their_colours(source: V4l2Source) -> None:
    """vivid's first test pattern: eight bars of 100 % colour from white over yellow, cyan and green to black."""
    source.open()
    image_rgb = read_one(source).image_rgb
    seen = [image_rgb[300, 40 + 80 * bar].astype(int) for bar in range(8)]
    bars = [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)]
    assert [tuple(int(value > 128) for value in colour) for colour in seen] == bars


def test_a_frame_that_lay_waiting_is_as_old_as_it_says(source: V4l2Source) -> None:
    source.open()
    read_one(source)
    time.sleep(0.5)  # at 25 frames per second both kernel buffers have long been filled
    waited = read_one(source)
    assert 0.3 < time.monotonic() - waited.captured_monotonic_s < 2


def test_a_size_that_is_not_offered_is_reported_as_it_is() -> None:
    source = V4l2Source("/dev/video0", CaptureSettings(width_px=600, height_px=500, fourcc="YUYV"))
    camera = source.open()
    frame = read_one(source)
    source.close()
    assert (camera.width_px, camera.height_px) == (frame.width_px, frame.height_px) != (600, 500)


def test_without_mjpg_yuyv_is_taken_and_recorded() -> None:
    source = V4l2Source("/dev/video0", CaptureSettings(fourcc="MJPG"))
    camera = source.open()
    frame = read_one(source)
    source.close()
    assert camera.pixel_format == frame.camera.pixel_format == "YUYV"


def test_silence_is_none_after_the_timeout() -> None:
    source = V4l2Source("/dev/video0", CaptureSettings(width_px=320, height_px=180, fps=1, fourcc="YUYV"))
    camera = source.open()
    read_one(source)
    began_s = time.monotonic()
    answers = [source.read(0.1) for _ in range(5)]
    source.close()
    assert camera.nominal_fps == 1
    assert answers.count(None) >= 3
    assert 0.3 < time.monotonic() - began_s < 3


def test_unplug_is_noticed_at_once_and_named(source: V4l2Source) -> None:
    source.open()
    read_one(source)
    unplug()
    began_s = time.monotonic()
    with pytest.raises(CaptureError, match=r"vivid was unplugged.*Plug the capillaroscope in"):
        read_until_it_fails(source)
    assert time.monotonic() - began_s < 2
    with pytest.raises(CaptureError, match="there is no camera at /dev/video0"):
        V4l2Source("/dev/video0", _SETTINGS).open()


def read_until_it_fails(source: V4l2Source) -> None:
    for _ in range(1000):
        source.read(1)


def test_a_node_that_delivers_no_pictures_is_refused() -> None:
    with pytest.raises(CaptureError, match="delivers no pictures"):
        V4l2Source("/dev/vbi0", _SETTINGS).open()


def test_the_grabber_lives_through_unplug_and_replug(source: V4l2Source) -> None:
    slot = LatestFrame()
    grabber = FrameGrabber(source, slot, _SETTINGS)
    grabber.start()
    try:
        wait_until(lambda: grabber.state.phase is CameraPhase.LIVE)
        for _ in range(2):
            unplug()
            wait_until(lambda: grabber.state.phase is CameraPhase.LOST)
            captured = grabber.state.frames_captured
            replug()
            wait_until(lambda: grabber.state.phase is CameraPhase.LIVE)
            wait_until(lambda captured=captured: grabber.state.frames_captured > captured + 3)  # type: ignore[misc]
        frame = slot.take(5)
    finally:
        grabber.stop()
    assert frame is not None
    assert frame.seq > captured
