"""What a network in float16 answers, computed on a processor that has no float16: for the gate of accuracy alone.

ONNX Runtime on a processor casts a float16 operator's inputs to float32 and drops the casts between two of them: only
the weights would be rounded. Here the graph computes in float32 and rounds after every operator, as a GPU does that
adds up in float32 and keeps float16.
"""

import importlib
from typing import Any

import numpy as np


def rounded_like_half(halved_bytes: bytes) -> bytes:
    """A network of half_precision.halve, in float32 with every result rounded to float16; inputs, outputs unchanged."""
    onnx: Any = importlib.import_module("onnx")
    model = onnx.shape_inference.infer_shapes(onnx.load_from_string(halved_bytes))
    graph, half = model.graph, onnx.TensorProto.FLOAT16
    is_half = {info.name for info in graph.value_info if info.type.tensor_type.elem_type == half}
    for tensor in graph.initializer:
        if tensor.data_type == half:
            values = onnx.numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    nodes: list[Any] = []
    for node in graph.node:
        nodes.append(node)
        for position, name in enumerate(node.output):
            if name in is_half:
                node.output[position] = f"{name}_unrounded"
                nodes.extend(_rounding(onnx, f"{name}_unrounded", name))
        if node.op_type == "Cast" and node.attribute[0].i == half:
            node.attribute[0].i = onnx.TensorProto.FLOAT
    graph.ClearField("node")
    graph.node.extend(nodes)
    graph.ClearField("value_info")
    content: bytes = model.SerializeToString()
    return content


def _rounding(onnx: Any, source: str, result: str) -> list[Any]:
    return [
        onnx.helper.make_node("Cast", [source], [f"{result}_rounded"], to=onnx.TensorProto.FLOAT16),
        onnx.helper.make_node("Cast", [f"{result}_rounded"], [result], to=onnx.TensorProto.FLOAT),
    ]
