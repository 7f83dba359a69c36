"""What the detector is punished for."""

import torch
from torch import Tensor
from torch.nn import functional as F

from engines.training.assignment import Assignment, BatchTargets, assign
from engines.training.detector_net import DetectorOutput

BOX_WEIGHT, MORPHOLOGY_WEIGHT, SIZE_WEIGHT = 4.0, 0.5, 0.3
MORPHOLOGY_BALANCE = (1.0, 1.5, 2.0, 1.5)
"""Rare shapes count more: normal loops are four fifths of all (Gracia Tello 2022)."""


def detector_loss(output: DetectorOutput, targets: BatchTargets) -> tuple[Tensor, dict[str, float]]:
    """Sum of the four losses, and each part for the log.

    Found: binary cross entropy against the assigned quality, ignored cells left out. Box: CIoU (Zheng 2020). Shape
    and size: cross entropy on the cells of capillaries alone. All are weighted by quality and divided by its sum.
    """
    answer = assign(output.boxes.detach(), output.found.detach().sigmoid(), output.centres, targets)
    total = answer.quality.sum().clamp(min=1.0)
    found = _found_loss(output, targets, answer) / total
    box, morphology, size = (part / total for part in _positive_losses(output, targets, answer))
    loss = found + BOX_WEIGHT * box + MORPHOLOGY_WEIGHT * morphology + SIZE_WEIGHT * size
    parts = {"found": found, "box": box, "morphology": morphology, "size": size}
    return loss, {name: float(part.detach()) for name, part in parts.items()}


def _found_loss(output: DetectorOutput, targets: BatchTargets, answer: Assignment) -> Tensor:
    kind = F.one_hot(targets.kind.gather(1, answer.box_index), 2)
    wanted = kind * answer.quality[..., None]
    losses = F.binary_cross_entropy_with_logits(output.found, wanted, reduction="none")
    return (losses * answer.counts).sum()


def _positive_losses(
    output: DetectorOutput, targets: BatchTargets, answer: Assignment
) -> tuple[Tensor, Tensor, Tensor]:
    batch, cell = answer.is_positive.nonzero(as_tuple=True)
    index = answer.box_index[batch, cell]
    weight = answer.quality[batch, cell]
    box = ((1 - complete_iou(output.boxes[batch, cell], targets.boxes[batch, index])) * weight).sum()
    weight = weight * (targets.kind[batch, index] == 0)
    balance = torch.tensor(MORPHOLOGY_BALANCE, device=weight.device)
    shapes = F.cross_entropy(
        output.morphology[batch, cell], targets.morphology[batch, index], weight=balance, reduction="none"
    )
    sizes = F.cross_entropy(output.size[batch, cell], targets.size[batch, index], reduction="none")
    return box, (shapes * weight).sum(), (sizes * weight).sum()


def complete_iou(predicted: Tensor, wanted: Tensor) -> Tensor:
    """IoU less the penalties for distance and aspect (Zheng 2020, arXiv 1911.08287); [N, 4] each, pixel edges: [N]."""
    p_size, w_size = predicted[:, 2:] - predicted[:, :2], wanted[:, 2:] - wanted[:, :2]
    overlap = torch.minimum(predicted[:, 2:], wanted[:, 2:]) - torch.maximum(predicted[:, :2], wanted[:, :2])
    intersection = overlap.clamp(min=0).prod(dim=1)
    iou = intersection / (p_size.prod(dim=1) + w_size.prod(dim=1) - intersection + 1e-6)
    hull = torch.maximum(predicted[:, 2:], wanted[:, 2:]) - torch.minimum(predicted[:, :2], wanted[:, :2])
    shift = (predicted[:, :2] + predicted[:, 2:] - wanted[:, :2] - wanted[:, 2:]) / 2
    distance = shift.square().sum(dim=1) / (hull.square().sum(dim=1) + 1e-6)
    angle = torch.atan(w_size[:, 0] / (w_size[:, 1] + 1e-6)) - torch.atan(p_size[:, 0] / (p_size[:, 1] + 1e-6))
    aspect = 4 / torch.pi**2 * angle.square()
    with torch.no_grad():
        trade_off = aspect / (1 - iou + aspect + 1e-6)
    return iou - distance - trade_off * aspect
