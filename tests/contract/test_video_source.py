"""What every VideoSource does alike, whatever stands behind it."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.capture.file_source import file_source
from appliance.capture.jetson import JetsonSource
from appliance.capture.settings import CaptureSettings
from appliance.capture.simulated import SceneOptions, SimulatedSource
from appliance.capture.simulated_jetson_utils import SimulatedJetsonUtils
from appliance.capture.v4l2 import V4l2Source
from appliance.capture.v4l2_devices import capture_devices
from appliance.domain.errors import CaptureError, EndOfStream
from appliance.domain.frame import Frame
from appliance.ports import VideoSource

_SIZE = (160, 120)
_FPS = 50.0
_SETTINGS = CaptureSettings(width_px=_SIZE[0], height_px=_SIZE[1], fps=_FPS, still_seconds=0.2)


def _nobody_can() -> None:
    raise AssertionError("nobody can do this to this source")


@dataclass
class Rig:
    """A source with what a test may do to it."""

    source: VideoSource
    make_it_go: Callable[[], None] = _nobody_can
    bring_it_back: Callable[[], None] = _nobody_can
    fall_silent: Callable[[], None] | None = None


class ColourScene:
    """Red to the left, blue to the right, so that the colour order shows."""

    def frame(self, elapsed_s: float) -> NDArray[np.uint8]:
        return red_and_blue()


def red_and_blue() -> NDArray[np.uint8]:
    image_rgb = np.zeros((_SIZE[1], _SIZE[0], 3), np.uint8)
    image_rgb[:, : _SIZE[0] // 2, 0] = 220
    image_rgb[:, _SIZE[0] // 2 :, 2] = 220
    return image_rgb


def write_image(path: Path) -> Path:
    assert cv2.imwrite(str(path), cv2.cvtColor(red_and_blue(), cv2.COLOR_RGB2BGR))
    return path


def write_video(path: Path, frames: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), _FPS, _SIZE)
    assert writer.isOpened()
    for _ in range(frames):
        writer.write(cv2.cvtColor(red_and_blue(), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def simulated(tmp_path: Path) -> Rig:
    source = SimulatedSource(lambda options: ColourScene(), SceneOptions(*_SIZE), _FPS)
    return Rig(source, source.unplug, source.replug, source.stall)


def still(tmp_path: Path) -> Rig:
    path = write_image(tmp_path / "still.png")
    return Rig(file_source(path, _SETTINGS), path.unlink, lambda: void(write_image(path)))


def folder(tmp_path: Path) -> Rig:
    for name in ("a.png", "b.png"):
        write_image(tmp_path / name)
    return Rig(file_source(tmp_path, _SETTINGS))


def video(tmp_path: Path) -> Rig:
    path = write_video(tmp_path / "exam.avi", 25)
    return Rig(file_source(path, _SETTINGS), path.unlink, lambda: void(write_video(path, 25)))


def looped_video(tmp_path: Path) -> Rig:
    return Rig(file_source(write_video(tmp_path / "exam.avi", 4), _SETTINGS, is_looped=True))


def jetson(tmp_path: Path) -> Rig:
    module = SimulatedJetsonUtils()
    source = JetsonSource("csi://0", CaptureSettings(fps=_FPS, first_frame_timeout_s=0.1), load=lambda: module)
    return Rig(source, module.break_stream, lambda: None, module.unplug)


def v4l2(tmp_path: Path) -> Rig:
    node = capture_devices()[0].node
    return Rig(V4l2Source(str(node), CaptureSettings(width_px=640, height_px=480)))


def void(value: object) -> None:
    """Forget a value."""


Make = Callable[[Path], Rig]
# A computer with a camera tests that camera too; tests/hardware does so in a virtual machine.
ALL: list[Make] = [simulated, still, folder, video, looped_video, jetson, *([v4l2] if capture_devices() else [])]


def for_each(*makes: Make) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rig", makes, indirect=True, ids=lambda make: make.__name__)


@pytest.fixture
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made: Rig = request.param(tmp_path)
    yield made
    made.source.close()


def read_one(source: VideoSource, patience_s: float = 10.0) -> Frame:
    deadline_s = time.monotonic() + patience_s
    while time.monotonic() < deadline_s:
        frame = source.read(0.5)
        if frame is not None:
            return frame
    raise AssertionError("no frame came")


@for_each(*ALL)
def test_open_describes_the_camera_as_its_frames_are(rig: Rig) -> None:
    camera = rig.source.open()
    frame = read_one(rig.source)
    assert camera.name
    assert camera.camera_id
    assert camera.pixel_format
    assert (frame.width_px, frame.height_px) == (camera.width_px, camera.height_px)
    assert frame.camera == camera


@for_each(*ALL)
def test_frames_are_contiguous_rgb_with_rising_numbers_and_times(rig: Rig) -> None:
    rig.source.open()
    frames = [read_one(rig.source) for _ in range(8)]
    assert all(frame.image_rgb.dtype == np.uint8 and frame.image_rgb.flags.c_contiguous for frame in frames)
    assert [frame.seq - frames[0].seq for frame in frames] == list(range(8))
    times_s = [frame.captured_monotonic_s for frame in frames]
    assert all(earlier < later for earlier, later in pairwise(times_s))


@for_each(*ALL)
def test_both_clocks_name_the_moment_of_capture(rig: Rig) -> None:
    rig.source.open()
    frame = read_one(rig.source)
    age_s = time.monotonic() - frame.captured_monotonic_s
    age_utc_s = (datetime.now(timezone.utc) - frame.captured_at_utc).total_seconds()
    assert 0 <= age_s < 1
    assert math.isclose(age_s, age_utc_s, abs_tol=0.2)


@for_each(*ALL)
def test_frames_do_not_share_memory(rig: Rig) -> None:
    rig.source.open()
    frames = [read_one(rig.source) for _ in range(6)]
    assert not any(np.shares_memory(frames[0].image_rgb, later.image_rgb) for later in frames[1:])


@for_each(simulated, still, folder, video, looped_video)
def test_colours_are_in_rgb_order(rig: Rig) -> None:
    rig.source.open()
    image_rgb = read_one(rig.source).image_rgb.astype(int)
    red, blue = image_rgb[60, 20], image_rgb[60, 140]
    assert red[0] > red[2] + 100
    assert blue[2] > blue[0] + 100


@for_each(simulated, still, folder, video, looped_video, jetson)
def test_silence_is_none_after_the_timeout(rig: Rig) -> None:
    rig.source.open()
    read_one(rig.source)
    if rig.fall_silent is not None:
        rig.fall_silent()
        began_s = time.monotonic()
        assert rig.source.read(0.2) is None
        assert 0.15 < time.monotonic() - began_s < 1
    else:  # it never falls silent, but soon after a frame no next one is due (a busy computer may miss it a few times)
        assert any(rig.source.read(0.0) is None for _ in range(20))


@for_each(*ALL)
def test_close_is_harmless_before_open_and_twice(rig: Rig) -> None:
    rig.source.close()
    rig.source.open()
    rig.source.close()
    rig.source.close()


@for_each(*ALL)
def test_reading_a_closed_source_is_an_error(rig: Rig) -> None:
    with pytest.raises(CaptureError, match="before it was opened"):
        rig.source.read(0.1)
    rig.source.open()
    rig.source.close()
    with pytest.raises(CaptureError, match="before it was opened"):
        rig.source.read(0.1)


@for_each(*ALL)
def test_it_opens_again_and_the_numbers_count_on(rig: Rig) -> None:
    rig.source.open()
    before = read_one(rig.source)
    rig.source.close()
    rig.source.open()
    after = read_one(rig.source)
    assert after.seq == before.seq + 1
    assert after.captured_monotonic_s > before.captured_monotonic_s


@for_each(simulated, still, video, jetson)
def test_a_device_that_is_gone_is_an_error_with_a_remedy_and_comes_back(rig: Rig) -> None:
    rig.source.open()
    read_one(rig.source)
    rig.make_it_go()
    with pytest.raises(CaptureError) as caught:
        read_or_reopen(rig.source)
    assert caught.value.message
    assert caught.value.remedy
    rig.source.close()
    rig.bring_it_back()
    rig.source.open()
    read_one(rig.source)


def read_or_reopen(source: VideoSource) -> None:
    """A file that is open can still be read after it was deleted; opening it shows the loss."""
    source.read(0.5)
    source.open()


@for_each(folder, video)
def test_a_source_with_an_end_says_so_after_its_last_frame(rig: Rig) -> None:
    rig.source.open()
    frames = 0
    with pytest.raises(EndOfStream):  # noqa: PT012
        while frames < 1000:
            frames += rig.source.read(0.5) is not None
    assert 2 < frames <= 25


def test_a_looped_video_goes_on_past_its_end(tmp_path: Path) -> None:
    source = looped_video(tmp_path).source
    source.open()
    seqs = [read_one(source).seq for _ in range(15)]
    source.close()
    assert seqs == list(range(1, 16))
