"""Weights with known answers, and a simulated GPU with plans for them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from appliance.inference.gpu import Gpu
from appliance.inference.manifest import read_manifest
from appliance.inference.plan_manifest import PlanManifest, plan_paths
from appliance.inference.simulated import DESCRIPTION, SimulatedGpu
from appliance.inference.simulated_tensorrt import SimulatedTensorRt, simulated_plan
from appliance.inference.trt_runtime import TensorRtRuntime
from engines.build.known_networks import write_known_weights

PLAN = PlanManifest("", "", "tensorrt", "10.3.0", "8.7", "12.6", "36.4.3", "fp32", "2026-11-22T00:00:00+00:00")


@dataclass
class Box:
    """A Jetson of software: weights, built plans and a GPU."""

    weights: Path
    cache: Path
    gpu: SimulatedGpu

    def plan_paths(self, role: str) -> tuple[Path, Path]:
        """Of the plan and of its manifest."""
        entry = read_manifest(self.weights).engine(role)
        return plan_paths(self.cache, entry.path, entry.sha256)

    def write_plan(self, role: str, **changes: str | None) -> Path:
        """A plan and its manifest, with fields of the manifest changed."""
        entry = read_manifest(self.weights).engine(role)
        plan = simulated_plan(entry.path.read_bytes())
        plan_path, manifest_path = self.plan_paths(role)
        self.cache.mkdir(exist_ok=True)
        plan_path.write_bytes(plan)
        digest = hashlib.sha256(plan).hexdigest()
        replace(PLAN, onnx_sha256=entry.sha256, plan_sha256=digest, **changes).write(manifest_path)
        return plan_path

    def runtime(self, version: str = "10.3.0", gpu: Gpu = DESCRIPTION, precision: str | None = None) -> TensorRtRuntime:
        return TensorRtRuntime(
            read_manifest(self.weights),
            self.cache,
            flavour="tensorrt",
            trt=SimulatedTensorRt(self.gpu, version),
            gpu=gpu,
            open_memory=self.gpu.open_memory,
            precision=precision,
        )


@pytest.fixture
def weights(tmp_path: Path) -> Callable[..., Path]:
    """Writes a weights folder; see write_known_weights."""
    return lambda *args, **kwargs: write_known_weights(tmp_path / "weights", *args, **kwargs)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    folder = write_known_weights(tmp_path / "weights", [(10, 20, 30, 60)], [(0.9, 0, 0, 0, 0)], [(1, 0, 0)])
    made = Box(folder, tmp_path / "cache", SimulatedGpu())
    for role in ("detector", "keypoints"):
        made.write_plan(role)
    return made
