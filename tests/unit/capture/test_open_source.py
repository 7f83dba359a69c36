from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from appliance.apps.cli import main
from appliance.capture.jetson import JetsonSource, import_jetson_utils
from appliance.capture.open_source import SOURCES, known_kind, open_source, scale_of
from appliance.capture.settings import CaptureSettings
from appliance.capture.simulated import SceneOptions
from appliance.capture.source_kind import SourceKind, SourceScale
from appliance.capture.stills import StillSource
from appliance.capture.v4l2 import V4l2Source
from appliance.domain.errors import CaptureError, SettingsError

_SETTINGS = CaptureSettings()


class RecordingFactory:
    def __init__(self) -> None:
        self.options: SceneOptions | None = None

    def __call__(self, options: SceneOptions) -> "RecordingFactory":
        self.options = options
        return self

    def frame(self, elapsed_s: float) -> NDArray[np.uint8]:
        assert self.options is not None
        return np.zeros((self.options.height_px, self.options.width_px, 3), np.uint8)


def test_simulated_options_reach_the_scene_and_the_description() -> None:
    factory = RecordingFactory()
    address = "simulated:?seed=3&fps=12&um_per_px=0.9&pattern=late&width=320&height=200"
    camera = open_source(address, _SETTINGS, factory).open()
    assert factory.options == SceneOptions(320, 200, um_per_px=0.9, seed=3, pattern="late")
    assert (camera.width_px, camera.height_px, camera.nominal_fps) == (320, 200, 12)
    assert camera.pixel_format == "rgb8"


def test_simulated_without_options_takes_the_settings() -> None:
    factory = RecordingFactory()
    open_source("simulated:", CaptureSettings(width_px=800, height_px=600), factory).open()
    assert factory.options == SceneOptions(800, 600)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "no known scheme"),
        ("usb:0", "no known scheme.*" + ", ".join(f"{kind.scheme}:" for kind in SOURCES)),
        ("/dev/video0", "no known scheme"),
        ("simulated:?sed=3", "no option 'sed'. Did you mean seed"),
        ("simulated:?fps=fast", "fps='fast'. Use a number from 1 to 240"),
        ("simulated:?fps=nan", "fps='nan'"),
        ("simulated:?um_per_px=0", "um_per_px='0'"),
        ("file:/nowhere/at/all.png", "no file or folder /nowhere/at/all.png"),
        ("file:/etc/passwd", "neither an image nor a video"),
        ("file:/etc/passwd?loop=maybe", "loop='maybe'. Use 1 or 0"),
        ("file:/proc/self/fdinfo", "holds no image"),
    ],
)
def test_a_wrong_address_is_one_clear_error(address: str, message: str) -> None:
    with pytest.raises(CaptureError, match=message) as caught:
        open_source(address, _SETTINGS, RecordingFactory())
    assert caught.value.remedy


def test_a_simulation_without_a_scene_is_refused() -> None:
    with pytest.raises(CaptureError, match="no scene"):
        open_source("simulated:", _SETTINGS)


def test_cameras_are_chosen_by_scheme() -> None:
    assert isinstance(open_source("v4l2:", _SETTINGS), V4l2Source)
    assert isinstance(open_source("v4l2:/dev/v4l/by-id/usb-AnMo-index0", _SETTINGS), V4l2Source)
    assert isinstance(open_source("jetson:csi://0", _SETTINGS), JetsonSource)


@pytest.mark.parametrize("kind", SOURCES, ids=lambda kind: kind.scheme)
def test_every_scheme_is_opened_by_its_own_entry_and_named_in_the_help(kind: SourceKind) -> None:
    assert known_kind(f"{kind.scheme}:") is kind
    assert kind.usage.startswith(f"{kind.scheme}:")
    assert kind.usage in CliRunner().invoke(main, ["run", "--help"]).output.replace("\n", "")
    assert len({one.scheme for one in SOURCES}) == len(SOURCES)


@pytest.mark.parametrize(
    ("address", "scale"),
    [
        ("v4l2:/dev/video0", SourceScale.CAMERA),
        ("jetson:", SourceScale.CAMERA),
        ("file:a.png", SourceScale.OPERATOR),
        ("simulated:?seed=3", SourceScale.SCENE),
        ("simulated:?seed=3&calibrated=1", SourceScale.SCENE),
        ("simulated:?calibrated=No", SourceScale.WIZARD),
    ],
)
def test_who_knows_the_scale_follows_from_the_address(address: str, scale: SourceScale) -> None:
    assert scale_of(address) is scale


def test_only_a_source_on_jetson_utils_asks_for_it() -> None:
    assert [kind.scheme for kind in SOURCES if kind.needs_jetson_utils] == ["jetson"]


def test_a_question_mark_in_a_file_name_is_no_query(tmp_path: Path) -> None:
    path = tmp_path / "finger?.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert isinstance(open_source(f"file:{path}", _SETTINGS), StillSource)


@pytest.mark.parametrize("text", ["v4l2:/dev/video-that-is-not", "v4l2:/dev/v4l/by-id/none"])
def test_an_absent_camera_is_told_with_the_remedy(text: str) -> None:
    with pytest.raises(CaptureError, match=r"there is no camera at .* Plug the capillaroscope in"):
        open_source(text, _SETTINGS).open()


def test_a_node_that_is_no_camera_is_told() -> None:
    with pytest.raises(CaptureError, match="is not a camera"):
        open_source("v4l2:/dev/null", _SETTINGS).open()


def test_a_missing_jetson_utils_names_nvidia_and_warns_of_the_namesake() -> None:
    with pytest.raises(CaptureError, match=r"Build NVIDIA's jetson-utils from source .* somebody else's"):
        import_jetson_utils()


@pytest.mark.parametrize(
    "wrong",
    [
        {"fourcc": "H264"},
        {"fps": 0},
        {"width_px": 0},
        {"reopen_min_s": 5.0},
        {"device_profiles": ("A168:0990",)},
        {"device_profiles": ("dino",)},
        {"stall_timeout_s": 0.0},
    ],
)
def test_settings_that_no_camera_could_meet_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        CaptureSettings(**wrong)  # type: ignore[arg-type]
