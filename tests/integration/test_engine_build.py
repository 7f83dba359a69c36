"""Real compilation with TensorRT-RTX, which needs no GPU, and the guard over what comes out."""

import hashlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance.domain.errors import InferenceError
from appliance.inference.crops import extract_crops
from appliance.inference.gpu import Gpu
from appliance.inference.manifest import read_manifest
from appliance.inference.plan_manifest import PlanTarget, read_vouched_plan
from appliance.inference.simulated import SimulatedGpu
from appliance.inference.trt_runtime import TensorRtRuntime
from engines.build.build_engine import BuiltPlan, build_engine
from engines.build.half_precision import halve
from engines.build.known_networks import write_known_weights
from engines.build.progress import BuildProgress
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render

trt: Any = pytest.importorskip("tensorrt_rtx", reason='TensorRT-RTX is not installed (extra "rtx")')
RTX_3090 = Gpu("GeForce RTX 3090", "8.6", "13.0", None)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_known_weights(tmp_path / "weights", [(10, 20, 30, 60)], [(0.9, 0, 0, 0, 0)], [(1, 0, 0)])


def _build(weights: Path, role: str, **options: Any) -> BuiltPlan:
    cache = weights.parent / "cache"
    return build_engine(
        weights / f"{role}.onnx", cache, **{"flavour": "tensorrt_rtx", "compute_capability": "8.6", **options}
    )


@pytest.mark.parametrize("role", ["detector", "keypoints"])
def test_a_network_is_compiled_and_vouched_for(weights: Path, role: str) -> None:
    built = _build(weights, role)
    plan = built.plan_path.read_bytes()
    manifest = json.loads(built.manifest_path.read_text())
    assert len(plan) > 1000
    assert manifest["plan_sha256"] == hashlib.sha256(plan).hexdigest()
    assert manifest["onnx_sha256"] == read_manifest(weights).engine(role).sha256
    assert (manifest["builder"], manifest["builder_version"]) == ("tensorrt_rtx", trt.__version__)
    assert (manifest["compute_capability"], manifest["cuda"], manifest["l4t"]) == ("8.6", None, None)
    assert manifest["precision"] == "fp16"
    age = datetime.now(timezone.utc) - datetime.fromisoformat(manifest["built_at"])
    assert timedelta(0) <= age < timedelta(minutes=2)
    name = f"{role}-{manifest['onnx_sha256'][:12]}.plan"
    assert sorted(path.name for path in built.plan_path.parent.iterdir()) == [name, f"{name}.json"]


def test_full_precision_is_there_for_the_asking(weights: Path) -> None:
    assert _build(weights, "detector", precision="fp32").manifest.precision == "fp32"
    with pytest.raises(InferenceError, match='"int8" is no precision'):
        _build(weights, "detector", precision="int8")


def test_progress_names_phases_and_goes_forward(weights: Path) -> None:
    seen: list[BuildProgress] = []
    _build(weights, "keypoints", progress=seen.append)
    assert len(seen) > 10
    assert all(0 <= step.done <= step.steps for step in seen)
    assert max(len(step.phase) for step in seen) >= 2
    assert seen[-1].done == seen[-1].steps


def test_an_operator_who_breaks_off_leaves_nothing_behind(weights: Path) -> None:
    def stop(_: BuildProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _build(weights, "detector", progress=stop)
    assert not (weights.parent / "cache").exists()


def test_a_file_that_is_no_network_is_refused_in_tensorrts_words(weights: Path) -> None:
    (weights / "detector.onnx").write_bytes(b"not a network")
    with pytest.raises(InferenceError, match="no ONNX network"):
        _build(weights, "detector")
    with pytest.raises(InferenceError, match=r"parsing .*detector\.onnx failed: .*parse the ONNX model") as refusal:
        _build(weights, "detector", precision="fp32")
    assert "\n" not in str(refusal.value)


def test_a_missing_network_is_named(weights: Path) -> None:
    with pytest.raises(InferenceError, match=r"segmentation\.onnx failed: .*No such file"):
        _build(weights, "segmentation")


@pytest.mark.parametrize(
    ("capability", "message"), [("8.7", "cannot compile for compute capability 8.7"), ("sm86", '"sm86" is no compute')]
)
def test_a_gpu_that_this_tensorrt_does_not_know_is_refused(weights: Path, capability: str, message: str) -> None:
    with pytest.raises(InferenceError, match=message):
        build_engine(weights / "detector.onnx", weights.parent, flavour="tensorrt_rtx", compute_capability=capability)


def test_an_input_without_a_profile_is_refused(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    tensor = onnx.helper.make_tensor_value_info
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["sound"], ["out"])],
        "foreign",
        [tensor("sound", kind, ["N", 8])],
        [tensor("out", kind, ["N", 8])],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    path = tmp_path / "foreign.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(InferenceError, match=r"the input sound \[-1, 8\] fits no profile"):
        build_engine(path, tmp_path, flavour="tensorrt_rtx", compute_capability="8.6", precision="fp32")


def test_what_was_compiled_passes_the_guard_of_its_own_gpu_alone(weights: Path) -> None:
    built = _build(weights, "detector")
    target = PlanTarget("tensorrt_rtx", trt.__version__, "8.6", "13.0", None)
    sha256 = built.manifest.onnx_sha256
    plan = read_vouched_plan(built.plan_path, built.manifest_path, sha256, target)
    assert plan == built.plan_path.read_bytes()
    other = PlanTarget("tensorrt_rtx", trt.__version__, "8.9", "13.0", None)
    with pytest.raises(InferenceError, match=r"compute capability 8\.6, here it is 8\.9"):
        read_vouched_plan(built.plan_path, built.manifest_path, sha256, other)


def test_the_real_library_refuses_to_load_without_a_driver_in_one_line(weights: Path) -> None:
    """Guard passed, real `deserialize_cuda_engine` called: on a computer without a driver it must say why."""
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this computer has an NVIDIA driver")
    built = _build(weights, "detector")
    runtime = TensorRtRuntime(
        read_manifest(weights),
        built.plan_path.parent,
        flavour="tensorrt_rtx",
        trt=trt,
        gpu=RTX_3090,
        open_memory=SimulatedGpu().open_memory,
    )
    assert runtime.name == f"tensorrt-rtx-{'.'.join(trt.__version__.split('.')[:2])}"
    with pytest.raises(InferenceError, match=r"deserialising .*detector-\w+\.plan failed: .*CUDA driver") as failure:
        runtime.load("detector")
    assert "\n" not in str(failure.value)


def test_jetpacks_tensorrt_compiles_for_the_gpu_of_this_computer_alone(weights: Path) -> None:
    """On a computer without TensorRT or without a GPU the reason is one line."""
    with pytest.raises(InferenceError) as refusal:
        build_engine(weights / "detector.onnx", weights.parent, flavour="tensorrt", compute_capability="1.0")
    assert "\n" not in str(refusal.value)
    assert refusal.value.remedy


@pytest.mark.parametrize("role", ["detector", "keypoints"])
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_the_shipped_networks_compile(tmp_path: Path, role: str, precision: str) -> None:
    weights = Path(__file__).parents[2] / "engines" / "weights"
    entry = read_manifest(weights).engine(role)
    built = build_engine(entry.path, tmp_path, flavour="tensorrt_rtx", compute_capability="8.6", precision=precision)
    assert (built.manifest.onnx_sha256, built.manifest.precision) == (entry.sha256, precision)


# The reference evaluator is slow where other work has the cores.
# The evaluator's sigmoid computes exp(88.8) as well, which is infinite, and 1 / (1 + inf) is the 0 that it should be.
@pytest.mark.filterwarnings("ignore:overflow encountered in exp:RuntimeWarning")
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("role", "largest_px", "largest_score"), [("detector", 0.5, 0.01), ("keypoints", 0.25, 0.01)])
def test_half_precision_moves_no_answer_that_counts(role: str, largest_px: float, largest_score: float) -> None:
    """onnx's reference evaluator computes in real float16 on any computer, which ONNX Runtime on a CPU does not."""
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    content = (Path(__file__).parents[2] / "engines" / "weights" / f"{role}.onnx").read_bytes()
    picture = render(90_000, pattern=Pattern.HEALTHY)
    image, boxes = picture.image_rgb, [loop.bbox_px for loop in picture.loops]
    inputs = {"image": image[None]} if role == "detector" else {"crops": extract_crops(image, boxes)}
    full, half = (
        reference.ReferenceEvaluator(onnx.load_from_string(network)).run(None, inputs)
        for network in (content, halve(content))
    )
    scores = full[1]
    is_counted = scores.max(axis=2) > 0.3 if role == "detector" else scores > 0.3
    # A width has two end points.
    are_places_counted = is_counted if role == "detector" else is_counted.repeat(2, axis=1)
    assert is_counted.any()
    assert np.abs(half[0] - full[0])[are_places_counted].max() < largest_px
    assert np.abs(half[1] - full[1])[is_counted].max() < largest_score
