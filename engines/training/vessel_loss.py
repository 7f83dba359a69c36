"""What a vessel head is punished for: cross entropy of each cell, and what masks share (Dice)."""

from torch import Tensor
from torch.nn import functional as F

from engines.synthetic.column import UNKNOWN

QUARTERS = 4.0


def vessel_loss(logits: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Cross entropy plus one minus Dice over the batch, cells that teach nothing left out; and each part for the log.

    Args:
        logits: [B, h, w].
        mask: uint8 [B, h, w], quarters of each cell or UNKNOWN.
    """
    counts = (mask != UNKNOWN).float()
    wanted = mask.float() / QUARTERS * counts
    total = counts.sum().clamp(min=1.0)
    each = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    entropy = (each * counts).sum() / total
    chance = logits.sigmoid() * counts
    shared = (2 * (chance * wanted).sum() + 1) / (chance.sum() + wanted.sum() + 1)
    parts = {"entropy": float(entropy.detach()), "dice": float(shared.detach())}
    return entropy + (1 - shared), parts
