"""ONNX Runtime's own dangers: forks, files that are no networks, other threads."""

import hashlib
import json
import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from appliance.domain.errors import InferenceError
from appliance.inference.manifest import read_manifest
from appliance.inference.ort_runtime import OnnxRuntime
from appliance.ports import LoadedEngine

IMAGE = np.full((1, 480, 640, 3), 255, dtype=np.uint8)


@pytest.fixture
def folder(weights: Callable[..., Path]) -> Path:
    return weights([(10, 20, 30, 60)], [(0.9, 0, 0, 0, 0)], [(1, 0, 0)])


def _run_in_child(engine: LoadedEngine, answers: Connection) -> None:
    try:
        engine.run({"image": IMAGE})
        answers.send("ran")
    except InferenceError as error:
        answers.send(error.message)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_an_engine_carried_over_a_fork_says_so_instead_of_hanging(folder: Path) -> None:
    engine = OnnxRuntime(read_manifest(folder), threads=2).load("detector")
    engine.run({"image": IMAGE})
    receiving, sending = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_run_in_child, args=(engine, sending))
    child.start()
    assert receiving.poll(20)
    assert "fork" in receiving.recv()
    child.join(20)
    assert child.exitcode == 0


def test_loading_leaves_no_python_threads_behind(folder: Path) -> None:
    before = set(threading.enumerate())
    engine = OnnxRuntime(read_manifest(folder), threads=2).load("detector")
    engine.run({"image": IMAGE})
    engine.close()
    assert set(threading.enumerate()) == before


def test_a_vouched_file_that_is_no_network_is_refused_in_words(folder: Path) -> None:
    junk = b"not a network"
    (folder / "detector.onnx").write_bytes(junk)
    path = folder / "manifest.json"
    document = json.loads(path.read_text())
    document["engines"]["detector"]["sha256"] = hashlib.sha256(junk).hexdigest()
    path.write_text(json.dumps(document))
    with pytest.raises(InferenceError, match="loading the detector network into ONNX Runtime"):
        OnnxRuntime(read_manifest(folder)).load("detector")
