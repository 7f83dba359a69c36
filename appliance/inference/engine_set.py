"""Both networks ready to run, as the settings say and as the manifest vouches."""

import logging
import time
from pathlib import Path

import numpy as np

from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.detection import BoundingBox
from appliance.domain.errors import InferenceError, SettingsError
from appliance.inference.detector import OnnxDetector
from appliance.inference.device_memory import PycudaMemory
from appliance.inference.gpu import describe_gpu
from appliance.inference.keypoint_estimator import MAX_BATCH, OnnxKeypointEstimator
from appliance.inference.manifest import EngineManifest, read_manifest
from appliance.inference.multi_view import MultiViewDetector, for_one_view
from appliance.inference.settings import InferenceSettings
from appliance.inference.tiled_detection import TiledDetector
from appliance.inference.trt_library import import_tensorrt
from appliance.inference.trt_runtime import TensorRtRuntime
from appliance.inference.variant_manifest import derived_entry
from appliance.ports import EngineSet, InferenceRuntime

_LOGGER = logging.getLogger(__name__)


def load_engine_set(settings: InferenceSettings, software_version: str) -> EngineSet:
    """The detector and the keypoint estimator of the settings' runtime, run once each.

    Raises:
        InferenceError: weights, plan, library or GPU are not what they must be. No other runtime is tried.
        SettingsError: no weights folder is set.
    """
    manifest = open_manifest(settings)
    runtime = open_runtime(settings, manifest)
    network, entry = runtime.load("detector"), manifest.engine("detector")
    detector = OnnxDetector(network, entry, settings)
    patient = OnnxDetector(network, entry, for_one_view(settings), is_one_of_several=True)
    keypoints = OnnxKeypointEstimator(runtime.load("keypoints"), manifest.engine("keypoints"), settings)
    engines = {role: f"sha256:{entry.sha256}" for role, entry in manifest.engines.items()}
    _warm_up(detector, keypoints)
    stills = TiledDetector(MultiViewDetector(patient, settings), detector.input_size, settings)
    return EngineSet(detector, keypoints, EngineIdentity(software_version, runtime.name, engines), stills)


def open_manifest(settings: InferenceSettings) -> EngineManifest:
    """What vouches for the networks of the settings' precision: the shipped manifest, in int8 the derived networks.

    Int8 is what this computer made itself, else, for ONNX Runtime, what lies beside the weights: a gate accepted it.

    Raises:
        InferenceError: the manifest cannot be trusted, or the precision was not made from these very weights.
        SettingsError: no weights folder is set.
    """
    if settings.engine_precision != "int8":
        return read_manifest(_weights_dir(settings))
    try:
        return open_int8(settings, settings.engine_cache_dir)
    except InferenceError as own:
        if settings.runtime != "onnxruntime":
            raise
        try:
            shipped = open_int8(settings, _weights_dir(settings))
        except InferenceError:
            raise own from None
        _LOGGER.info("int8 as shipped with the weights: %s", own.message)
        return shipped


def open_int8(settings: InferenceSettings, folder: Path) -> EngineManifest:
    """The int8 networks of one folder, derived from the settings' weights. Raises as `open_manifest` does."""
    manifest = read_manifest(_weights_dir(settings))
    entries = {role: derived_entry(entry, folder, "int8", settings.runtime) for role, entry in manifest.engines.items()}
    return EngineManifest(manifest.path, entries)


def open_runtime(settings: InferenceSettings, manifest: EngineManifest) -> InferenceRuntime:
    """The runtime that the settings name. Raises InferenceError where this computer cannot run it."""
    if settings.runtime == "onnxruntime":
        # TensorRT boxes need not have ONNX Runtime.
        from appliance.inference.ort_runtime import OnnxRuntime  # noqa: PLC0415

        return OnnxRuntime(manifest, settings.threads, settings.spin_while_idle)
    return TensorRtRuntime(
        manifest,
        settings.engine_cache_dir,
        flavour=settings.tensorrt_flavour,
        trt=import_tensorrt(settings.tensorrt_flavour),
        gpu=describe_gpu(),
        open_memory=PycudaMemory,
        precision=settings.engine_precision,
    )


def _weights_dir(settings: InferenceSettings) -> Path:
    if settings.weights_dir is None:
        raise SettingsError("inference.weights_dir is not set", "Name the folder that holds manifest.json.")
    return settings.weights_dir


def _warm_up(detector: OnnxDetector, keypoints: OnnxKeypointEstimator) -> None:
    """Run both networks, so that buffers exist and faults show before the first patient."""
    started_s = time.monotonic()
    image = np.zeros((480, 640, 3), dtype=np.uint8)
    detector.detect(image)
    for count in (MAX_BATCH, 1):
        keypoints.estimate(image, [BoundingBox(100.0, 100.0, 40.0, 80.0)] * count)
    _LOGGER.info("networks ran for the first time in %.0f ms", (time.monotonic() - started_s) * 1000)
