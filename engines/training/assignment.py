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


@dataclass(frozen=True)
class _Pairs:
    """Boxes and the cells whose centres they contain: P pairs, so that the rest of the M * N is never computed.

    Attributes:
        box, image, cell: int64 [P], index into the M boxes of the batch, image and cell.
        overlap, alignment: float32 [P].
    """

    box: Tensor
    image: Tensor
    cell: Tensor
    overlap: Tensor
    alignment: Tensor

    def where(self, kept: Tensor) -> "_Pairs":
        """The pairs with True in `kept`."""
        return _Pairs(self.box[kept], self.image[kept], self.cell[kept], self.overlap[kept], self.alignment[kept])


def assign(boxes: Tensor, found: Tensor, centres: Tensor, targets: BatchTargets) -> Assignment:
    """Give each target its best-aligned cells; a cell wanted by two goes to the one it overlaps more.

    Args:
        boxes: [B, N, 4] as the network predicts them now.
        found: [B, N, 2] probabilities, capillary and haemorrhage.
        centres: [N, 2] of the cells.
    """
    with torch.no_grad():
        image, slot = targets.is_target.nonzero(as_tuple=True)
        pairs = _best_pairs(
            _pairs(boxes, found, centres, (targets.boxes[image, slot], targets.kind[image, slot], image))
        )
        shape = boxes.shape[:2]
        flat = pairs.image * shape[1] + pairs.cell
        box_index = torch.zeros(shape[0] * shape[1], dtype=torch.int64, device=boxes.device)
        quality = torch.zeros(shape[0] * shape[1], device=boxes.device)
        box_index[flat], quality[flat] = slot[pairs.box], _quality(pairs, len(slot))
        is_positive = torch.zeros_like(box_index, dtype=torch.bool).index_fill_(0, flat, True).view(shape)
        counts = _counts(targets, centres, is_positive)
        return Assignment(is_positive, box_index.view(shape), quality.view(shape), counts)


def paired_iou(first: Tensor, second: Tensor) -> Tensor:
    """Boxes [P, 4] against boxes [P, 4], pixel edges: [P]."""
    size = (torch.minimum(first[:, 2:], second[:, 2:]) - torch.maximum(first[:, :2], second[:, :2])).clamp(min=0)
    areas = (first[:, 2:] - first[:, :2]).prod(dim=1) + (second[:, 2:] - second[:, :2]).prod(dim=1)
    intersection = size.prod(dim=1)
    return intersection / (areas - intersection + 1e-6)


def _pairs(boxes: Tensor, found: Tensor, centres: Tensor, wanted: tuple[Tensor, Tensor, Tensor]) -> _Pairs:
    """All pairs of targets (boxes [M, 4], kinds [M], images [M]) and cells inside them."""
    target, kind, image_of = wanted
    box, cell = _contains(_inflate(target), centres).nonzero(as_tuple=True)
    image = image_of[box]
    overlap = paired_iou(target[box], boxes[image, cell])
    score = found[image, cell, kind[box]]
    return _Pairs(box, image, cell, overlap, score**SCORE_POWER * overlap**IOU_POWER)


def _best_pairs(pairs: _Pairs) -> _Pairs:
    """At most TOP_CELLS pairs a box, and of those one a cell."""
    count = int(pairs.box.max()) + 1 if len(pairs.box) else 0
    order = torch.argsort(pairs.alignment, descending=True, stable=True)
    order = order[torch.argsort(pairs.box[order], stable=True)]
    starts = torch.searchsorted(pairs.box[order], torch.arange(count, device=order.device))
    rank = torch.arange(len(order), device=order.device) - starts[pairs.box[order]]
    top = pairs.where(order[rank < TOP_CELLS])
    # Least overlap first, so that of equal cells the last written, the largest overlap, wins.
    by_overlap = top.where(torch.argsort(top.overlap, stable=True))
    key = by_overlap.image * (int(by_overlap.cell.max()) + 1 if count else 1) + by_overlap.cell
    winner = torch.full((int(key.max()) + 1 if count else 1,), -1, device=key.device)
    position = torch.arange(len(key), device=key.device)
    winner = winner.scatter_reduce(0, key, position, "amax")
    return by_overlap.where(winner[key] == position)


def _inflate(boxes: Tensor) -> Tensor:
    """The same centres, at least MIN_TARGET_PX on each side."""
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    half = ((boxes[..., 2:] - boxes[..., :2]) / 2).clamp(min=MIN_TARGET_PX / 2)
    return torch.cat([centre - half, centre + half], dim=-1)


def _contains(boxes: Tensor, centres: Tensor) -> Tensor:
    """Boxes [M, 4] against centres [N, 2]: bool [M, N]."""
    x, y = centres[:, 0], centres[:, 1]
    x0, y0, x1, y1 = (boxes[:, i, None] for i in range(4))
    return (x > x0) & (x < x1) & (y > y0) & (y < y1)


def _quality(pairs: _Pairs, count: int) -> Tensor:
    """Alignment scaled so that the best cell of each box is asked for the box's best IoU."""
    best = torch.zeros(2, count, device=pairs.overlap.device)
    best[0].scatter_reduce_(0, pairs.box, pairs.alignment, "amax")
    best[1].scatter_reduce_(0, pairs.box, pairs.overlap, "amax")
    return pairs.alignment / (best[0, pairs.box] + 1e-9) * best[1, pairs.box]


def _counts(targets: BatchTargets, centres: Tensor, is_positive: Tensor) -> Tensor:
    counts = torch.ones(*is_positive.shape, 2, device=is_positive.device)
    image, slot = targets.is_ignored.nonzero(as_tuple=True)
    box, cell = _contains(targets.boxes[image, slot], centres).nonzero(as_tuple=True)
    counts[image[box], cell, targets.kind[image, slot][box]] = 0.0
    counts[is_positive] = 1.0
    return counts
