"""Put trained networks into engines/weights together with the manifest that the device checks.

    python -m engines.training.ship --detector build/detector --keypoints build/keypoints --weights engines/weights

The manifest says for each network what it takes and gives, its SHA-256, and how it was made. A role that is not named
keeps its files and its entry. `--vessels build/vessels` ships a layer, which layers.json vouches for.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import onnx

from appliance.inference.manifest import LAYERS, LAYERS_SCHEMA, SCHEMA
from engines.training.detector_net import CLASSES, SIZES
from engines.training.keypoint_net import CROP_PX

_DTYPES = {onnx.TensorProto.UINT8: "uint8", onnx.TensorProto.FLOAT: "float32"}
_MEANING: dict[str, dict[str, Any]] = {
    "detector": {"classes": list(CLASSES), "sizes": list(SIZES)},
    "keypoints": {"crop_px": CROP_PX},
    "vessels": {},
}


def ship(role: str, run_folder: Path, weights: Path, figures: dict[str, Any]) -> dict[str, Any]:
    """Copy `role`.onnx from the run's folder and write its entry into the manifest; the entry.

    Args:
        role: "detector", "keypoints", or a layer: "vessels".
        figures: what evaluation measured, kept beside the weights it was measured on.
    """
    weights.mkdir(parents=True, exist_ok=True)
    target = weights / f"{role}.onnx"
    shutil.copyfile(run_folder / target.name, target)
    entry = {
        "file": target.name,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        **_signature(target),
        **_MEANING[role],
        "training": {**json.loads((run_folder / "run.json").read_text()), "figures": figures},
    }
    is_layer = role in LAYERS
    path, list_name = (weights / "layers.json", "layers") if is_layer else (weights / "manifest.json", "engines")
    manifest = _read(path, {"schema": LAYERS_SCHEMA if is_layer else SCHEMA, list_name: {}})
    manifest[list_name][role] = entry
    path.write_text(json.dumps(manifest, indent=2) + "\n")
    return entry


def _signature(path: Path) -> dict[str, Any]:
    graph = onnx.load(str(path)).graph
    return {"input": _tensor(graph.input[0]), "outputs": [_tensor(value) for value in graph.output]}


def _tensor(value: Any) -> dict[str, Any]:
    tensor = value.type.tensor_type
    shape = [dim.dim_param or dim.dim_value for dim in tensor.shape.dim]
    return {"name": value.name, "dtype": _DTYPES[tensor.elem_type], "shape": shape}


def _read(path: Path, empty: dict[str, Any]) -> dict[str, Any]:
    if not path.exists():
        return empty
    manifest: dict[str, Any] = json.loads(path.read_text())
    return manifest


def main() -> None:
    """Ship from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detector", type=Path, help="folder of a detector run")
    parser.add_argument("--keypoints", type=Path, help="folder of a keypoint run")
    parser.add_argument("--vessels", type=Path, help="folder of a run of the vessel head")
    parser.add_argument("--weights", type=Path, default=Path("engines/weights"))
    parser.add_argument("--figures", type=Path, help="JSON of engines.evaluation, by role")
    args = parser.parse_args()
    figures = json.loads(args.figures.read_text()) if args.figures else {}
    named = {"detector": args.detector, "keypoints": args.keypoints, "vessels": args.vessels}
    for role, folder in named.items():
        if folder is not None:
            print(role, ship(role, folder, args.weights, figures.get(role, {}))["sha256"])


if __name__ == "__main__":
    main()
