"""TensorRT's run-time classes on a SimulatedGpu; the names and habits are the library's own."""

from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np
import onnxruntime

from appliance.domain.errors import InferenceError
from appliance.inference.simulated import SimulatedGpu

PLAN_MAGIC = b"simulated plan\n"
MAX_BATCH = 32
_DTYPES = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32, "tensor(float16)": np.float16}


class TensorIOMode(Enum):
    NONE = 0
    INPUT = 1
    OUTPUT = 2


class ILogger:
    """Base of the application's logger."""

    ERROR, INTERNAL_ERROR, WARNING, INFO, VERBOSE = range(5)

    def log(self, severity: int, message: str) -> None:
        raise NotImplementedError


class SimulatedTensorRt:
    """Stands where the module `tensorrt` stands.

    Args:
        gpu: where its engines run.
        version: as `tensorrt.__version__`.
    """

    ILogger = ILogger
    TensorIOMode = TensorIOMode

    def __init__(self, gpu: SimulatedGpu, version: str = "10.3.0") -> None:
        self.__version__ = version
        self._gpu = gpu

    def Runtime(self, log: Any) -> "SimulatedRuntime":  # noqa: N802  # a class in the library
        return SimulatedRuntime(self._gpu, log)

    @staticmethod
    def nptype(dtype: Any) -> Any:
        return dtype


def simulated_plan(onnx_bytes: bytes) -> bytes:
    """What building that ONNX gives here."""
    return PLAN_MAGIC + onnx_bytes


class SimulatedRuntime:
    """Deserialises plans; None and a logged error for anything else, as the library does."""

    def __init__(self, gpu: SimulatedGpu, log: ILogger) -> None:
        self._gpu = gpu
        self._log = log

    def deserialize_cuda_engine(self, plan: bytes) -> "SimulatedEngine | None":
        self._gpu.deserialised_plans += 1
        if not plan.startswith(PLAN_MAGIC):
            self._log.log(ILogger.ERROR, "Serialization assertion magicTag failed")
            return None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        content = plan.removeprefix(PLAN_MAGIC)
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        return SimulatedEngine(self._gpu, self._log, session)


class SimulatedEngine:
    """A network's inputs and outputs; free dimensions are -1, their profile reaches to MAX_BATCH."""

    def __init__(self, gpu: SimulatedGpu, log: ILogger, session: Any) -> None:
        self.gpu, self.log, self.session = gpu, log, session
        self.inputs = [node.name for node in session.get_inputs()]
        self.nodes = {node.name: node for node in (*session.get_inputs(), *session.get_outputs())}
        self.num_io_tensors = len(self.nodes)

    def complain(self, message: str) -> None:
        """Report an error where the library would."""
        self.log.log(ILogger.ERROR, message)

    def get_tensor_name(self, index: int) -> str:
        return str(list(self.nodes)[index])

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name in self.inputs else TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> Any:
        return _DTYPES[self.nodes[name].type]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return tuple(size if isinstance(size, int) else -1 for size in self.nodes[name].shape)

    def get_tensor_profile_shape(self, name: str, profile: int) -> list[tuple[int, ...]]:
        if profile != 0:
            raise InferenceError(f"there is no profile {profile}")
        shape = self.get_tensor_shape(name)
        return [tuple(bound if size < 0 else size for size in shape) for bound in (1, MAX_BATCH // 2, MAX_BATCH)]

    def create_execution_context(self) -> "SimulatedContext":
        return SimulatedContext(self)


class SimulatedContext:
    """Shapes and addresses set on it stay until set again."""

    def __init__(self, engine: SimulatedEngine) -> None:
        self._engine = engine
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._addresses: dict[str, int] = {}

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        low, _, high = self._engine.get_tensor_profile_shape(name, 0)
        fits = len(shape) == len(low) and all(a <= size <= b for a, size, b in zip(low, shape, high, strict=True))
        if not fits:
            self._engine.complain(f"set dimensions {shape} of {name} do not satisfy any profile")
            return False
        self._shapes[name] = tuple(shape)
        return True

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        """Inputs as set, outputs as they follow from the inputs: found by running on zeros."""
        inputs = {key: np.zeros(self._shapes[key], self._engine.get_tensor_dtype(key)) for key in self._engine.inputs}
        if name in inputs:
            return self._shapes[name]
        (output,) = self._engine.session.run([name], inputs)
        return tuple(int(size) for size in output.shape)

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._addresses[name] = address
        return name in self._engine.nodes

    def execute_async_v3(self, stream_handle: int) -> bool:
        """Queue one run. The default stream is refused: it would make every other stream wait."""
        missing = self._engine.nodes.keys() - self._addresses.keys()
        if stream_handle == 0 or missing:
            self._engine.complain(f"default stream, or no address for {sorted(missing)}")
            return False
        self._engine.gpu.enqueue(stream_handle, self._work(dict(self._shapes)))
        return True

    def _work(self, shapes: dict[str, tuple[int, ...]]) -> Callable[[], None]:
        def work() -> None:
            inputs = {name: self._tensor(name, shapes[name]) for name in self._engine.inputs}
            names = [name for name in self._engine.nodes if name not in self._engine.inputs]
            for name, value in zip(names, self._engine.session.run(names, inputs), strict=True):
                self._tensor(name, value.shape)[...] = value

        return work

    def _tensor(self, name: str, shape: tuple[int, ...]) -> Any:
        dtype = np.dtype(self._engine.get_tensor_dtype(name))
        size_bytes = int(np.prod(shape)) * dtype.itemsize
        return self._engine.gpu.at(self._addresses[name], size_bytes).view(dtype).reshape(shape)
