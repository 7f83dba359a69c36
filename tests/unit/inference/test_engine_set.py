"""Joining runtime, networks and identity; nothing slides to another runtime."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from appliance.domain.errors import InferenceError, SettingsError
from appliance.inference.engine_set import load_engine_set
from appliance.inference.manifest import read_manifest
from appliance.inference.settings import InferenceSettings


@pytest.fixture
def folder(weights: Callable[..., Path]) -> Path:
    return weights([(100, 50, 140, 200)], [(0.9, 0, 0, 0, 0)], [(1, 0, 0)])


def test_both_networks_run_and_say_what_they_are(folder: Path) -> None:
    engines = load_engine_set(InferenceSettings(weights_dir=folder), "0.1.0")
    image = np.full((960, 1280, 3), 255, dtype=np.uint8)
    (capillary,) = engines.detector.detect(image).capillaries
    (loop,) = engines.keypoints.estimate(image, [capillary.bbox])
    assert loop.apical is not None
    assert engines.identity.software_version == "0.1.0"
    assert engines.identity.runtime == "onnxruntime-cpu"
    manifest = read_manifest(folder)
    assert engines.identity.engines == {
        role: f"sha256:{manifest.engine(role).sha256}" for role in ("detector", "keypoints")
    }


def test_tensorrt_that_is_not_there_is_an_error_and_not_onnxruntime(folder: Path) -> None:
    settings = InferenceSettings(weights_dir=folder, runtime="tensorrt", tensorrt_flavour="tensorrt")
    try:
        import tensorrt  # noqa: F401, PLC0415

        pytest.skip("this computer has TensorRT")
    except ImportError:
        pass
    with pytest.raises(InferenceError, match="importing tensorrt failed: No module named 'tensorrt'") as failure:
        load_engine_set(settings, "0.1.0")
    assert "JetPack" in failure.value.remedy


def test_tensorrt_rtx_without_a_driver_says_so_in_one_line(folder: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason='TensorRT-RTX is not installed (extra "rtx")')
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this computer has an NVIDIA driver")
    settings = InferenceSettings(weights_dir=folder, runtime="tensorrt", tensorrt_flavour="tensorrt_rtx")
    with pytest.raises(InferenceError, match="there is no driver") as failure:
        load_engine_set(settings, "0.1.0")
    assert "\n" not in str(failure.value)


def test_without_a_weights_folder_nothing_is_guessed() -> None:
    with pytest.raises(SettingsError, match="weights_dir"):
        load_engine_set(InferenceSettings(), "0.1.0")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"runtime": "cuda"}, 'inference.runtime is "cuda"'),
        ({"tensorrt_flavour": "rtx"}, 'inference.tensorrt_flavour is "rtx"'),
        ({"threads": 0}, "inference.threads is 0"),
        ({"min_score_capillary": 1.5}, "inference.min_score_capillary is 1.5"),
        ({"nms_iou": float("nan")}, "inference.nms_iou is nan"),
        ({"max_candidates": 0}, "inference.max_candidates is 0"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(changes: dict, message: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        InferenceSettings(**changes)
    assert message in refusal.value.message
    assert refusal.value.remedy
