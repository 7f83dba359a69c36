"""The paper that travels with every TensorRT plan, and the guard that reads it before the plan is touched.

A plan is machine code for one TensorRT version on one GPU; deserialising another one is undefined at best.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.domain.errors import InferenceError
from appliance.durable_files import write_durably
from appliance.inference.record_file import RecordKind

SCHEMA = "nailfold.plan/1"
REBUILD = 'Run "nailfold engines build" on this box.'
_RECORD = RecordKind("plan manifest", "TensorRT plan", SCHEMA, REBUILD)


@dataclass(frozen=True)
class PlanManifest:
    """Where a plan comes from and where it may run.

    Attributes:
        onnx_sha256, plan_sha256: hex digests of what was compiled and of what came out.
        builder, builder_version: "tensorrt" or "tensorrt_rtx" and its full version.
        compute_capability: of the GPU it was compiled for, "8.7".
        cuda, l4t: of the computer that compiled it; None where it had no driver, or no Jetson Linux.
        precision: narrowest floating or integer type of its layers: "fp32", "fp16", "int8".
        built_at: UTC, ISO 8601.
    """

    onnx_sha256: str
    plan_sha256: str
    builder: str
    builder_version: str
    compute_capability: str
    cuda: str | None
    l4t: str | None
    precision: str
    built_at: str

    def write(self, path: Path) -> None:
        """Keep it as JSON; the file appears whole or not at all."""
        text = json.dumps({"schema": SCHEMA, **asdict(self)}, indent=2) + "\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, text.encode())


@dataclass(frozen=True)
class PlanTarget:
    """This computer, in the terms of a plan manifest."""

    builder: str
    builder_version: str
    compute_capability: str
    cuda: str
    l4t: str | None


def plan_paths(folder: Path, onnx_path: Path, onnx_sha256: str) -> tuple[Path, Path]:
    """Where the plan of an ONNX file and its manifest lie in the engine cache: beside those of other weights."""
    name = f"{onnx_path.stem}-{onnx_sha256[:12]}.plan"
    return folder / name, folder / f"{name}.json"


def read_vouched_plan(
    plan_path: Path, manifest_path: Path, onnx_sha256: str, target: PlanTarget, precision: str | None = None
) -> bytes:
    """The plan's bytes, if its manifest says that they belong to these weights and to this computer.

    Args:
        precision: that the settings ask for; None takes any.

    Raises:
        InferenceError: naming the first thing that does not fit; the bytes are then never handed out.
    """
    manifest = read_plan_manifest(manifest_path)
    _require(plan_path, "weights (SHA-256)", manifest.onnx_sha256, onnx_sha256)
    _require(plan_path, "builder", manifest.builder, target.builder)
    _require(plan_path, f"{target.builder} version", manifest.builder_version, target.builder_version)
    _require(plan_path, "GPU compute capability", manifest.compute_capability, target.compute_capability)
    _require(plan_path, "Jetson Linux release", manifest.l4t, target.l4t)
    if manifest.cuda is not None:
        _require(plan_path, "CUDA version", manifest.cuda, target.cuda)
    if precision is not None:
        _require(plan_path, "inference.precision", manifest.precision, precision)
    plan = _RECORD.read_bytes(plan_path)
    _require(plan_path, "content (SHA-256)", manifest.plan_sha256, hashlib.sha256(plan).hexdigest())
    return plan


def read_plan_manifest(path: Path) -> PlanManifest:
    """A plan's manifest. Raises InferenceError where it is missing, damaged or of another schema."""
    return PlanManifest(**_RECORD.read_members(path, set(PlanManifest.__dataclass_fields__)))


def _require(plan_path: Path, what: str, built: str | None, here: str | None) -> None:
    if built != here:
        raise InferenceError(f"the plan {plan_path} was built for {what} {built}, here it is {here}", REBUILD)
