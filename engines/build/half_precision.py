"""A network whose convolutions compute in float16 and whose answers are worked out in float32.

TensorRT builds strongly typed networks, so the types must be in the graph. Everything between the first and the last
convolution is halved. What comes before (pixels to numbers) and after (boxes, scores, points) keeps float32: at 600,
float16 has steps of half a pixel.
"""

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from appliance.domain.errors import InferenceError

HALVED_INPUTS: dict[str, slice] = {
    "Conv": slice(None),
    "Relu": slice(None),
    "Sigmoid": slice(None),
    "Add": slice(None),
    "Mul": slice(None),
    "Concat": slice(None),
    "MaxPool": slice(None),
    "GlobalAveragePool": slice(None),
    "Resize": slice(0, 1),  # its scales stay float32
}
"""Operators that may lie between convolutions, and which of their inputs are numbers of the picture."""


def halve(onnx_bytes: bytes) -> bytes:
    """The same network with float16 between its first and its last convolution; inputs and outputs are unchanged.

    Raises:
        InferenceError: the `onnx` package is missing, the bytes are no network, there is no convolution, or an operator
            between two of them is not in HALVED_INPUTS.
    """
    try:
        onnx: Any = importlib.import_module("onnx")
    except ImportError as error:
        raise InferenceError(
            f"compiling in float16 needs the onnx package: {error}", 'Install the "jetson" extra, or build in fp32.'
        ) from error
    try:
        model = onnx.load_from_string(onnx_bytes)
    except Exception as error:  # protobuf's DecodeError; onnx does not name it
        raise InferenceError(
            f"this is no ONNX network: {error}", "Use an ONNX file that this software made."
        ) from error
    _Halving(onnx, model.graph).apply()
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


class _Halving:
    """One pass over a graph, whose nodes are in the order of their data as ONNX demands."""

    def __init__(self, onnx: Any, graph: Any) -> None:
        self._onnx, self._graph = onnx, graph
        self._producers = {output: node for node in graph.node for output in node.output}
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._region = _between_convolutions(graph.node)
        if not self._region:
            raise InferenceError("there is no convolution to compute in float16", "Build in fp32.")
        self._halved = {name for index in self._region for name in graph.node[index].output}
        self._made: set[str] = set()

    def apply(self) -> None:
        nodes: list[Any] = []
        for index, node in enumerate(self._graph.node):
            nodes.extend(self._rewired(node, is_halved=index in self._region))
            nodes.append(node)
        for output in self._graph.output:
            if output.name in self._halved:
                raise InferenceError(f"the output {output.name} is a convolution's own", "Build in fp32.")
        nodes = _still_used(nodes, {output.name for output in self._graph.output})
        needed = {name for node in nodes for name in node.input}
        constants = [tensor for tensor in self._graph.initializer if tensor.name in needed]
        for field, values in (("node", nodes), ("initializer", constants), ("value_info", [])):
            # The types in value_info are those of before.
            self._graph.ClearField(field)
            getattr(self._graph, field).extend(values)

    def _rewired(self, node: Any, is_halved: bool) -> Iterator[Any]:
        """Point the node's inputs to tensors of its type; gives the casts that must stand before it."""
        if is_halved and node.op_type not in HALVED_INPUTS:
            raise InferenceError(f"{node.op_type} between convolutions cannot be halved", "Build in fp32.")
        wanted = range(len(node.input))[HALVED_INPUTS[node.op_type]] if is_halved else range(len(node.input))
        for position in wanted:
            name = node.input[position]
            if not name or (name in self._halved) == is_halved:
                continue
            suffix, kind = ("_half", "FLOAT16") if is_halved else ("_single", "FLOAT")
            node.input[position] = name + suffix
            if name + suffix in self._made:
                continue
            self._made.add(name + suffix)
            constant = self._constant(name) if is_halved else None
            if constant is not None:
                values = self._onnx.numpy_helper.to_array(constant).astype(np.float16)
                self._graph.initializer.append(self._onnx.numpy_helper.from_array(values, name + suffix))
            else:
                to = getattr(self._onnx.TensorProto, kind)
                yield self._onnx.helper.make_node("Cast", [name], [name + suffix], to=to)

    def _constant(self, name: str) -> Any:
        """The constant behind a name, through the Identity nodes that PyTorch writes; None if it is none."""
        while name not in self._constants and name in self._producers:
            node = self._producers[name]
            if node.op_type == "Constant":
                return node.attribute[0].t
            if node.op_type != "Identity":
                return None
            name = node.input[0]
        return self._constants.get(name)


def _still_used(nodes: list[Any], outputs: set[str]) -> list[Any]:
    """The nodes that some output depends on, in their order."""
    wanted, used = set(outputs), []
    for node in reversed(nodes):
        if wanted & set(node.output):
            wanted |= set(node.input)
            used.append(node)
    return used[::-1]


def _between_convolutions(nodes: Any) -> set[int]:
    """Indices of the nodes with a convolution at or before them and one at or after them."""
    after: set[str] = set()
    behind = set()
    for index, node in enumerate(nodes):
        if node.op_type == "Conv" or after & set(node.input):
            behind.add(index)
            after |= set(node.output)
    before: set[str] = set()
    ahead = set()
    for index in reversed(range(len(nodes))):
        if nodes[index].op_type == "Conv" or before & set(nodes[index].output):
            ahead.add(index)
            before |= set(nodes[index].input)
    return behind & ahead
