"""Networks on the GPU through TensorRT: plans vouched for by their manifests, buffers made once, one stream each."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from appliance.domain.errors import InferenceError
from appliance.inference.device_memory import DeviceMemory, HostBuffer
from appliance.inference.gpu import Gpu
from appliance.inference.manifest import EngineEntry, EngineManifest
from appliance.inference.plan_manifest import REBUILD, PlanTarget, plan_paths, read_vouched_plan
from appliance.inference.tensors import Signature, TensorSpec, check_inputs
from appliance.inference.trt_library import TensorRtLog, release_name, tensorrt_log
from appliance.ports import LoadedEngine, Tensor


class TensorRtRuntime:
    """An InferenceRuntime on an NVIDIA GPU.

    Args:
        manifest: vouches for the weights that the plans were built from.
        engine_cache_dir: the plans.
        flavour: "tensorrt" or "tensorrt_rtx".
        trt: that library.
        gpu: this computer's GPU.
        open_memory: new device memory for one engine.
        precision: that the plans must have, "fp32", "fp16" or "int8"; None takes any.
    """

    def __init__(
        self,
        manifest: EngineManifest,
        engine_cache_dir: Path,
        *,
        flavour: str,
        trt: Any,
        gpu: Gpu,
        open_memory: Callable[[], DeviceMemory],
        precision: str | None = None,
    ) -> None:
        self._manifest = manifest
        self._precision = precision
        self._engine_cache_dir = engine_cache_dir
        self._trt = trt
        self._open_memory = open_memory
        self._target = PlanTarget(flavour, trt.__version__, gpu.compute_capability, gpu.cuda, gpu.l4t)
        self._log = tensorrt_log(trt)
        # Host code in plans stays forbidden, as is TensorRT's default.
        self._runtime = trt.Runtime(self._log.handle)

    @property
    def name(self) -> str:
        return release_name(self._target.builder, self._trt)

    def load(self, role: str) -> LoadedEngine:
        """The engine of a role; raises InferenceError before TensorRT sees a plan that does not belong here."""
        entry = self._manifest.engine(role)
        plan_path, manifest_path = plan_paths(self._engine_cache_dir, entry.path, entry.sha256)
        plan = read_vouched_plan(plan_path, manifest_path, entry.sha256, self._target, self._precision)
        memory = self._open_memory()
        try:
            with memory.activated():
                engine = self._runtime.deserialize_cuda_engine(plan)
                if engine is None:
                    raise InferenceError(f"deserialising {plan_path} failed: {self._log.take_errors()}", REBUILD)
                return TensorRtEngine(entry, self._trt, engine, memory, self._log)
        except BaseException:
            with memory.activated():
                memory.close()
            raise


@dataclass(frozen=True)
class _Buffer:
    """One input or output: its place on the device and the pinned memory it passes through."""

    spec: TensorSpec
    address: int
    host: HostBuffer

    def view(self, shape: tuple[int, ...]) -> tuple[HostBuffer, Tensor]:
        """The bytes of that shape in the pinned memory, and the same as a tensor."""
        dtype = np.dtype(self.spec.dtype)
        raw = self.host[: int(np.prod(shape)) * dtype.itemsize]
        return raw, raw.view(dtype).reshape(shape)


class TensorRtEngine:
    """A LoadedEngine over one execution context. Buffers hold the largest batch of the plan's profile."""

    def __init__(
        self,
        entry: EngineEntry,
        trt: Any,
        engine: Any,
        memory: DeviceMemory,
        log: TensorRtLog,
    ) -> None:
        self._role, self._inputs, self._outputs = entry.role, (entry.input,), entry.outputs
        self._memory, self._log = memory, log
        self._lock = threading.Lock()
        entry.signature.require_kept_by(_signature(trt, engine), entry.role)
        # The context lives no longer than the engine it came from: keep both.
        self._engine: Any = engine
        self._context: Any = engine.create_execution_context()
        if self._context is None:
            raise InferenceError(
                f"preparing the {entry.role} network failed: {log.take_errors()}", "Restart the station."
            )
        self._largest = {spec.name: tuple(engine.get_tensor_profile_shape(spec.name, 0)[2]) for spec in self._inputs}
        self._buffers = self._allocated()

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run once; see the port."""
        check_inputs(self._role, self._inputs, inputs)
        for name, tensor in inputs.items():
            if any(size > most for size, most in zip(tensor.shape, self._largest[name], strict=True)):
                raise InferenceError(
                    f"the {self._role} network's plan takes {name} up to {list(self._largest[name])}, "
                    f"got {list(tensor.shape)}",
                    "This is a fault of the software.",
                )
        with self._lock:
            if self._context is None:
                raise InferenceError(f"the {self._role} network was run after it was closed", "Restart the station.")
            with self._memory.activated():
                return self._run(inputs)

    def close(self) -> None:
        """Free context, engine and memory; harmless twice."""
        with self._lock:
            if self._context is None:
                return
            with self._memory.activated():
                self._context = self._engine = None
                self._memory.close()

    def _run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        for name, tensor in inputs.items():
            self._set_shape(name, tensor.shape)
            raw, view = self._buffers[name].view(tensor.shape)
            view[...] = tensor
            self._memory.upload(self._buffers[name].address, raw)
        if not self._context.execute_async_v3(self._memory.stream):
            raise InferenceError(f"running the {self._role} network failed: {self._log.take_errors()}", REBUILD)
        views = {}
        for spec in self._outputs:
            raw, views[spec.name] = self._buffers[spec.name].view(self._shape(spec.name))
            self._memory.download(raw, self._buffers[spec.name].address)
        self._memory.synchronise()
        # Copies: the pinned memory is overwritten by the next run.
        return {name: view.copy() for name, view in views.items()}

    def _allocated(self) -> dict[str, _Buffer]:
        for name, shape in self._largest.items():
            self._set_shape(name, shape)
        buffers = {}
        for spec in (*self._inputs, *self._outputs):
            size_bytes = int(np.prod(self._shape(spec.name))) * np.dtype(spec.dtype).itemsize
            buffer = _Buffer(spec, self._memory.allocate(size_bytes), self._memory.allocate_pinned(size_bytes))
            self._require(self._context.set_tensor_address(spec.name, buffer.address), f"placing {spec.name}")
            buffers[spec.name] = buffer
        return buffers

    def _shape(self, name: str) -> tuple[int, ...]:
        return tuple(int(size) for size in self._context.get_tensor_shape(name))

    def _set_shape(self, name: str, shape: tuple[int, ...]) -> None:
        self._require(self._context.set_input_shape(name, shape), f"setting {name} to {list(shape)}")

    def _require(self, has_worked: bool, action: str) -> None:
        if not has_worked:
            raise InferenceError(f"{action} of the {self._role} network failed: {self._log.take_errors()}", REBUILD)


def _signature(trt: Any, engine: Any) -> Signature:
    inputs: list[TensorSpec] = []
    outputs: list[TensorSpec] = []
    for index in range(engine.num_io_tensors):
        name = engine.get_tensor_name(index)
        side = inputs if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT else outputs
        shape = tuple(None if size < 0 else int(size) for size in engine.get_tensor_shape(name))
        side.append(TensorSpec(name, np.dtype(trt.nptype(engine.get_tensor_dtype(name))).name, shape))
    return Signature(tuple(inputs), tuple(outputs))
