"""A shipped detector as a network that can be trained further: what the export folded is unfolded, nothing is lost."""

import itertools
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from appliance.domain.errors import InferenceError
from engines.training.calibration import Calibration
from engines.training.detector_net import DetectorForExport, DetectorNet

MAX_DIFFERENCE = 1e-3
"""Between the scores of the file and of the rebuilt network."""


def rebuild_detector(path: Path) -> tuple[DetectorNet, Calibration]:
    """The network of an exported detector and the calibration of its scores.

    Its batch normalisations keep the export's statistics, which are none: they stay in evaluation mode for good and
    only scale and shift.

    Raises:
        InferenceError: the file holds another network than this software trains.
    """
    graph = onnx.load(str(path)).graph
    values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    net = DetectorNet().eval()
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    convolutions = _in_order_of_use(net)
    if len(nodes) != len(convolutions) or not {"slopes", "offsets"} <= values.keys():
        raise _foreign(path, f"{len(nodes)} convolutions, {len(convolutions)} expected")
    norms = _norm_of(net)
    with torch.no_grad():
        for node, convolution in zip(nodes, convolutions, strict=True):
            weight, bias = (torch.from_numpy(np.array(values[name])) for name in node.input[1:3])
            if weight.shape != convolution.weight.shape:
                raise _foreign(path, f"a convolution of {tuple(weight.shape)}")
            convolution.weight.copy_(weight)
            _carry(bias, convolution, norms.get(convolution))
    slopes, offsets = (tuple(float(value) for value in values[name]) for name in ("slopes", "offsets"))
    calibration = Calibration((slopes[0], slopes[1]), (offsets[0], offsets[1]))
    _require_same(net, calibration, path)
    return net, calibration


def freeze_norms(net: nn.Module) -> nn.Module:
    """The network with every batch normalisation in evaluation mode."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return net


def _in_order_of_use(net: DetectorNet) -> list[nn.Conv2d]:
    used: list[nn.Conv2d] = []
    hooks = [
        module.register_forward_hook(lambda module, _inputs, _output: used.append(module))
        for module in net.modules()
        if isinstance(module, nn.Conv2d)
    ]
    with torch.no_grad():
        net(torch.zeros(1, 64, 64, 3, dtype=torch.uint8))
    for hook in hooks:
        hook.remove()
    return used


def _norm_of(net: nn.Module) -> dict[nn.Conv2d, nn.BatchNorm2d]:
    """Which normalisation follows which convolution."""
    pairs: dict[nn.Conv2d, nn.BatchNorm2d] = {}
    for module in net.modules():
        if isinstance(module, nn.Sequential):
            children = list(module)
            for first, second in itertools.pairwise(children):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    pairs[first] = second
    return pairs


def _carry(bias: torch.Tensor, convolution: nn.Conv2d, norm: nn.BatchNorm2d | None) -> None:
    """Put the folded bias where the network has one; its normalisation then changes nothing else."""
    if norm is None:
        convolution.bias.copy_(bias)
        return
    norm.running_mean.zero_()
    norm.running_var.fill_(1.0 - norm.eps)
    norm.weight.fill_(1.0)
    norm.bias.copy_(bias)


def _require_same(net: DetectorNet, calibration: Calibration, path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (1, 480, 640, 3), dtype=np.uint8)
    with torch.no_grad():
        ours = DetectorForExport(net, calibration).eval()(torch.from_numpy(image))[1].numpy()
    if (difference := float(np.abs(ours - _scores_of(path, image)).max())) > MAX_DIFFERENCE:
        raise _foreign(path, f"scores that differ by {difference:.3f}")


def _scores_of(path: Path, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    import onnxruntime as ort  # noqa: PLC0415  # heavy, and only for this check

    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["class_scores"], {"image": image})[0])


def _foreign(path: Path, what: str) -> InferenceError:
    return InferenceError(
        f"{path} is another network than this software trains: {what}", "Name the shipped weights, or train anew."
    )
