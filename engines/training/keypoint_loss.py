"""What the keypoint network is punished for."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engines.training.keypoint_net import CELL_PX, KeypointOutput

POINT_WEIGHT, WIDTH_WEIGHT, HEAT_WEIGHT, VISIBLE_WEIGHT, SIDE_WEIGHT = 1.0, 3.0, 0.3, 0.5, 0.3
"""Widths are what is reported; where along a limb one is taken is a matter of taste, yet most of the points' error."""
HEAT_SIGMA_PX = 3.0
"""Spread of the wanted heat around a point: three quarters of a cell."""


@dataclass(frozen=True)
class KeypointBatch:
    """Samples of one batch, stacked; see KeypointSample.

    Attributes:
        crops: uint8 [B, 96, 96, 3].
        points: float32 [B, 6, 2].
        visible: float32 [B, 3].
        left_is_arterial: float32 [B], -1 unknown.
    """

    crops: Tensor
    points: Tensor
    visible: Tensor
    left_is_arterial: Tensor


def keypoint_loss(output: KeypointOutput, batch: KeypointBatch, cells: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Sum of the five losses, and each part for the log; widths that are not visible teach confidence alone.

    Args:
        cells: [CELLS * CELLS, 2] centres of the heat's cells in crop pixels.
    """
    seen = batch.visible.repeat_interleave(2, dim=1)
    count = seen.sum().clamp(min=1.0)
    point = ((output.points - batch.points).abs().sum(dim=-1) * seen).sum() / count
    width_error = (lengths(output.points) - lengths(batch.points)).abs()
    width = (width_error * batch.visible).sum() / batch.visible.sum().clamp(min=1.0)
    heat = (_heat_loss(output.heat, batch.points, cells) * seen).sum() / count
    visible = F.binary_cross_entropy_with_logits(output.visible, batch.visible)
    side = _side_loss(output.left_is_arterial, batch.left_is_arterial)
    loss = POINT_WEIGHT * point + WIDTH_WEIGHT * width + HEAT_WEIGHT * heat + VISIBLE_WEIGHT * visible
    parts = {"point": point, "width": width, "heat": heat, "visible": visible, "side": side}
    return loss + SIDE_WEIGHT * side, {name: float(part.detach()) for name, part in parts.items()}


def lengths(points: Tensor) -> Tensor:
    """Widths [B, 3] in crop pixels of points [B, 6, 2]."""
    difference = points[:, 0::2] - points[:, 1::2]
    return (difference.square().sum(dim=-1) + 1e-6).sqrt()


def _heat_loss(heat: Tensor, points: Tensor, cells: Tensor) -> Tensor:
    """Cross entropy [B, 6] against a Gaussian around each point."""
    squared = (cells[None, None] - points[:, :, None]).square().sum(dim=-1)
    wanted = torch.softmax(-squared / (2 * HEAT_SIGMA_PX**2), dim=-1)
    return -(wanted * heat).sum(dim=-1) / CELL_PX


def _side_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    known = (wanted >= 0).float()
    losses = F.binary_cross_entropy_with_logits(logits, wanted.clamp(min=0), reduction="none")
    return (losses * known).sum() / known.sum().clamp(min=1.0)
