"""How long the networks take alone, and the whole pipeline around them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from appliance.inference.manifest import EngineManifest
from appliance.ports import InferenceRuntime, LoadedEngine, Tensor

CROPS = 16


@dataclass(frozen=True)
class Timing:
    """Milliseconds: median, 95th percentile, and how many runs they come from."""

    p50: float
    p95: float
    runs: int


def summarise(samples_ms: list[float]) -> Timing:
    """The timing of a list of milliseconds, which must not be empty."""
    return Timing(float(np.percentile(samples_ms, 50)), float(np.percentile(samples_ms, 95)), len(samples_ms))


def time_runs(work: Callable[[], object], runs: int, warm_up_runs: int = 5) -> Timing:
    """How long `work` takes, after some runs that do not count."""
    for _ in range(warm_up_runs):
        work()
    samples_ms = []
    for _ in range(runs):
        started_s = time.perf_counter()
        work()
        samples_ms.append((time.perf_counter() - started_s) * 1000)
    return summarise(samples_ms)


def time_engine(runtime: InferenceRuntime, manifest: EngineManifest, role: str, runs: int) -> Timing:
    """One network alone on noise: one 640x480 picture for the detector, 16 crops for the keypoint network."""
    spec = manifest.engine(role).input
    shape = tuple(CROPS if size is None else size for size in spec.shape)
    tensor = np.random.default_rng(0).integers(0, 255, shape).astype(spec.dtype)
    engine = runtime.load(role)
    try:
        return time_runs(lambda: engine.run({spec.name: tensor}), runs)
    finally:
        engine.close()


class TimedEngine:
    """A LoadedEngine that adds up the time it spends.

    Attributes:
        spent_ms: since it was last set to 0.
    """

    def __init__(self, engine: LoadedEngine) -> None:
        self._engine = engine
        self.spent_ms = 0.0

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run once; see the port."""
        started_s = time.perf_counter()
        try:
            return self._engine.run(inputs)
        finally:
            self.spent_ms += (time.perf_counter() - started_s) * 1000

    def close(self) -> None:
        """Free device memory."""
        self._engine.close()
