"""The InferenceRuntime port: ONNX Runtime, the simulated TensorRT and, where there is a GPU, the real one."""

import hashlib
import importlib.util
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from appliance.domain.errors import InferenceError
from appliance.inference.device_memory import PycudaMemory
from appliance.inference.gpu import describe_gpu
from appliance.inference.manifest import read_manifest
from appliance.inference.ort_runtime import OnnxRuntime
from appliance.inference.plan_manifest import PlanManifest, plan_paths
from appliance.inference.simulated import DESCRIPTION, SimulatedGpu
from appliance.inference.simulated_tensorrt import SimulatedTensorRt, simulated_plan
from appliance.inference.trt_library import import_tensorrt
from appliance.inference.trt_runtime import TensorRtRuntime
from appliance.ports import InferenceRuntime, LoadedEngine
from engines.build.build_engine import build_engine
from engines.build.known_networks import POINTS, write_known_weights

BOXES = [(100, 50, 140, 200), (300, 60, 330, 170)]
CLASS_SCORES = [(0.9, 0.1, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.8, 0.2)]
SIZE_SCORES = [(1, 0, 0), (0, 0.5, 0.5)]


def _onnxruntime(weights: Path, _: Path) -> InferenceRuntime:
    return OnnxRuntime(read_manifest(weights), threads=1)


def _simulated(weights: Path, cache: Path) -> InferenceRuntime:
    manifest, gpu = read_manifest(weights), SimulatedGpu()
    for entry in manifest.engines.values():
        plan = simulated_plan(entry.path.read_bytes())
        plan_path, manifest_path = plan_paths(cache, entry.path, entry.sha256)
        plan_path.write_bytes(plan)
        digest = hashlib.sha256(plan).hexdigest()
        PlanManifest(
            entry.sha256, digest, "tensorrt", "10.3.0", "8.7", "12.6", "36.4.3", "fp32", "2026-11-22T00:00:00+00:00"
        ).write(manifest_path)
    return TensorRtRuntime(
        manifest,
        cache,
        flavour="tensorrt",
        trt=SimulatedTensorRt(gpu),
        gpu=DESCRIPTION,
        open_memory=gpu.open_memory,
    )


def _real(weights: Path, cache: Path) -> InferenceRuntime:
    """JetPack's TensorRT where it is installed, else TensorRT-RTX; both need a GPU to run."""
    flavour = "tensorrt" if importlib.util.find_spec("tensorrt") else "tensorrt_rtx"
    try:
        gpu, trt = describe_gpu(), import_tensorrt(flavour)
        PycudaMemory()
    except InferenceError as error:
        pytest.skip(f"{flavour} cannot run here: {error.message}")
    manifest = read_manifest(weights)
    for entry in manifest.engines.values():
        build_engine(entry.path, cache, flavour=flavour)
    return TensorRtRuntime(manifest, cache, flavour=flavour, trt=trt, gpu=gpu, open_memory=PycudaMemory)


RUNTIMES: dict[str, Callable[[Path, Path], InferenceRuntime]] = {
    "onnxruntime": _onnxruntime,
    "simulated": _simulated,
    "tensorrt": _real,
}


@pytest.fixture(params=RUNTIMES)
def runtime(request: pytest.FixtureRequest, tmp_path: Path) -> InferenceRuntime:
    weights = write_known_weights(tmp_path / "weights", BOXES, CLASS_SCORES, SIZE_SCORES)
    (tmp_path / "cache").mkdir()
    return RUNTIMES[request.param](weights, tmp_path / "cache")


@pytest.fixture
def detector(runtime: InferenceRuntime) -> Iterator[LoadedEngine]:
    engine = runtime.load("detector")
    yield engine
    engine.close()


@pytest.fixture
def keypoints(runtime: InferenceRuntime) -> Iterator[LoadedEngine]:
    engine = runtime.load("keypoints")
    yield engine
    engine.close()


def _picture(red: int) -> np.ndarray:
    image = np.zeros((1, 480, 640, 3), dtype=np.uint8)
    image[..., 0] = red
    return image


def _crops(count: int) -> np.ndarray:
    crops = np.zeros((count, 96, 96, 3), dtype=np.uint8)
    crops[..., 0] = np.arange(count)[:, None, None] * 5
    crops[..., 1] = 51
    return crops


def test_name_says_which_runtime_and_release(runtime: InferenceRuntime) -> None:
    assert runtime.name == "onnxruntime-cpu" or runtime.name.startswith("tensorrt")


def test_detector_gives_the_known_answer(detector: LoadedEngine) -> None:
    outputs = detector.run({"image": _picture(255)})
    assert set(outputs) == {"boxes", "class_scores", "size_scores"}
    np.testing.assert_allclose(outputs["boxes"], [BOXES], atol=1e-3)
    np.testing.assert_allclose(outputs["class_scores"], [CLASS_SCORES], atol=1e-3)
    assert all(output.dtype == np.float32 for output in outputs.values())


def test_the_answer_follows_the_picture(detector: LoadedEngine) -> None:
    for red in (0, 51, 255):
        outputs = detector.run({"image": _picture(red)})
        np.testing.assert_allclose(outputs["class_scores"][0, 0, 0], 0.9 * red / 255, atol=1e-3)


@pytest.mark.parametrize("count", [1, 7, 32])
def test_every_batch_size_gives_one_answer_a_crop(keypoints: LoadedEngine, count: int) -> None:
    outputs = keypoints.run({"crops": _crops(count)})
    red = np.arange(count) * 5 / 255
    np.testing.assert_allclose(outputs["confidence"], np.stack([red, np.full(count, 0.2), 0 * red], axis=1), atol=1e-3)
    shift = np.stack([red, np.full(count, 0.2)], axis=1)[:, None] * 10
    np.testing.assert_allclose(outputs["points"], POINTS + shift, atol=1e-2)


def test_batches_may_shrink_and_grow_again(keypoints: LoadedEngine) -> None:
    shapes = [keypoints.run({"crops": _crops(count)})["points"].shape for count in (32, 1, 5)]
    assert shapes == [(32, 6, 2), (1, 6, 2), (5, 6, 2)]


def test_a_result_stays_as_it_was_when_the_next_one_comes(detector: LoadedEngine) -> None:
    first = detector.run({"image": _picture(255)})["class_scores"]
    kept = first.copy()
    detector.run({"image": _picture(0)})
    np.testing.assert_array_equal(first, kept)


def test_input_may_be_a_view_that_is_not_contiguous(detector: LoadedEngine) -> None:
    image = np.zeros((1, 480, 640, 3), dtype=np.uint8)
    image[..., 2] = 255
    outputs = detector.run({"image": image[..., ::-1]})
    np.testing.assert_allclose(outputs["class_scores"][0, 0, 0], 0.9, atol=1e-3)


@pytest.mark.parametrize(
    ("inputs", "seen"),
    [
        ({}, "nothing"),
        ({"picture": _picture(0)}, "picture uint8"),
        ({"image": _picture(0).astype(np.float32)}, "image float32"),
        ({"image": _picture(0)[:, :240]}, "[1, 240, 640, 3]"),
        ({"image": _picture(0)[0]}, "[480, 640, 3]"),
        ({"image": _picture(0), "more": _picture(0)}, "more uint8"),
    ],
)
def test_a_wrong_input_is_refused_naming_what_was_expected_and_got(
    detector: LoadedEngine, inputs: dict[str, np.ndarray], seen: str
) -> None:
    with pytest.raises(InferenceError) as refusal:
        detector.run(inputs)
    assert "image uint8 [1, 480, 640, 3]" in refusal.value.message
    assert seen in refusal.value.message
    np.testing.assert_allclose(detector.run({"image": _picture(255)})["boxes"], [BOXES], atol=1e-3)


def test_it_runs_in_another_thread_than_it_was_loaded_in(detector: LoadedEngine) -> None:
    answers: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: answers.append(detector.run({"image": _picture(255)})["boxes"]))
    thread.start()
    thread.join(timeout=30)
    np.testing.assert_allclose(answers[0], [BOXES], atol=1e-3)


def test_a_closed_engine_refuses_to_run_and_closes_again(runtime: InferenceRuntime) -> None:
    engine = runtime.load("detector")
    engine.close()
    engine.close()
    with pytest.raises(InferenceError, match="closed"):
        engine.run({"image": _picture(0)})


def test_both_engines_run_side_by_side(detector: LoadedEngine, keypoints: LoadedEngine) -> None:
    for red in (255, 102):
        np.testing.assert_allclose(
            detector.run({"image": _picture(red)})["class_scores"][0, 0, 0], 0.9 * red / 255, atol=1e-3
        )
        assert keypoints.run({"crops": _crops(3)})["points"].shape == (3, 6, 2)


def test_a_role_that_the_manifest_does_not_know_is_refused(runtime: InferenceRuntime) -> None:
    with pytest.raises(InferenceError, match='"segmentation"'):
        runtime.load("segmentation")
