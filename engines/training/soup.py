"""One detector out of several trainings that began alike: the mean of their weights.

    python -m engines.training.soup --out build/detector build/detector_a build/detector_b

Trainings from the same start with different seeds end in one basin, and the middle of it carries over better to
pictures that none has seen than each of them does (Wortsman 2022, arXiv 2203.05482). It costs nothing at run time. The
averaged detector is calibrated and exported like a trained one; its run.json lists the trainings.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engines.training.calibration import calibrate_scores
from engines.training.detector import detect_with
from engines.training.detector_net import DetectorNet
from engines.training.device import pick_device
from engines.training.export import export_detector
from engines.training.provenance import git_commit


def mean_weights(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each tensor; counters, which are no weights, as the first has them."""
    first = states[0]
    return {
        name: torch.stack([state[name].double() for state in states]).mean(dim=0).to(value.dtype)
        if value.dtype.is_floating_point
        else value
        for name, value in first.items()
    }


def cook(folders: list[Path], out: Path, calibration_images: int = 150) -> Path:
    """The exported ONNX file of the averaged detector."""
    states = [torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True) for folder in folders]
    device = pick_device()
    net = DetectorNet().to(device, memory_format=torch.channels_last).eval().requires_grad_(False)
    net.load_state_dict(mean_weights([state["average"] for state in states]))
    out.mkdir(parents=True, exist_ok=True)
    calibration = calibrate_scores(detect_with(net, device), calibration_images)
    (out / "run.json").write_text(json.dumps(_run(folders, states, vars(calibration)), indent=2) + "\n")
    # What a training keeps of itself, so that a mean can go into another.
    kept = {name: sum(state[name] for state in states) for name in ("step", "elapsed_s")}
    torch.save({"average": net.state_dict(), **kept}, out / "checkpoint.pt")
    return export_detector(net, out / "detector.onnx", calibration)


def _run(folders: list[Path], states: list[dict[str, Any]], calibration: dict[str, Any]) -> dict[str, Any]:
    runs = [_described(folder, state) for folder, state in zip(folders, states, strict=True)]
    return {
        "command": f"python -m engines.training.soup {' '.join(folder.name for folder in folders)}",
        "git_commit": git_commit(),
        "images": max(run.get("images", 0) for run in runs),
        "steps": sum(run["steps"] for run in runs),
        "averaged": runs,
        "calibration": calibration,
    }


def _described(folder: Path, state: dict[str, Any]) -> dict[str, Any]:
    """What is known of a training; one that still runs has no run.json."""
    path = folder / "run.json"
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return {**known, "steps": int(state["step"]), "minutes_so_far": round(state["elapsed_s"] / 60, 1)}


def main() -> None:
    """Average from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("folders", type=Path, nargs="+", help="of detector runs")
    parser.add_argument("--calibration-images", type=int, default=150)
    args = parser.parse_args()
    print(cook(args.folders, args.out, args.calibration_images))


if __name__ == "__main__":
    main()
