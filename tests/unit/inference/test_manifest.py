"""The manifest guard: what is not vouched for is never loaded."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from appliance.domain.errors import InferenceError
from appliance.inference.manifest import read_manifest
from appliance.inference.ort_runtime import OnnxRuntime


@pytest.fixture
def folder(weights: Callable[..., Path]) -> Path:
    return weights([(10, 20, 30, 60)], [(0.9, 0, 0, 0, 0)], [(1, 0, 0)])


def _edit(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / "manifest.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_whole_manifest_is_read(folder: Path) -> None:
    manifest = read_manifest(folder)
    detector = manifest.engine("detector")
    assert str(detector.input) == "image uint8 [1, 480, 640, 3]"
    assert [str(output) for output in detector.outputs] == [
        "boxes float32 [1, n, 4]",
        "class_scores float32 [1, n, 5]",
        "size_scores float32 [1, n, 3]",
    ]
    assert manifest.engine("keypoints").crop_px == 96
    assert detector.read_verified() == (folder / "detector.onnx").read_bytes()


def test_training_may_say_anything(folder: Path) -> None:
    _edit(folder, lambda document: document["engines"]["detector"].update(training={"epochs": 3, "deep": {"er": []}}))
    assert read_manifest(folder).engine("detector").training == {"epochs": 3, "deep": {"er": []}}


def test_other_weights_are_refused_before_onnxruntime_sees_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise AssertionError("weights that nobody vouches for were loaded")

    weights = folder / "detector.onnx"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    monkeypatch.setattr(onnxruntime, "InferenceSession", unreachable)
    with pytest.raises(InferenceError, match=r"SHA-256 [0-9a-f]{64}, the manifest vouches for") as refusal:
        OnnxRuntime(read_manifest(folder)).load("detector")
    assert refusal.value.remedy


def test_missing_weights_are_refused(folder: Path) -> None:
    (folder / "keypoints.onnx").unlink()
    with pytest.raises(InferenceError, match=r"keypoints\.onnx failed: .*No such file") as refusal:
        OnnxRuntime(read_manifest(folder)).load("keypoints")
    assert refusal.value.remedy


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InferenceError, match="No such file") as refusal:
        read_manifest(tmp_path)
    assert refusal.value.remedy


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "\xff"])
def test_a_damaged_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InferenceError, match=r"manifest\.json is not"):
        read_manifest(folder)


def _set(role: str, field: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["engines"][role].update({field: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document.update(schema="nailfold.engines/2"), 'schema "nailfold.engines/2"'),
        (lambda document: document.pop("schema"), 'schema "None"'),
        (lambda document: document.update(note=1), "exactly the networks"),
        (lambda document: document["engines"].pop("keypoints"), "exactly the networks"),
        (lambda document: document["engines"].update(third={}), "exactly the networks"),
        (lambda document: document["engines"].update(detector=3), "expected an object, got 3"),
        (lambda document: document["engines"]["detector"].pop("sha256"), "engines.detector: missing sha256"),
        (lambda document: document["engines"]["keypoints"].pop("crop_px"), "engines.keypoints: missing crop_px"),
        (_set("detector", "crop_px", 96), "unknown crop_px"),
        (_set("detector", "file", "../../etc/passwd.onnx"), "file is '../../etc"),
        (_set("detector", "sha256", "abc"), "sha256 is 'abc'"),
        (_set("keypoints", "crop_px", 0), "crop_px is 0"),
        (_set("keypoints", "crop_px", True), "crop_px is True"),
        (_set("detector", "classes", "normal"), "classes is 'normal'"),
        (_set("detector", "input", {"name": "image", "dtype": "uint8"}), "expected name, dtype and shape"),
        (_set("detector", "input", {"name": "image", "dtype": "text", "shape": [1]}), "dtype is 'text'"),
        (_set("detector", "input", {"name": "image", "dtype": "uint8", "shape": [0]}), "shape is 0"),
    ],
)
def test_what_the_manifest_may_not_say_is_named(
    folder: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    _edit(folder, change)
    with pytest.raises(InferenceError) as refusal:
        read_manifest(folder)
    assert message in refusal.value.message
    assert refusal.value.remedy


def test_a_network_that_does_not_keep_the_manifests_promise_is_refused(folder: Path) -> None:
    shape = {"name": "image", "dtype": "uint8", "shape": [1, 240, 320, 3]}
    _edit(folder, _set("detector", "input", shape))
    with pytest.raises(InferenceError, match="its manifest promises image uint8") as refusal:
        OnnxRuntime(read_manifest(folder)).load("detector")
    assert "[1, 480, 640, 3]" in refusal.value.message


def test_a_free_batch_must_be_free_in_the_network_too(folder: Path) -> None:
    shape = {"name": "image", "dtype": "uint8", "shape": ["N", 480, 640, 3]}
    _edit(folder, _set("detector", "input", shape))
    with pytest.raises(InferenceError, match="promises image uint8 \\[n, 480"):
        OnnxRuntime(read_manifest(folder)).load("detector")
