"""A TensorRT plan from an ONNX file, with the manifest that later lets it be loaded."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from appliance.domain.errors import InferenceError
from appliance.durable_files import write_durably
from appliance.inference.gpu import Gpu, describe_gpu
from appliance.inference.plan_manifest import PlanManifest, plan_paths
from appliance.inference.trt_library import import_tensorrt
from engines.build.compiler import Compiler
from engines.build.half_precision import halve
from engines.build.progress import PhaseTracker, ProgressCallback

_TYPINGS: dict[str, Callable[[bytes], bytes]] = {"fp16": halve, "fp32": bytes}


@dataclass(frozen=True)
class BuiltPlan:
    """Where the plan and its manifest are, and what the manifest says."""

    plan_path: Path
    manifest_path: Path
    manifest: PlanManifest


def build_engine(
    onnx_path: Path,
    out_dir: Path,
    *,
    flavour: str = "tensorrt",
    compute_capability: str | None = None,
    precision: str = "fp16",
    progress: ProgressCallback | None = None,
) -> BuiltPlan:
    """Compile one network; takes minutes on an Orin. Each file appears whole or not at all.

    The network is strongly typed: TensorRT chooses no precision by itself. No timing cache is used, and nothing allows
    host code into the plan.

    Args:
        onnx_path: the network; its plan has the same name.
        out_dir: the engine cache, made if missing.
        flavour: "tensorrt" (compiles for the GPU of this computer) or "tensorrt_rtx" (can do without one).
        compute_capability: of the target, "8.6"; None takes this computer's GPU.
        precision: "fp16" (convolutions in float16, answers in float32) or "fp32".
        progress: called from TensorRT's threads; whatever it raises stops the build and comes out here.

    Raises:
        InferenceError: no library, no GPU where one is needed, or an ONNX that TensorRT cannot parse or compile.
    """
    if precision not in _TYPINGS:
        raise InferenceError(f'"{precision}" is no precision that can be built', f"Use {' or '.join(_TYPINGS)}.")
    trt = import_tensorrt(flavour)
    gpu = _gpu(flavour, compute_capability)
    capability = compute_capability or (gpu.compute_capability if gpu else "")
    compiler = Compiler(trt, (_numbers(capability),) if flavour == "tensorrt_rtx" else ())
    onnx_bytes = _read(onnx_path)
    typed = _TYPINGS[precision](onnx_bytes)
    plan, found = compiler.compile(onnx_path, typed, PhaseTracker(progress or (lambda _: None)))
    manifest = PlanManifest(
        onnx_sha256=hashlib.sha256(onnx_bytes).hexdigest(),
        plan_sha256=hashlib.sha256(plan).hexdigest(),
        builder=flavour,
        builder_version=trt.__version__,
        compute_capability=capability,
        cuda=gpu.cuda if gpu else None,
        l4t=gpu.l4t if gpu else None,
        precision=found,
        built_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    return _kept(onnx_path, out_dir, plan, manifest)


def _kept(onnx_path: Path, out_dir: Path, plan: bytes, manifest: PlanManifest) -> BuiltPlan:
    """Both files on the disk. A plan beside an older manifest, as after a power cut in between, is refused at load."""
    plan_path, manifest_path = plan_paths(out_dir, onnx_path, manifest.onnx_sha256)
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        write_durably(plan_path, plan)
        manifest.write(manifest_path)
    except OSError as error:
        raise InferenceError(
            f"writing the plan {plan_path} failed: {error}", "Check the disk and the folder's owner."
        ) from error
    return BuiltPlan(plan_path, manifest_path, manifest)


def _gpu(flavour: str, compute_capability: str | None) -> Gpu | None:
    """This computer's GPU; None where the target was named and TensorRT-RTX needs none to compile for it."""
    if flavour == "tensorrt_rtx" and compute_capability is not None:
        return None
    gpu = describe_gpu()
    if compute_capability not in (None, gpu.compute_capability):
        raise InferenceError(
            f"{flavour} was asked to compile for compute capability {compute_capability}, "
            f"this computer's {gpu.name} has {gpu.compute_capability}",
            "Build on the box that will run the plan.",
        )
    return gpu


def _numbers(compute_capability: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)\.(\d)", compute_capability)
    if not match:
        raise InferenceError(f'"{compute_capability}" is no compute capability', 'Write it like "8.6".')
    return int(match[1]), int(match[2])


def _read(onnx_path: Path) -> bytes:
    try:
        return onnx_path.read_bytes()
    except OSError as error:
        raise InferenceError(
            f"reading the network {onnx_path} failed: {error}", "Check inference.weights_dir."
        ) from error
