"""Which cell is answerable for which box: task-aligned assignment (TOOD, Feng et al. 2021, arXiv 2108.07755)."""

from dataclasses import dataclass

import torch
from torch import Tensor

TOP_CELLS = 10
SCORE_POWER, IOU_POWER = 0.5, 6.0  # the exponents that YOLOv8 uses
MIN_TARGET_PX = 10.0
"""A box is at least this wide and high when cells are looked for, so that a thin limb still contains a centre."""


@dataclass(frozen=True)
class BatchTargets:
    """Targets of a batch, padded to G boxes.

    Attributes:
        boxes: float32 [B, G, 4] pixel edges.
        kind, morphology, size: int64 [B, G].
        is_target: bool [B, G], neither padding nor ignored.
        is_ignored: bool [B, G].
    """

    boxes: Tensor
    kind: Tensor
    morphology: Tensor
    size: Tensor
    is_target: Tensor
    is_ignored: Tensor


@dataclass(frozen=True)
class Assignment:
    """What each of N cells has to say.

    Attributes:
        is_positive: bool [B, N].
        box_index: int64 [B, N], index into G; 0 where not positive.
        quality: float32 [B, N], the score that a positive cell should give: 1 times its relative alignment and IoU.
        counts: float32 [B, N, 2], 0 where the cell lies in an ignored box of that kind and is not positive, else 1.
    """

    is_positive: Tensor
    box_index: Tensor
    quality: Tensor
    counts: Tensor


def assign(boxes: Tensor, found: Tensor, centres: Tensor, targets: BatchTargets) -> Assignment:
    """Give each target its best-aligned cells; a cell wanted by two goes to the one it overlaps more.

    Args:
        boxes: [B, N, 4] as the network predicts them now.
        found: [B, N, 2] probabilities, capillary and haemorrhage.
        centres: [N, 2] of the cells.
    """
    with torch.no_grad():
        return _assign(boxes, found, centres, targets)


def _assign(boxes: Tensor, found: Tensor, centres: Tensor, targets: BatchTargets) -> Assignment:
    overlaps = pairwise_iou(targets.boxes, boxes)
    scores = found.transpose(1, 2).gather(1, targets.kind[..., None].expand(-1, -1, found.shape[1]))
    inside = _contains(_inflate(targets.boxes), centres) & targets.is_target[..., None]
    alignment = scores**SCORE_POWER * overlaps**IOU_POWER * inside
    chosen = _top_cells(alignment, inside)
    shared_overlaps = torch.where(chosen, overlaps, torch.full_like(overlaps, -1.0))
    best, box_index = shared_overlaps.max(dim=1)
    is_positive = best >= 0
    owner = torch.zeros_like(chosen).scatter_(1, box_index[:, None], True) & chosen
    quality = _quality(alignment * owner, overlaps * owner)
    counts = _counts(targets, centres, is_positive)
    return Assignment(is_positive, box_index * is_positive, quality, counts)


def pairwise_iou(first: Tensor, second: Tensor) -> Tensor:
    """[B, G, 4] against [B, N, 4], pixel edges: [B, G, N]."""
    a, b = first[:, :, None], second[:, None]
    size = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    intersection = size[..., 0] * size[..., 1]
    area_a = (a[..., 2] - a[..., 0]) * (a[..., 3] - a[..., 1])
    area_b = (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])
    return intersection / (area_a + area_b - intersection + 1e-6)


def _inflate(boxes: Tensor) -> Tensor:
    """The same centres, at least MIN_TARGET_PX on each side."""
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    half = ((boxes[..., 2:] - boxes[..., :2]) / 2).clamp(min=MIN_TARGET_PX / 2)
    return torch.cat([centre - half, centre + half], dim=-1)


def _contains(boxes: Tensor, centres: Tensor) -> Tensor:
    x, y = centres[:, 0], centres[:, 1]
    x0, y0, x1, y1 = (boxes[..., i, None] for i in range(4))
    return (x > x0) & (x < x1) & (y > y0) & (y < y1)


def _top_cells(alignment: Tensor, inside: Tensor) -> Tensor:
    count = min(TOP_CELLS, alignment.shape[2])
    top = alignment.topk(count, dim=2).indices
    return torch.zeros_like(inside).scatter_(2, top, True) & inside


def _quality(alignment: Tensor, overlaps: Tensor) -> Tensor:
    """Alignment scaled so that the best cell of each box is asked for the box's best IoU."""
    best = alignment.amax(dim=2, keepdim=True)
    return (alignment / (best + 1e-9) * overlaps.amax(dim=2, keepdim=True)).amax(dim=1)


def _counts(targets: BatchTargets, centres: Tensor, is_positive: Tensor) -> Tensor:
    in_ignored = _contains(targets.boxes, centres) & targets.is_ignored[..., None]
    per_kind = [(in_ignored & (targets.kind == kind)[..., None]).any(dim=1) & ~is_positive for kind in range(2)]
    return 1.0 - torch.stack(per_kind, dim=-1).float()
