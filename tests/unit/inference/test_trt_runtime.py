"""TensorRT's host logic on a simulated GPU: the guard in front of plans, memory, streams, a GPU that fails."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance.domain.errors import InferenceError
from appliance.inference.plan_manifest import plan_paths
from appliance.inference.simulated import DESCRIPTION

IMAGE = np.full((1, 480, 640, 3), 255, dtype=np.uint8)


def _refusal(box: Any, **runtime: Any) -> InferenceError:
    with pytest.raises(InferenceError) as refusal:
        box.runtime(**runtime).load("detector")
    assert box.gpu.deserialised_plans == 0, "a plan that does not belong here reached TensorRT"
    assert box.gpu.used_bytes == 0
    assert refusal.value.remedy == 'Run "nailfold engines build" on this box.'
    return refusal.value


def test_a_plan_that_belongs_here_is_loaded_and_runs(box: Any) -> None:
    engine = box.runtime().load("detector")
    np.testing.assert_allclose(engine.run({"image": IMAGE})["boxes"], [[(10, 20, 30, 60)]])
    assert box.gpu.deserialised_plans == 1


def test_name_carries_the_release(box: Any) -> None:
    assert box.runtime().name == "tensorrt-10.3"


@pytest.mark.parametrize(
    ("field", "other", "here"),
    [
        ("onnx_sha256", "0" * 64, None),
        ("builder", "tensorrt_rtx", "tensorrt"),
        ("builder_version", "10.13.3", "10.3.0"),
        ("compute_capability", "11.0", "8.7"),
        ("cuda", "13.0", "12.6"),
        ("l4t", "38.2.0", "36.4.3"),
        ("l4t", None, "36.4.3"),
        ("plan_sha256", "f" * 64, None),
    ],
)
def test_a_plan_made_elsewhere_is_never_deserialised(box: Any, field: str, other: str | None, here: str | None) -> None:
    plan_path = box.write_plan("detector")
    manifest_path = plan_path.with_name(plan_path.name + ".json")
    document = json.loads(manifest_path.read_text())
    document[field] = other
    manifest_path.write_text(json.dumps(document))
    message = _refusal(box).message
    assert str(other) in message
    assert here is None or f"here it is {here}" in message


def test_a_plan_with_one_bit_changed_is_never_deserialised(box: Any) -> None:
    plan_path = box.write_plan("detector")
    content = bytearray(plan_path.read_bytes())
    content[len(content) // 2] ^= 4
    plan_path.write_bytes(content)
    assert "content (SHA-256)" in _refusal(box).message


def test_an_updated_tensorrt_asks_for_a_new_build(box: Any) -> None:
    assert "built for tensorrt version 10.3.0, here it is 10.7.0" in _refusal(box, version="10.7.0").message


def test_another_gpu_asks_for_a_new_build(box: Any) -> None:
    assert "here it is 11.0" in _refusal(box, gpu=replace(DESCRIPTION, compute_capability="11.0")).message


def test_new_weights_ask_for_a_new_build(box: Any) -> None:
    manifest_path = box.weights / "manifest.json"
    document = json.loads(manifest_path.read_text())
    document["engines"]["detector"]["sha256"] = "a" * 64
    manifest_path.write_text(json.dumps(document))
    assert "No such file" in _refusal(box).message
    # As with a plan of weights whose digests begin alike.
    plan_path, plan_manifest = plan_paths(box.cache, box.weights / "detector.onnx", "a" * 64)
    built = box.write_plan("keypoints")
    plan_path.write_bytes(built.read_bytes())
    plan_manifest.write_bytes(built.with_name(built.name + ".json").read_bytes())
    assert "weights (SHA-256)" in _refusal(box).message


@pytest.mark.parametrize("missing", ["plan", "manifest"])
def test_a_plan_without_its_manifest_and_the_other_way_round_are_refused(box: Any, missing: str) -> None:
    plan_path, manifest_path = box.plan_paths("detector")
    (plan_path if missing == "plan" else manifest_path).unlink()
    assert "No such file" in _refusal(box).message


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "nailfold.plan/9"}', '{"schema": "nailfold.plan/1"}'])
def test_a_damaged_plan_manifest_is_refused(box: Any, text: str) -> None:
    _, manifest_path = box.plan_paths("detector")
    manifest_path.write_text(text)
    _refusal(box)


def test_what_tensorrt_itself_rejects_is_reported_in_its_words(box: Any) -> None:
    plan_path = box.write_plan("detector")
    plan_path.write_bytes(b"of another operating system")
    manifest_path = plan_path.with_name(plan_path.name + ".json")
    document = json.loads(manifest_path.read_text())
    document["plan_sha256"] = hashlib.sha256(plan_path.read_bytes()).hexdigest()
    manifest_path.write_text(json.dumps(document))
    with pytest.raises(InferenceError, match="magicTag"):
        box.runtime().load("detector")
    assert box.gpu.used_bytes == 0


def test_closing_gives_all_device_memory_back(box: Any) -> None:
    runtime = box.runtime()
    engines = [runtime.load("detector"), runtime.load("keypoints")]
    assert box.gpu.used_bytes > 480 * 640 * 3
    for engine in engines:
        engine.close()
        engine.close()
    assert box.gpu.used_bytes == 0


def test_running_takes_no_further_device_memory(box: Any) -> None:
    engine = box.runtime().load("keypoints")
    used = box.gpu.used_bytes
    for count in (1, 32, 5):
        engine.run({"crops": np.zeros((count, 96, 96, 3), dtype=np.uint8)})
    assert box.gpu.used_bytes == used


def test_a_full_gpu_is_reported_and_keeps_nothing(box: Any) -> None:
    box.gpu.fill_memory()
    with pytest.raises(InferenceError, match="out of memory"):
        box.runtime().load("detector")
    assert box.gpu.used_bytes == 0


def test_a_gpu_that_is_lost_in_the_middle_is_an_error_and_not_an_old_result(box: Any) -> None:
    engine = box.runtime().load("detector")
    engine.run({"image": IMAGE})
    box.gpu.lose_gpu()
    with pytest.raises(InferenceError, match="fallen off the bus") as failure:
        engine.run({"image": IMAGE})
    assert failure.value.remedy
    engine.close()
    assert box.gpu.used_bytes == 0


def test_a_batch_beyond_the_profile_is_refused_before_it_is_copied(box: Any) -> None:
    engine = box.runtime().load("keypoints")
    with pytest.raises(InferenceError, match=r"up to \[32, 96, 96, 3\], got \[33, 96, 96, 3\]"):
        engine.run({"crops": np.zeros((33, 96, 96, 3), dtype=np.uint8)})


def test_nothing_ever_allows_host_code_in_plans() -> None:
    """`engine_host_code_allowed` would let a plan run code on the processor; no line of the product may name it."""
    root = Path(__file__).parents[3]
    sources = [path for folder in ("appliance", "engines") for path in (root / folder).rglob("*.py")]
    assert len(sources) > 20
    assert [path for path in sources if "engine_host_code_allowed" in path.read_text(encoding="utf-8")] == []
