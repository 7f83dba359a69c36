"""Float16 where it is wanted and nowhere else."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from appliance.domain.errors import InferenceError
from engines.build.half_precision import halve

onnx: Any = pytest.importorskip("onnx")
FLOAT, HALF = 1, 10  # onnx.TensorProto
RNG = np.random.default_rng(4)


def _network(*, between: str = "Relu") -> bytes:
    """Bytes -> numbers -> convolution -> `between` -> doubled size -> convolution -> sum -> thousandfold."""
    node, tensor = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    nodes = [
        node("Cast", ["image"], ["numbers"], to=FLOAT),
        node("Identity", ["first_weights"], ["first_weights_again"]),
        node("Conv", ["numbers", "first_weights_again", "bias"], ["first"], pads=[1, 1, 1, 1]),
        node(between, ["first"], ["bent"]),
        node("Resize", ["bent", "", "scales"], ["large"], mode="nearest"),
        node("Conv", ["large", "second_weights"], ["second"]),
        node("ReduceSum", ["second", "axes"], ["sum"], keepdims=0),
        node("Mul", ["sum", "thousand"], ["out"]),
    ]
    values = {
        "first_weights": RNG.normal(0, 0.01, (4, 3, 3, 3)).astype(np.float32),
        "bias": np.ones(4, np.float32),
        "scales": np.array([1, 1, 2, 2], np.float32),
        "second_weights": RNG.normal(0, 0.01, (2, 4, 1, 1)).astype(np.float32),
        "axes": np.array([2, 3]),
        "thousand": np.array([1000], np.float32),
    }
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [tensor("image", onnx.TensorProto.UINT8, [1, 3, 16, 16])],
        [tensor("out", FLOAT, [1, 2])],
        [onnx.numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    content: bytes = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9
    ).SerializeToString()
    return content


def _types(content: bytes) -> dict[str, int]:
    inferred = onnx.shape_inference.infer_shapes(onnx.load_from_string(content))
    return {info.name: info.type.tensor_type.elem_type for info in inferred.graph.value_info}


def test_everything_between_the_convolutions_is_half_and_the_answer_is_not() -> None:
    types = _types(halve(_network()))
    assert {types[name] for name in ("first", "bent", "large", "second")} == {HALF}
    assert {types[name] for name in ("numbers", "sum")} == {FLOAT}


def test_the_answer_stays_the_same_within_half_precision() -> None:
    original = _network()
    image = {"image": RNG.integers(0, 256, (1, 3, 16, 16), dtype=np.uint8)}
    answers = []
    for content in (original, halve(original)):
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        answers.append(session.run(None, image)[0])
    assert answers[0].dtype == answers[1].dtype == np.float32
    np.testing.assert_allclose(answers[1], answers[0], rtol=0.01)


def test_the_file_shrinks_to_half_precision_weights_alone() -> None:
    graph = onnx.load_from_string(halve(_network())).graph
    kinds = {tensor.name: tensor.data_type for tensor in graph.initializer}
    assert {kinds[name] for name in kinds if "weights" in name or "bias" in name} == {HALF}
    assert kinds["scales"] == FLOAT
    assert "first_weights" not in kinds


def test_an_operator_it_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(InferenceError, match="Erf between convolutions"):
        halve(_network(between="Erf"))


def test_a_network_without_convolutions_is_refused() -> None:
    graph = onnx.load_from_string(_network()).graph
    kept = [graph.node[0]]
    output = onnx.helper.make_tensor_value_info("numbers", FLOAT, [1, 3, 16, 16])
    bare = onnx.helper.make_graph(kept, "bare", list(graph.input), [output])
    with pytest.raises(InferenceError, match="no convolution"):
        halve(onnx.helper.make_model(bare).SerializeToString())


@pytest.mark.parametrize("role", ["detector", "keypoints"])
def test_the_shipped_networks_can_be_halved(role: str) -> None:
    weights = Path(__file__).parents[3] / "engines" / "weights" / f"{role}.onnx"
    halved = halve(weights.read_bytes())
    assert len(halved) < 0.65 * weights.stat().st_size
