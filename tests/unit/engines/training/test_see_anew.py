"""Weights that learnt from plain levels go on with stretched crops in front of them."""

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

torch = pytest.importorskip("torch")

from engines.training.export import export_keypoints  # noqa: E402
from engines.training.keypoint_net import KeypointNet  # noqa: E402
from engines.training.layers import normalise  # noqa: E402
from engines.training.see_anew import see_anew  # noqa: E402


def answers(path: Path, crops: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["points"], {"crops": crops})[0])


def test_strong_crops_are_answered_as_before_and_the_training_is_still_told(tmp_path: Path) -> None:
    torch.manual_seed(0)
    old = tmp_path / "weights"
    net = KeypointNet(see=normalise).eval()
    with torch.no_grad():
        for tensor in (*net.parameters(), *(one for one in net.buffers() if one.dtype.is_floating_point)):
            tensor.add_(0.002 * torch.rand_like(tensor))  # as after a training, no two tensors are the same
        net.heat.weight *= 300  # a network that has something to say
    export_keypoints(net, old / "keypoints.onnx")
    training = {"command": "python -m somewhere", "notes": "Began so.", "figures": {"apical_mae_px": 1.0}}
    (old / "manifest.json").write_text(json.dumps({"engines": {"keypoints": {"training": training}}}))
    new = see_anew(old, tmp_path / "run")

    strong = np.random.default_rng(0).integers(60, 220, (2, 96, 96, 3), dtype=np.uint8)
    flat = (140 + (strong.astype(np.int16) - 140) // 12).astype(np.uint8)
    before, after = old / "keypoints.onnx", new
    changed = [float(np.abs(answers(after, crops) - answers(before, crops)).max()) for crops in (strong, flat)]
    assert changed[0] < 0.05  # pixels
    assert changed[1] > 5 * changed[0]

    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run["command"] == "python -m somewhere"
    assert run["notes"].startswith("Began so.")
    assert "figures" not in run
