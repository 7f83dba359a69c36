"""Networks on the CPU through ONNX Runtime: the device's second runtime, chosen by name and never slid into."""

import os
from collections.abc import Mapping
from typing import Any

import onnxruntime

from appliance.domain.errors import InferenceError
from appliance.inference.manifest import EngineEntry, EngineManifest
from appliance.inference.tensors import Signature, TensorSpec, check_inputs
from appliance.ports import LoadedEngine, Tensor

PROVIDER = "CPUExecutionProvider"
_DTYPES = {
    "tensor(uint8)": "uint8",
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}


class OnnxRuntime:
    """An InferenceRuntime on the processor.

    Args:
        manifest: vouches for the weights.
        threads: of one network.
        spin_while_idle: see InferenceSettings.
    """

    def __init__(self, manifest: EngineManifest, threads: int = 2, spin_while_idle: bool = False) -> None:
        self._manifest = manifest
        self._threads = threads
        self._spin_while_idle = spin_while_idle

    @property
    def name(self) -> str:
        return "onnxruntime-cpu"

    def load(self, role: str) -> LoadedEngine:
        """The engine of a role, its weights verified. Raises InferenceError."""
        entry = self._manifest.engine(role)
        content = entry.read_verified()
        try:
            session = onnxruntime.InferenceSession(content, self._options(), providers=[PROVIDER])
        except Exception as error:  # ONNX Runtime raises a dozen unrelated types
            raise InferenceError(
                f"loading the {role} network into ONNX Runtime {onnxruntime.__version__} failed: {error}",
                "Install the software again.",
            ) from error
        return OnnxEngine(entry, session)

    def _options(self) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        spin = "1" if self._spin_while_idle else "0"
        options.add_session_config_entry("session.intra_op.allow_spinning", spin)
        options.add_session_config_entry("session.inter_op.allow_spinning", spin)
        # Activations of a dark frame can become denormal, which x86 multiplies a hundred times slower.
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        return options


class OnnxEngine:
    """A LoadedEngine over one ONNX Runtime session."""

    def __init__(self, entry: EngineEntry, session: Any) -> None:
        self._role = entry.role
        self._inputs = entry.signature.inputs
        self._output_names = [spec.name for spec in entry.outputs]
        entry.signature.require_kept_by(_signature(session), entry.role)
        self._session = session
        self._process_id = os.getpid()

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run once; see the port."""
        check_inputs(self._role, self._inputs, inputs)
        session = self._usable_session()
        try:
            outputs = session.run(self._output_names, dict(inputs))
        except Exception as error:  # ONNX Runtime raises a dozen unrelated types
            raise InferenceError(f"running the {self._role} network failed: {error}", "Restart the station.") from error
        return dict(zip(self._output_names, outputs, strict=True))

    def close(self) -> None:
        """Free the session and its threads; harmless twice."""
        self._session = None

    def _usable_session(self) -> Any:
        if self._session is None:
            raise InferenceError(f"the {self._role} network was run after it was closed", "Restart the station.")
        if os.getpid() != self._process_id:
            # A fork copies the session but not its threads: the run would wait for them for ever.
            raise InferenceError(
                f"the {self._role} network was loaded in process {self._process_id} and run in its fork {os.getpid()}",
                "Load the engines after the fork.",
            )
        return self._session


def _signature(session: Any) -> Signature:
    return Signature(
        tuple(_spec(node) for node in session.get_inputs()), tuple(_spec(node) for node in session.get_outputs())
    )


def _spec(node: Any) -> TensorSpec:
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return TensorSpec(node.name, _DTYPES.get(node.type, node.type), shape)
