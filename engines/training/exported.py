"""Shipped networks as ones that can be trained further: what the export folded is unfolded, nothing is lost."""

import itertools
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from appliance.domain.errors import InferenceError
from engines.training.calibration import ScoreCalibration
from engines.training.detector_net import DetectorForExport, DetectorNet
from engines.training.keypoint_net import CROP_PX, KeypointNet, KeypointsForExport
from engines.training.vessel_net import VesselHead, VesselsForExport

MAX_DIFFERENCE = 1e-3
"""Between the answers of the file and of the rebuilt network."""


def rebuild_detector(path: Path, net: DetectorNet | None = None) -> tuple[DetectorNet, ScoreCalibration]:
    """The network of an exported detector and the calibration of its scores.

    Its batch normalisations keep the export's statistics, which are none: as they are they only scale and shift, and
    stay in evaluation mode (`freeze_norms`), unless they are given statistics again (`renormalise`).

    Args:
        net: of the file's architecture; a new DetectorNet when None.

    Raises:
        InferenceError: the file holds another network.
    """
    net = DetectorNet() if net is None else net
    image = np.random.default_rng(0).integers(0, 256, (1, 480, 640, 3), dtype=np.uint8)
    values = _refill(net.eval(), path, torch.from_numpy(image))
    if not {"slopes", "offsets"} <= values.keys():
        raise _foreign(path, "no calibration of its scores")
    slopes, offsets = (tuple(float(value) for value in values[name]) for name in ("slopes", "offsets"))
    calibration = ScoreCalibration((slopes[0], slopes[1]), (offsets[0], offsets[1]))
    with torch.no_grad():
        ours = DetectorForExport(net, calibration).eval()(torch.from_numpy(image))[1].numpy()
    _require_same(ours, _answer_of(path, "class_scores", {"image": image}), path)
    return net, calibration


def rebuild_keypoints(path: Path, net: KeypointNet | None = None) -> KeypointNet:
    """The network of an exported keypoint estimator; see rebuild_detector."""
    net = KeypointNet() if net is None else net
    net.eval()
    crops = np.random.default_rng(0).integers(0, 256, (2, CROP_PX, CROP_PX, 3), dtype=np.uint8)
    _refill(net, path, torch.from_numpy(crops))
    with torch.no_grad():
        ours = KeypointsForExport(net).eval()(torch.from_numpy(crops))[1].numpy()
    _require_same(ours, _answer_of(path, "confidence", {"crops": crops}), path)
    return net


def rebuild_vessels(path: Path) -> VesselsForExport:
    """The vessel head of the file over the trunk that lies in it; see rebuild_detector."""
    net = VesselsForExport(DetectorNet(), VesselHead())
    net.eval()
    image = np.random.default_rng(0).integers(0, 256, (1, 480, 640, 3), dtype=np.uint8)
    _refill(net, path, torch.from_numpy(image))
    with torch.no_grad():
        ours = net(torch.from_numpy(image)).numpy()
    _require_same(ours, _answer_of(path, "vessels", {"image": image}), path)
    return net


def freeze_norms(net: nn.Module) -> nn.Module:
    """The network with every batch normalisation in evaluation mode."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return net


def renormalise(net: nn.Module, images: Tensor) -> None:
    """Give a rebuilt network's batch normalisations the statistics of `images`; what it answers stays the same.

    Only then can it be trained as one that never was exported: normalisations in training mode measure a batch anew,
    and these then find about what they already hold.

    Args:
        images: uint8 [N, H, W, 3], as the training shows them.
    """
    norms = _norm_of(net)
    sums = {conv: torch.zeros(2, conv.out_channels, dtype=torch.float64) for conv in norms}
    counts = dict.fromkeys(norms, 0)

    def count(conv: nn.Conv2d, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        values = output.transpose(0, 1).flatten(1).double()
        sums[conv] += torch.stack([values.sum(dim=1), values.square().sum(dim=1)])
        counts[conv] += values.shape[1]

    hooks = [conv.register_forward_hook(count) for conv in norms]
    with torch.no_grad():
        for batch in images.split(8):
            net.eval()(batch)
        for conv, norm in norms.items():
            mean, square = sums[conv] / counts[conv]
            variance = (square - mean.square()).clamp(min=1e-8)
            # y = x * scale + shift before; the same scale and shift now undo what the statistics do.
            scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
            shift = norm.bias.double() - norm.running_mean.double() * scale
            norm.weight.copy_(scale * (variance + norm.eps).sqrt())
            norm.bias.copy_(shift + mean * scale)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
    for hook in hooks:
        hook.remove()


def _refill(net: nn.Module, path: Path, example: Tensor) -> dict[str, NDArray[np.generic]]:
    """Put the file's weights into `net`; all constants of the file by name."""
    graph = onnx.load(str(path)).graph
    values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    nodes = [node for node in graph.node if node.op_type in {"Conv", "Gemm"}]
    layers = _in_order_of_use(net, example)
    if len(nodes) != len(layers):
        raise _foreign(path, f"{len(nodes)} layers, {len(layers)} expected")
    norms = _norm_of(net)
    with torch.no_grad():
        for node, layer in zip(nodes, layers, strict=True):
            weight, bias = (torch.from_numpy(np.array(values[name])) for name in node.input[1:3])
            if weight.shape != layer.weight.shape:
                raise _foreign(path, f"a layer of {tuple(weight.shape)}")
            layer.weight.copy_(weight)
            _carry(bias, layer, norms.get(layer))
    return values


def _in_order_of_use(net: nn.Module, example: Tensor) -> list[nn.Module]:
    used: list[nn.Module] = []
    hooks = [
        module.register_forward_hook(lambda module, _inputs, _output: used.append(module))
        for module in net.modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    with torch.no_grad():
        net(example)
    for hook in hooks:
        hook.remove()
    return used


def _norm_of(net: nn.Module) -> dict[nn.Module, nn.BatchNorm2d]:
    """Which normalisation follows which convolution."""
    pairs: dict[nn.Module, nn.BatchNorm2d] = {}
    for module in net.modules():
        if isinstance(module, nn.Sequential):
            children = list(module)
            for first, second in itertools.pairwise(children):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    pairs[first] = second
    return pairs


def _carry(bias: Tensor, layer: nn.Module, norm: nn.BatchNorm2d | None) -> None:
    """Put the folded bias where the network has one; its normalisation then changes nothing else."""
    if norm is None:
        layer.bias.copy_(bias)
        return
    norm.running_mean.zero_()
    norm.running_var.fill_(1.0 - norm.eps)
    norm.weight.fill_(1.0)
    norm.bias.copy_(bias)


def _require_same(ours: NDArray[np.float32], theirs: NDArray[np.float32], path: Path) -> None:
    if (difference := float(np.abs(ours - theirs).max())) > MAX_DIFFERENCE:
        raise _foreign(path, f"answers that differ by {difference:.3f}")


def _answer_of(path: Path, output: str, inputs: dict[str, NDArray[np.uint8]]) -> NDArray[np.float32]:
    import onnxruntime as ort  # noqa: PLC0415  # heavy, and only for this check

    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run([output], inputs)[0])


def _foreign(path: Path, what: str) -> InferenceError:
    return InferenceError(
        f"{path} is another network than this software trains: {what}", "Name the shipped weights, or train anew."
    )
