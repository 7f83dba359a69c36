"""Runs in the virtual machine: a USB capillaroscope behind the kernel's own uvcvideo driver."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from guest_modules import load
from usb_scope import UsbScope

from appliance.capture.grabber import FrameGrabber
from appliance.capture.latest_frame import LatestFrame
from appliance.capture.open_source import open_source
from appliance.capture.settings import CaptureSettings
from appliance.capture.v4l2 import V4l2Source
from appliance.capture.v4l2_devices import capture_devices
from appliance.domain.camera_state import CameraPhase
from appliance.domain.errors import CaptureError
from appliance.domain.frame import Frame

_SETTINGS = CaptureSettings(reopen_min_s=0.1, reopen_max_s=0.5)
_CAMERA_ID = "a168:0990:SN0042@1-1"


@pytest.fixture(autouse=True, scope="module")
def drivers() -> None:
    load("vhci_hcd")
    load("uvcvideo")


@pytest.fixture
def scope() -> Iterator[UsbScope]:
    scope = UsbScope()
    scope.plug()
    wait_until(lambda: bool(capture_devices()))
    yield scope
    scope.unplug()
    wait_until(lambda: not capture_devices())


@pytest.fixture
def source(scope: UsbScope) -> Iterator[V4l2Source]:
    made = V4l2Source("", _SETTINGS)
    yield made
    made.close()


def wait_until(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "timed out"
        time.sleep(0.02)


def read_one(source: V4l2Source) -> Frame:
    deadline_s = time.monotonic() + 15
    while time.monotonic() < deadline_s:
        frame = source.read(1)
        if frame is not None:
            return frame
    raise AssertionError("no frame came")


def assert_red_and_blue(frame: Frame) -> None:
    left, right = frame.image_rgb[100, 40].astype(int), frame.image_rgb[100, -40].astype(int)
    assert left[0] > 200
    assert left[2] < 40
    assert right[2] > 200
    assert right[0] < 40


def test_the_scope_is_found_by_its_vendor_and_streams_mjpg(scope: UsbScope) -> None:
    source = open_source("v4l2:", _SETTINGS)
    camera = source.open()
    frames = [read_one(source) for _ in range(5)]  # type: ignore[arg-type]
    source.close()
    assert camera.camera_id == _CAMERA_ID
    assert camera.name == "Dino-Lite of the test bench"
    assert (camera.pixel_format, camera.width_px, camera.height_px) == ("MJPG", 640, 480)
    assert camera.nominal_fps == pytest.approx(30, abs=0.1)
    assert [frame.seq for frame in frames] == [1, 2, 3, 4, 5]
    assert_red_and_blue(frames[-1])


@pytest.mark.parametrize(("fourcc", "width_px", "height_px"), [("MJPG", 1280, 960), ("YUYV", 320, 240)])
def test_format_and_size_are_as_asked(scope: UsbScope, fourcc: str, width_px: int, height_px: int) -> None:
    source = V4l2Source("", CaptureSettings(fourcc=fourcc, width_px=width_px, height_px=height_px, fps=10))
    camera = source.open()
    frame = read_one(source)
    source.close()
    assert (camera.pixel_format, camera.width_px, camera.height_px) == (fourcc, width_px, height_px)
    assert camera.nominal_fps == pytest.approx(10, abs=0.1)
    assert_red_and_blue(frame)


def test_the_metadata_node_is_refused_and_the_right_one_named(scope: UsbScope) -> None:
    nodes = sorted(Path("/dev").glob("video*"))
    assert len(nodes) == 2
    with pytest.raises(CaptureError, match=r"metadata node.*index0"):
        V4l2Source(str(nodes[1]), _SETTINGS).open()


def test_a_by_id_link_is_followed(scope: UsbScope) -> None:
    link = Path("/dev/v4l-by-id-test-index0")  # udev, which makes these links, does not run here
    link.symlink_to(capture_devices()[0].node)
    try:
        source = V4l2Source(str(link), _SETTINGS)
        assert source.open().camera_id == _CAMERA_ID
        source.close()
    finally:
        link.unlink()


def test_damaged_frames_are_left_out_and_counted(scope: UsbScope, source: V4l2Source) -> None:
    source.open()
    read_one(source)
    scope.damage_next = 6  # the kernel itself drops those for which it has no buffer at the moment
    while source.frames_undecodable < 2:
        assert_red_and_blue(read_one(source))
    wait_until(lambda: scope.damage_next == 0)
    for _ in range(4):
        assert_red_and_blue(read_one(source))
    assert source.frames_undecodable <= 6


def test_a_second_program_is_told_that_the_camera_is_taken(scope: UsbScope, source: V4l2Source) -> None:
    source.open()
    read_one(source)
    with pytest.raises(CaptureError, match="Another program may be using it"):
        open_and_read(V4l2Source("", _SETTINGS))


def open_and_read(source: V4l2Source) -> None:
    source.open()
    source.read(1)


def test_no_scope_says_what_was_seen_instead() -> None:
    with pytest.raises(CaptureError, match=r"no capillaroscope was found; seen: no camera"):
        V4l2Source("", _SETTINGS).open()


def test_the_grabber_finds_the_scope_again_at_another_socket(scope: UsbScope, source: V4l2Source) -> None:
    grabber = FrameGrabber(source, LatestFrame(), _SETTINGS)
    grabber.start()
    try:
        wait_until(lambda: grabber.state.phase is CameraPhase.LIVE)
        pulled_s = time.monotonic()
        scope.unplug()
        wait_until(lambda: grabber.state.phase is CameraPhase.LOST)
        noticed_s = time.monotonic() - pulled_s
        lost = grabber.state
        scope.plug(port=1)
        wait_until(lambda: grabber.state.frames_captured > lost.frames_captured + 3)
        found = grabber.state
    finally:
        grabber.stop()
    assert noticed_s < 2
    assert "unplugged" in lost.reason or "no capillaroscope" in lost.reason
    assert found.phase is CameraPhase.LIVE
    assert found.camera is not None
    assert found.camera.camera_id == "a168:0990:SN0042@1-2", "the same scope, named with its new socket"


def test_a_scope_that_falls_silent_is_reported_and_recovers_when_plugged_anew(
    scope: UsbScope, source: V4l2Source
) -> None:
    grabber = FrameGrabber(source, LatestFrame(), _SETTINGS)
    grabber.start()
    try:
        wait_until(lambda: grabber.state.phase is CameraPhase.LIVE)
        scope.fall_silent()
        wait_until(lambda: grabber.state.phase is CameraPhase.LOST)
        reason = grabber.state.reason
        scope.unplug()
        scope.plug()
        wait_until(lambda: grabber.state.phase is CameraPhase.LIVE)
    finally:
        grabber.stop()
    assert "has sent no picture for 2 s" in reason
