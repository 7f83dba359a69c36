"""Networks whose inner convolutions compute in 8 bits, by static quantisation with Q/DQ nodes in the graph.

    python -m engines.build.int8 --out build/int8 [--target onnxruntime] [--weights engines/weights]

Pixels to numbers, the first and the last convolutions and the decoding of boxes, scores and points keep float32. The
command writes a network only if it passes the gate (engines.build.gate).
"""

import argparse
import importlib
import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance.domain.errors import InferenceError
from appliance.inference.manifest import ROLES, read_manifest
from appliance.inference.variant_manifest import TARGETS
from appliance.ports import Tensor

INNER = ("Conv", "Relu", "Add", "Resize")
"""Operators that ONNX Runtime computes in 8 bits, if they lie between two convolutions."""


def quantise(onnx_bytes: bytes, calibration: Iterable[Mapping[str, Tensor]], target: str) -> bytes:
    """The same network with 8-bit weights, one scale a channel, and 8-bit activations; inputs and outputs unchanged.

    Args:
        onnx_bytes: a network of this software.
        calibration: inputs by name; the smallest and largest activation they cause become the ends of each scale.
        target: "onnxruntime" (unsigned activations with a zero point, whole blocks in 8 bits, as its x86 kernels want)
            or "tensorrt" (symmetric signed activations before each convolution alone, float32 biases: TensorRT's parser
            takes nothing else).

    Raises:
        InferenceError: the `onnx` package is missing, the bytes are no network, or nothing lies between convolutions.
    """
    if target not in TARGETS:
        raise InferenceError(f'"{target}" is no target of quantisation', f"Use {' or '.join(TARGETS)}.")
    onnx, quantization = _libraries()
    with tempfile.TemporaryDirectory(prefix="nailfold-int8-") as folder, _quiet_root_logger():
        given, folded, made = (Path(folder) / name for name in ("given.onnx", "folded.onnx", "made.onnx"))
        given.write_bytes(onnx_bytes)
        try:
            quantization.quant_pre_process(str(given), str(folded), skip_symbolic_shape=True)
            nodes = inner_nodes(onnx.load(str(folded)).graph, ("Conv",) if target == "tensorrt" else INNER)
            options = _options(quantization, target)
            quantization.quantize_static(
                str(folded), str(made), _reader(quantization, calibration), nodes_to_quantize=nodes, **options
            )
        except InferenceError:
            raise
        except Exception as error:  # the library raises a dozen unrelated types
            raise InferenceError(f"quantising failed: {error}", "Use an ONNX file that this software made.") from error
        return made.read_bytes()


def inner_nodes(graph: Any, kinds: tuple[str, ...]) -> list[str]:
    """Names of the nodes of those kinds with a convolution somewhere before and another somewhere after them."""
    after_conv = _reached(graph.node, lambda node: (node.input, node.output))
    before_conv = _reached(reversed(graph.node), lambda node: (node.output, node.input))
    constants = {tensor.name for tensor in graph.initializer}
    names = [
        node.name
        for node in graph.node
        if node.op_type in kinds
        and after_conv & set(node.input)
        and before_conv & set(node.output)
        and not (node.op_type == "Add" and constants & set(node.input))
    ]
    if not names:
        raise InferenceError("nothing lies between two convolutions that could be quantised", "Use float32.")
    return names


def _reached(nodes: Iterable[Any], ends: Any) -> set[str]:
    """Tensors that some convolution leads to, walking from the first to the second of `ends`."""
    reached: set[str] = set()
    for node in nodes:
        sources, results = ends(node)
        if node.op_type == "Conv" or reached & set(sources):
            reached |= set(results)
    return reached


def _options(quantization: Any, target: str) -> dict[str, Any]:
    kinds = quantization.QuantType
    common = {"quant_format": quantization.QuantFormat.QDQ, "per_channel": True, "weight_type": kinds.QInt8}
    if target == "onnxruntime":
        return {**common, "activation_type": kinds.QUInt8}
    extra = {"ActivationSymmetric": True, "QuantizeBias": False, "OpTypesToExcludeOutputQuantization": ["Conv"]}
    return {**common, "activation_type": kinds.QInt8, "extra_options": extra}


def _reader(quantization: Any, calibration: Iterable[Mapping[str, Tensor]]) -> Any:
    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]  # the base class exists at run time alone
        def __init__(self) -> None:
            self._left = iter(calibration)

        def get_next(self) -> dict[str, Tensor] | None:
            inputs = next(self._left, None)
            return None if inputs is None else dict(inputs)

    return Reader()


def _libraries() -> tuple[Any, Any]:
    """The modules `onnx` and `onnxruntime.quantization`."""
    try:
        onnx: Any = importlib.import_module("onnx")
        quantization: Any = importlib.import_module("onnxruntime.quantization")
    except ImportError as error:
        raise InferenceError(f"quantising needs the onnx package: {error}", 'Install the "jetson" extra.') from error
    return onnx, quantization


@contextmanager
def _quiet_root_logger() -> Iterator[None]:
    """The library advises on the root logger to do what has been done here."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(before)


def main() -> None:
    """Quantise and judge the shipped networks from the command line."""
    from engines.build.variants import VariantMaker  # noqa: PLC0415  # it imports this module

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--target", choices=TARGETS, default="onnxruntime")
    parser.add_argument("--weights", type=Path, default=Path(__file__).parents[1] / "weights")
    args = parser.parse_args()
    manifest = read_manifest(args.weights)
    maker = VariantMaker(args.out)
    for role in ROLES:
        try:
            record = maker.quantise(manifest.engine(role), args.target)
        except InferenceError as refusal:
            raise SystemExit(str(refusal)) from refusal
        print(f"{role}: {record.sha256}, float32 {record.gate['full']}, int8 {record.gate['reduced']}")


if __name__ == "__main__":
    main()
