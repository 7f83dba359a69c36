"""The detector's trunk as a network of its own: the pretrained backbone of the seventh classifier."""

from pathlib import Path
from typing import TYPE_CHECKING

from appliance.domain.errors import InferenceError
from appliance.inference.trunk_embedding import INPUT_NAME, OUTPUT_NAME

if TYPE_CHECKING:
    import onnx

_TRUNK_STRIDE = 32


def trunk_onnx(detector: Path) -> bytes:
    """ONNX of the part of a detector up to its coarsest features, with their mean and maximum over the picture.

    No other pretrained weights are used: the box cannot fetch any, and few may be used commercially.

    Args:
        detector: the ONNX file, input "image" uint8 [1, H, W, 3].

    Raises:
        InferenceError: the file has no layer of that kind.
    """
    import onnx  # noqa: PLC0415 (the `pattern` extra)
    from onnx import TensorProto, helper, shape_inference  # noqa: PLC0415
    from onnx.utils import Extractor  # noqa: PLC0415

    model = shape_inference.infer_shapes(onnx.load(str(detector)))
    features = _coarsest_features(model)
    trunk = Extractor(model).extract_model([INPUT_NAME], [features])
    nodes = (
        helper.make_node("ReduceMean", [features], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("ReduceMax", [features], ["largest"], axes=[2, 3], keepdims=0),
        helper.make_node("Concat", ["mean", "largest"], [OUTPUT_NAME], axis=1),
    )
    trunk.graph.node.extend(nodes)
    del trunk.graph.output[:]
    trunk.graph.output.append(helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, [1, None]))
    onnx.checker.check_model(trunk)
    return bytes(trunk.SerializeToString())


def _coarsest_features(model: "onnx.ModelProto") -> str:
    _, height, width, _ = (d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim)
    grid = [height // _TRUNK_STRIDE, width // _TRUNK_STRIDE]
    shapes = {value.name: [d.dim_value for d in value.type.tensor_type.shape.dim] for value in model.graph.value_info}
    maps = [
        (shapes[node.output[0]][1], position, node.output[0])
        for position, node in enumerate(model.graph.node)
        if len(shapes.get(node.output[0], [])) == 4 and shapes[node.output[0]][2:] == grid
    ]
    if not maps:
        raise InferenceError(f"the detector has no layer at a stride of {_TRUNK_STRIDE}", "Use the shipped weights.")
    # The trunk ends with its widest layer; the neck behind it is narrower.
    return str(max(maps)[2])
