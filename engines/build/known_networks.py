"""Two tiny networks with the product's inputs and outputs, whose every answer can be worked out by hand.

They check the whole path of a runtime (manifest, guard, build, run) without trained weights. Needs the `onnx` package.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

CLASSES = ("normal", "tortuous", "ramified", "giant", "haemorrhage")
SIZES = ("normal", "enlarged", "giant")
POINTS = np.array([[48, 20], [48, 32], [36, 50], [42, 51], [54, 51], [61, 50]], dtype=np.float32)
"""What the keypoint network answers for a black crop, in crop pixels."""


def write_known_weights(
    folder: Path, boxes: ArrayLike = (), class_scores: ArrayLike = (), size_scores: ArrayLike = ()
) -> Path:
    """A weights folder with detector.onnx, keypoints.onnx and their manifest.json.

    The detector always answers `boxes` and `size_scores`; `class_scores` are multiplied by the picture's mean red, 0 to
    1. The keypoint network answers each crop's mean red, green and blue as its three confidences, and POINTS moved by
    ten times (red, green) pixels.

    Args:
        folder: made if missing.
        boxes: [N, 4], left, top, right, bottom edges in pixels of the 640x480 input.
        class_scores: [N, 5], columns CLASSES.
        size_scores: [N, 3], columns SIZES.
    """
    folder.mkdir(parents=True, exist_ok=True)
    detector = _detector(_rows(boxes, 4), _rows(class_scores, 5), _rows(size_scores, 3))
    files = {"detector": detector, "keypoints": _keypoints()}
    for role, model in files.items():
        (folder / f"{role}.onnx").write_bytes(model)
    manifest = {"schema": "nailfold.engines/1", "engines": {role: _entry(role, files[role]) for role in files}}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return folder


def _rows(values: ArrayLike, columns: int) -> Any:
    return np.asarray(values, dtype=np.float32).reshape(1, -1, columns)


def _entry(role: str, model: bytes) -> dict[str, Any]:
    common = {"file": f"{role}.onnx", "sha256": hashlib.sha256(model).hexdigest(), "training": {"by": "hand"}}
    if role == "detector":
        outputs = [("boxes", [1, "N", 4]), ("class_scores", [1, "N", 5]), ("size_scores", [1, "N", 3])]
        own: dict[str, Any] = {"classes": list(CLASSES), "sizes": list(SIZES)}
        input_spec = {"name": "image", "dtype": "uint8", "shape": [1, 480, 640, 3]}
    else:
        outputs = [("points", ["N", 6, 2]), ("confidence", ["N", 3])]
        own = {"crop_px": 96}
        input_spec = {"name": "crops", "dtype": "uint8", "shape": ["N", 96, 96, 3]}
    listed = [{"name": name, "dtype": "float32", "shape": shape} for name, shape in outputs]
    return {**common, **own, "input": input_spec, "outputs": listed}


def _detector(boxes: Any, class_scores: Any, size_scores: Any) -> bytes:
    """Every output depends on the picture, if only by adding nought times its mean, so that no part is folded away."""
    nodes = [
        *_mean_of("image"),
        helper.make_node("Gather", ["mean", "red"], ["brightness"], axis=1),
        helper.make_node("Mul", ["brightness", "zero"], ["nothing"]),
        helper.make_node("Mul", ["known_classes", "brightness"], ["class_scores"]),
        helper.make_node("Add", ["known_boxes", "nothing"], ["boxes"]),
        helper.make_node("Add", ["known_sizes", "nothing"], ["size_scores"]),
    ]
    constants = {
        "known_boxes": boxes,
        "known_classes": class_scores,
        "known_sizes": size_scores,
        "red": np.array([0]),
        "zero": np.zeros(1, np.float32),
    }
    outputs = {"boxes": boxes.shape, "class_scores": class_scores.shape, "size_scores": size_scores.shape}
    return _model(nodes, constants, ("image", (1, 480, 640, 3)), outputs)


def _keypoints() -> bytes:
    nodes = [
        *_mean_of("crops"),
        helper.make_node("Identity", ["mean"], ["confidence"]),
        helper.make_node("Gather", ["mean", "red_green"], ["shift"], axis=1),
        helper.make_node("Unsqueeze", ["shift", "middle"], ["shifts"]),
        helper.make_node("Mul", ["shifts", "ten"], ["shifts_px"]),
        helper.make_node("Add", ["known_points", "shifts_px"], ["points"]),
    ]
    constants = {
        "known_points": POINTS[None],
        "red_green": np.array([0, 1]),
        "middle": np.array([1]),
        "ten": np.full(1, 10, np.float32),
    }
    return _model(nodes, constants, ("crops", ("N", 96, 96, 3)), {"points": ("N", 6, 2), "confidence": ("N", 3)})


def _mean_of(name: str) -> list[Any]:
    """Nodes that give "mean": each channel's mean over the picture, 0 to 1, [N, 3].

    Row by row: the sum over a whole picture would pass the whole numbers that float32 can hold.
    """
    return [
        helper.make_node("Cast", [name], ["values"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["values"], ["row_means"], axes=(2,), keepdims=0),
        helper.make_node("ReduceMean", ["row_means"], ["mean_255"], axes=(1,), keepdims=0),
        helper.make_node("Div", ["mean_255", "full"], ["mean_1"]),
        # A convolution that changes nothing, so that there is something to halve.
        helper.make_node("Unsqueeze", ["mean_1", "plane"], ["mean_plane"]),
        helper.make_node("Conv", ["mean_plane", "same"], ["same_plane"]),
        helper.make_node("Squeeze", ["same_plane", "plane"], ["mean"]),
    ]


def _model(
    nodes: list[Any],
    constants: dict[str, Any],
    given: tuple[str, Sequence[int | str]],
    outputs: dict[str, Sequence[int | str]],
) -> bytes:
    same = np.eye(3, dtype=np.float32)[..., None, None]
    constants = {"full": np.full(1, 255, np.float32), "plane": np.array([2, 3]), "same": same, **constants}
    graph = helper.make_graph(
        nodes,
        "known",
        [helper.make_tensor_value_info(given[0], TensorProto.UINT8, given[1])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content
