"""The calls into TensorRT that turn an ONNX into a plan; the same for `tensorrt` 10 and 11 and `tensorrt_rtx`."""

from pathlib import Path
from typing import Any

from appliance.domain.errors import InferenceError
from appliance.inference.trt_library import tensorrt_log
from engines.build.progress import PhaseTracker, progress_monitor

PROFILES: dict[str, tuple[tuple[int, ...], ...]] = {
    "image": ((1, 480, 640, 3),) * 3,
    "crops": ((1, 96, 96, 3), (16, 96, 96, 3), (32, 96, 96, 3)),
}
"""Smallest, usual and largest shape of an input with free dimensions: one picture size, 1 to 32 loops at a time."""

WORKSPACE_BYTES = 1 << 30
"""What TensorRT may use while it times tactics; an Orin Nano shares its 8 GB with everything else."""

_NARROWEST_FIRST = (("INT8", "int8"), ("FP8", "fp8"), ("HALF", "fp16"), ("BF16", "bf16"))


class Compiler:
    """Compiles one ONNX after the other.

    Args:
        trt: the library.
        targets: compute capabilities as (major, minor), where they can be chosen; none compiles for this computer.
    """

    def __init__(self, trt: Any, targets: tuple[tuple[int, int], ...] = ()) -> None:
        self._trt = trt
        self._targets = targets
        self._log = tensorrt_log(trt)
        self._builder = trt.Builder(self._log.handle)

    def compile(self, onnx_path: Path, onnx_bytes: bytes, tracker: PhaseTracker) -> tuple[bytes, str]:
        """The plan and its precision.

        Args:
            onnx_path: for messages.
            onnx_bytes: its content.
            tracker: called with every phase.

        Raises:
            InferenceError: TensorRT refused the network; with TensorRT's own words.
        """
        network = self._parsed(onnx_path, onnx_bytes)
        config = self._config(network)
        monitor = progress_monitor(self._trt, tracker) if hasattr(self._trt, "IProgressMonitor") else None
        if monitor is not None:
            config.progress_monitor = monitor
        plan = self._builder.build_serialized_network(network, config)
        if tracker.failure is not None:
            raise tracker.failure
        if plan is None:
            raise InferenceError(f"compiling {onnx_path} failed: {self._log.take_errors()}", "Report this output.")
        return bytes(plan), _precision(self._trt, network)

    def _parsed(self, onnx_path: Path, onnx_bytes: bytes) -> Any:
        # TensorRT 10 has STRONGLY_TYPED at bit 1, 11 at bit 0 and as the only kind there is.
        flag = getattr(self._trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
        network = self._builder.create_network(0 if flag is None else 1 << int(flag))
        parser = self._trt.OnnxParser(network, self._log.handle)
        if not parser.parse(onnx_bytes):
            reasons = "; ".join(" ".join(parser.get_error(index).desc().split()) for index in range(parser.num_errors))
            self._log.take_errors()
            raise InferenceError(f"parsing {onnx_path} failed: {reasons}", "Use an ONNX file that this software made.")
        return network

    def _config(self, network: Any) -> Any:
        config = self._builder.create_builder_config()
        if self._targets:
            self._choose_targets(config)
        else:
            config.set_memory_pool_limit(self._trt.MemoryPoolType.WORKSPACE, WORKSPACE_BYTES)
        free = [tensor for tensor in _inputs(network) if any(size < 0 for size in tensor.shape)]
        if free:
            profile = self._builder.create_optimization_profile()
            for tensor in free:
                profile.set_shape(tensor.name, *_profile(tensor))
            config.add_optimization_profile(profile)
        return config

    def _choose_targets(self, config: Any) -> None:
        known = self._trt.ComputeCapability
        config.num_compute_capabilities = len(self._targets)
        for index, (major, minor) in enumerate(self._targets):
            target = getattr(known, f"SM{major}{minor}", None)
            if target is None or not config.set_compute_capability(target, index):
                names = ", ".join(name for name in known.__members__ if name.startswith("SM"))
                raise InferenceError(
                    f"this TensorRT cannot compile for compute capability {major}.{minor}", f"It knows {names}."
                )


def _inputs(network: Any) -> list[Any]:
    return [network.get_input(index) for index in range(network.num_inputs)]


def _profile(tensor: Any) -> tuple[tuple[int, ...], ...]:
    shapes, own = PROFILES.get(tensor.name, ()), tuple(tensor.shape)
    fits = [len(shape) == len(own) and all(a in (-1, b) for a, b in zip(own, shape, strict=True)) for shape in shapes]
    if not fits or not all(fits):
        raise InferenceError(f"the input {tensor.name} {list(own)} fits no profile", "Use an ONNX of this software.")
    return shapes


def _precision(trt: Any, network: Any) -> str:
    """The narrowest type that a layer computes in; inputs and casts of bytes do not count."""
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    outputs = [layer.get_output(index) for layer in layers for index in range(layer.num_outputs)]
    used = {output.dtype for output in outputs if output is not None}
    for name, precision in _NARROWEST_FIRST:
        if getattr(trt.DataType, name, None) in used:
            return precision
    return "fp32"
