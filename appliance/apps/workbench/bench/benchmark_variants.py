"""Runtimes and precisions for the benchmark: opened where they run, named with their reason where they do not."""

import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.pipeline import Pipeline
from appliance.apps.workbench.bench.engines import CROPS
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.errors import ApplianceError
from appliance.domain.frame import CameraDescription, Frame
from appliance.inference.crops import extract_crops
from appliance.inference.detector import OnnxDetector
from appliance.inference.engine_set import open_manifest, open_runtime
from appliance.inference.keypoint_estimator import OnnxKeypointEstimator
from appliance.inference.manifest import EngineManifest
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet, LoadedEngine

MEASURES = ("detector", "keypoints", "frame")
"""The detector on one 640x480 picture, the keypoint network on 16 crops, and the whole analysis of a frame."""

RUNTIMES = {"onnxruntime": "onnxruntime", "tensorrt": "tensorrt", "tensorrt_rtx": "tensorrt"}
"""Name here to inference.runtime; the names of TensorRT are its flavours."""

PRECISIONS = ("fp32", "fp16", "int8")


@dataclass(frozen=True)
class Unavailable:
    """A variant that cannot run here, and why."""

    runtime: str
    precision: str
    reason: str


class Variant:
    """One runtime in one precision, ready to be timed.

    Attributes:
        runtime: as in results, "onnxruntime-cpu".
        precision: "fp32", "fp16" or "int8".
        engines: role to "sha256:..." of the network that runs.
    """

    def __init__(self, settings: InferenceSettings) -> None:
        manifest = open_manifest(settings)
        runtime = open_runtime(settings, manifest)
        self.runtime, self.precision = runtime.name, settings.engine_precision
        self.engines: Mapping[str, str] = {role: f"sha256:{one.sha256}" for role, one in manifest.engines.items()}
        self._detector = runtime.load("detector")
        try:
            self._keypoints = runtime.load("keypoints")
        except BaseException:
            self._detector.close()
            raise
        self._input_names = {role: entry.input.name for role, entry in manifest.engines.items()}
        self._pipeline = _pipeline(settings, manifest, self._detector, self._keypoints, self.identity)

    @property
    def name(self) -> str:
        """Both together, unique."""
        return f"{self.runtime} {self.precision}"

    @property
    def identity(self) -> EngineIdentity:
        """As results made with it would say."""
        return EngineIdentity(importlib.metadata.version("nailfold-appliance"), self.runtime, self.engines)

    def work(self, measure: str, picture_rgb: NDArray[np.uint8], index: int) -> Callable[[], object]:
        """What is to be timed; all that prepares its input is done."""
        if measure == "detector":
            inputs = {self._input_names["detector"]: picture_rgb[None]}
            return lambda: self._detector.run(inputs)
        if measure == "keypoints":
            crops = {self._input_names["keypoints"]: extract_crops(picture_rgb, _SQUARES)}
            return lambda: self._keypoints.run(crops)
        frame = _frame(picture_rgb, index)
        return lambda: self._pipeline.analyse(frame, track=False)

    def close(self) -> None:
        """Free both networks."""
        self._detector.close()
        self._keypoints.close()


def open_variants(settings: InferenceSettings) -> tuple[list[Variant], list[Unavailable]]:
    """All that run here, ONNX Runtime in float32 first, and the others with the reason in the runtime's own words."""
    variants: list[Variant] = []
    missing: list[Unavailable] = []
    for name, runtime in RUNTIMES.items():
        flavour = settings.tensorrt_flavour if runtime == "onnxruntime" else name
        for precision in PRECISIONS:
            try:
                chosen = replace(settings, runtime=runtime, tensorrt_flavour=flavour, precision=precision)
                variants.append(Variant(chosen))
            except ApplianceError as error:
                missing.append(Unavailable(name, precision, str(error)))
    return variants, missing


_SQUARES = np.array([(30.0 + 145.0 * (at % 4), 20.0 + 110.0 * (at // 4), 60.0, 90.0) for at in range(CROPS)])
"""A grid of boxes over the picture: what they show does not change how long the network takes."""


def _pipeline(
    settings: InferenceSettings,
    manifest: EngineManifest,
    detector: LoadedEngine,
    keypoints: LoadedEngine,
    identity: EngineIdentity,
) -> Pipeline:
    return Pipeline(
        EngineSet(
            OnnxDetector(detector, manifest.engine("detector"), settings),
            OnnxKeypointEstimator(keypoints, manifest.engine("keypoints"), settings),
            identity,
        )
    )


def _frame(picture_rgb: NDArray[np.uint8], index: int) -> Frame:
    height_px, width_px = picture_rgb.shape[:2]
    camera = CameraDescription("benchmark", "benchmark", "rgb8", width_px, height_px, 30.0)
    return Frame(index, picture_rgb, index / 30, datetime.now(timezone.utc), camera)
