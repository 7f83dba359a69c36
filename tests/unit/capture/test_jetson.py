import sys
from pathlib import Path
from types import ModuleType

import pytest

from appliance.capture.jetson import JetsonSource, import_jetson_utils
from appliance.capture.settings import CaptureSettings
from appliance.capture.simulated_jetson_utils import SimulatedJetsonUtils
from appliance.domain.errors import CaptureError
from appliance.domain.frame import Frame

_SETTINGS = CaptureSettings(width_px=64, height_px=48, fps=100, first_frame_timeout_s=0.2)


def read_one(source: JetsonSource) -> Frame:
    for _ in range(100):
        frame = source.read(0.1)
        if frame is not None:
            return frame
    raise AssertionError("no frame came")


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A node with a link to it, as udev makes them."""
    (tmp_path / "video0").touch()
    (tmp_path / "by-id-index0").symlink_to(tmp_path / "video0")
    return tmp_path / "by-id-index0"


def test_frames_are_whole_and_outlive_the_ring() -> None:
    module = SimulatedJetsonUtils()
    source = JetsonSource("csi://0", _SETTINGS, lambda: module)
    source.open()
    frames = [read_one(source) for _ in range(12)]  # three times round the ring of four
    values = [int(frame.image_rgb[0, 0, 0]) for frame in frames]
    assert all((frame.image_rgb == value).all() for frame, value in zip(frames, values, strict=True))
    assert values == list(range(1, 13))  # image 0 was used up by opening


def test_a_link_is_resolved_and_the_format_asked_for(node: Path) -> None:
    module = SimulatedJetsonUtils()
    camera = JetsonSource(str(node), _SETTINGS, lambda: module).open()
    stream = module.streams[0]
    assert stream.uri == str(node.resolve())
    assert stream.options["codec"] == "mjpeg"
    assert (stream.options["width"], stream.options["height"], stream.options["framerate"]) == (64, 48, 100)
    assert (camera.pixel_format, camera.width_px, camera.height_px) == ("MJPG", 64, 48)


def test_a_vanished_node_is_noticed_although_jetson_utils_only_falls_silent(node: Path) -> None:
    module = SimulatedJetsonUtils()
    source = JetsonSource(str(node), _SETTINGS, lambda: module)
    source.open()
    read_one(source)
    module.unplug()
    assert source.read(0.05) is None
    node.resolve().unlink()
    with pytest.raises(CaptureError, match=r"is not there. Plug the capillaroscope in"):
        source.read(0.05)


def test_a_camera_that_sends_nothing_at_opening_is_told_and_let_go() -> None:
    module = SimulatedJetsonUtils()
    source = JetsonSource("csi://0", _SETTINGS, lambda: module)
    module.streams.append(stream := module.videoSource("csi://0"))
    module.unplug()
    with pytest.raises(CaptureError, match="could not be opened"):
        source.open()
    module.is_plugged = True
    stream.is_dead = True
    module.videoSource = lambda uri, options=None: stream  # type: ignore[method-assign]
    with pytest.raises(CaptureError, match=r"sent no picture within 0.2 s"):
        source.open()


def test_the_namesake_from_pypi_is_not_taken_for_nvidias(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jetson_utils", ModuleType("jetson_utils"))
    with pytest.raises(CaptureError, match=r"has no videoSource.*somebody else's"):
        import_jetson_utils()
