"""Quantisation of the shipped networks: what becomes 8 bits wide, what stays, and that answers stay close."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from appliance.domain.errors import InferenceError
from appliance.inference.manifest import read_manifest
from engines.build.build_engine import build_engine
from engines.build.int8 import quantise
from engines.build.known_networks import write_known_weights
from engines.build.rendered_sets import CALIBRATION_SEED, calibration_inputs, rendered

onnx: Any = pytest.importorskip("onnx")
WEIGHTS = Path(__file__).parents[4] / "engines" / "weights"
ROLES, TARGETS = ("detector", "keypoints"), ("onnxruntime", "tensorrt")
BOTH = [(role, target) for role in ROLES for target in TARGETS]


@cache
def quantised(role: str, target: str) -> bytes:
    entry = read_manifest(WEIGHTS).engine(role)
    return quantise(entry.read_verified(), calibration_inputs(entry, rendered(CALIBRATION_SEED, 4)), target)


def _scales(role: str, target: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The graph, constants by name, and the node behind each tensor."""
    graph = onnx.load_from_string(quantised(role, target)).graph
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return graph, constants, {name: node for node in graph.node for name in node.output}


@pytest.mark.parametrize(("role", "target"), BOTH)
def test_inner_convolutions_have_8_bit_weights_with_a_scale_a_channel_and_the_outer_ones_none(
    role: str, target: str
) -> None:
    graph, constants, behind = _scales(role, target)
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    inner = [node for node in convolutions if node.input[1] in behind]
    assert len(inner) >= 0.75 * len(convolutions)
    assert convolutions[0] not in inner, "the first convolution sees pixels and stays float32"
    for node in inner:
        weights, scale = (constants[name] for name in behind[node.input[1]].input[:2])
        assert weights.dtype == np.int8
        assert scale.shape == (weights.shape[0],)
        assert behind[node.input[0]].op_type == "DequantizeLinear"
    decoders = {"Exp", "Sigmoid", "Softmax", "Softplus", "MatMul", "Gemm", "Mul", "Sub"}
    for node in graph.node:
        if node.op_type in decoders:
            assert all(behind[name].op_type != "DequantizeLinear" for name in node.input if name in behind), node.name


@pytest.mark.parametrize("role", ROLES)
def test_tensorrt_gets_symmetric_signed_scales_and_float_biases_alone(role: str) -> None:
    graph, constants, _ = _scales(role, "tensorrt")
    pairs = [node for node in graph.node if node.op_type in ("QuantizeLinear", "DequantizeLinear")]
    assert pairs
    for node in pairs:
        assert constants[node.input[2]].dtype == np.int8
        assert not constants[node.input[2]].any()
    for node in graph.node:
        if node.op_type == "Conv":
            assert constants[node.input[2]].dtype == np.float32


@pytest.mark.parametrize(("role", "target"), BOTH)
def test_answers_stay_close_to_those_of_float32(role: str, target: str) -> None:
    entry = read_manifest(WEIGHTS).engine(role)
    (inputs,) = calibration_inputs(entry, rendered(490_001, 1))
    full, reduced = (
        onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"]).run(None, dict(inputs))
        for network in (entry.read_verified(), quantised(role, target))
    )
    is_counted = full[1].max(axis=-1) > 0.5
    assert is_counted.any()
    assert np.abs(full[0] - reduced[0])[is_counted].mean() < 1.0, "pixels"
    assert np.abs(full[1] - reduced[1])[is_counted].mean() < 0.05, "scores"
    assert np.abs(full[0] - reduced[0]).max() > 0, "it is another network"


@pytest.mark.parametrize("role", ROLES)
def test_tensorrt_compiles_it_and_computes_in_8_bits(role: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason='TensorRT-RTX is not installed (extra "rtx")')
    path = tmp_path / f"{role}.int8-tensorrt.onnx"
    path.write_bytes(quantised(role, "tensorrt"))
    built = build_engine(path, tmp_path, flavour="tensorrt_rtx", compute_capability="8.6", precision="fp32")
    assert built.manifest.precision == "int8"


def test_a_network_with_nothing_between_convolutions_is_refused(tmp_path: Path) -> None:
    entry = read_manifest(write_known_weights(tmp_path)).engine("keypoints")
    with pytest.raises(InferenceError, match="nothing lies between two convolutions"):
        quantise(entry.read_verified(), calibration_inputs(entry, rendered(490_001, 1)), "onnxruntime")


@pytest.mark.parametrize(
    ("network", "target", "message"), [(b"none", "onnxruntime", "quantising failed"), (b"", "npu", "npu")]
)
def test_what_cannot_be_quantised_is_refused_in_one_line(network: bytes, target: str, message: str) -> None:
    with pytest.raises(InferenceError, match=message) as refusal:
        quantise(network, [], target)
    assert refusal.value.remedy
