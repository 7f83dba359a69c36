"""Detector and vessel head trained together: who learns from what. Needs the train extra."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch

from engines.synthetic.column import UNKNOWN
from engines.training.detector_net import DetectorNet
from engines.training.detector_samples import Targets
from engines.training.joint import collate, loss_on, started
from engines.training.vessel_net import JointNet, VesselHead

BOXED = Targets(
    boxes=np.array([[100, 60, 140, 180]], np.float32),
    kind=np.zeros(1, np.int64),
    morphology=np.zeros(1, np.int64),
    size=np.zeros(1, np.int64),
    is_ignored=np.zeros(1, bool),
)
UNDRAWN = np.full((72, 96), UNKNOWN, np.uint8)


def image(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (288, 384, 3), dtype=np.uint8)


@pytest.fixture
def net() -> JointNet:
    torch.manual_seed(1)
    return JointNet(DetectorNet(), VesselHead()).eval()


def test_a_retina_teaches_the_mask_alone(net: JointNet) -> None:
    loss_of = loss_on(net, torch.device("cpu"))
    with torch.no_grad():
        _, alone = loss_of(collate([(image(1), BOXED, UNDRAWN)]))
        mask = np.zeros((72, 96), np.uint8)
        mask[20:40, 20:40] = 4
        _, both = loss_of(collate([(image(2), None, mask), (image(1), BOXED, UNDRAWN)]))
    for part in ("found", "box", "morphology", "size"):
        assert both[part] == pytest.approx(alone[part], rel=0.05)
    assert alone["entropy"] == 0
    assert both["entropy"] > 0


def test_it_begins_with_the_weights_of_both(net: JointNet, tmp_path: Path) -> None:
    torch.save({"average": net.detector.state_dict()}, tmp_path / "detector.pt")
    torch.save({"average": net.head.state_dict()}, tmp_path / "head.pt")
    begun = started(tmp_path / "detector.pt", tmp_path / "head.pt").state_dict()
    assert all(torch.equal(value, begun[name]) for name, value in net.state_dict().items())
