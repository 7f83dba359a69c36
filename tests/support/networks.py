"""Folders of networks to be tried: the shipped ones, and ones that measure too wide."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from appliance.apps.config.engine_bundle import BUNDLE_FILES, REDUCED_FILES
from appliance.apps.station.fleet.engine_update import validated_weights


def shipped(folder: Path, with_reduced: bool = False) -> Path:
    """A copy of the networks of this software, with those in 8 bits where asked for."""
    folder.mkdir(parents=True)
    for name in (*BUNDLE_FILES, *(REDUCED_FILES if with_reduced else ())):
        shutil.copy(validated_weights() / name, folder / name)
    return folder


def widened(folder: Path, factor: float) -> Path:
    """Networks that are sound in every way, but whose widths are so many times too wide."""
    shipped(folder)
    model = onnx.load(folder / "keypoints.onnx")
    last = next(node for node in model.graph.node if "points" in node.output)
    last.output[0] = "points_before"
    near, far = (1 + factor) / 2, (1 - factor) / 2
    spread = np.kron(np.eye(3), [[near, far], [far, near]]).astype(np.float32)
    model.graph.initializer.append(numpy_helper.from_array(spread, "spread"))
    model.graph.node.append(helper.make_node("MatMul", ["spread", "points_before"], ["points"]))
    onnx.save(model, folder / "keypoints.onnx")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    digest = hashlib.sha256((folder / "keypoints.onnx").read_bytes()).hexdigest()
    manifest["engines"]["keypoints"]["sha256"] = digest
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder
