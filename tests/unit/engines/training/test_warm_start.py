"""Exported weights as the beginning of another training: nothing that was learnt is lost. Needs the train extra."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from engines.training.detector_net import DetectorNet  # noqa: E402
from engines.training.exported import rebuild_detector, rebuild_keypoints, rebuild_vessels, renormalise  # noqa: E402
from engines.training.warm_start import deepen  # noqa: E402

WEIGHTS = Path(__file__).parents[4] / "engines" / "weights"


def _images(count: int, height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand((count, 3, height // 16, width // 16), generator=generator) * 255
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    return smooth.permute(0, 2, 3, 1).to(torch.uint8)


def test_statistics_measured_again_change_no_answer_and_hold_in_training_mode() -> None:
    net, _ = rebuild_detector(WEIGHTS / "detector.onnx")
    images = _images(8, 96, 128)
    with torch.no_grad():
        before = net.eval()(images).found
        renormalise(net, images)
        after = net.eval()(images).found
        training = net.train()(images).found  # normalised by the very images that were measured
    assert float(before.std()) > 0.1
    assert torch.allclose(before, after, atol=1e-3)
    assert torch.allclose(before, training, atol=0.05)


def test_shipped_keypoint_network_is_rebuilt_to_the_last_answer() -> None:
    net = rebuild_keypoints(WEIGHTS / "keypoints.onnx")  # compares its answers with the file's
    renormalise(net, _images(8, 96, 96))
    assert float(net.stage16[0][1].running_var.std()) > 0


def test_shipped_vessel_head_is_rebuilt_to_the_last_answer() -> None:
    net = rebuild_vessels(WEIGHTS / "vessels.onnx")  # compares its answers with the file's
    images = _images(2, 480, 640)
    with torch.no_grad():
        before = net(images)
        renormalise(net, images)
        assert torch.allclose(before, net(images), atol=1e-3)


def test_deeper_network_begins_with_the_answers_of_the_shallow_one() -> None:
    torch.manual_seed(0)
    shallow, deep = DetectorNet(depths=(1, 1, 1)).eval(), DetectorNet(depths=(1, 3, 2)).eval()
    images = _images(1, 96, 128)
    with torch.no_grad():
        wanted = shallow(images)
        assert not torch.allclose(deep(images).found, wanted.found)
        deepen(shallow, deep)
        answer = deep(images)
    assert torch.equal(answer.found, wanted.found)
    assert torch.equal(answer.boxes, wanted.boxes)
