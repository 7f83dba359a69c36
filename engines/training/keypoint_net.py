"""The keypoint network: six end points by integral regression over heatmaps, and whether each width can be seen."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.training.layers import ConvNormAct, normalise, stage

CROP_PX = 96
CELLS = 24
CELL_PX = CROP_PX / CELLS
WIDTHS = ("apical", "arterial", "venous")
DEPTHS = (1, 1, 2)
"""Residual blocks at strides 4, 8 and 16. One more at strides 4 and 8 each: 16 loops would take 13.3 ms of the 12 they
have, for an apical error 1 % smaller (docs/decisions, 2026-11-28)."""


LEAST_SPREAD = 0.15
"""Standard deviation to which a flat crop is stretched, 10 levels: of rendered crops a fifth have less."""
MOST_STRETCH = 12.0


def see_stretched(crops: Tensor) -> Tensor:
    """Levels about zero, float32 [N, 3, H, W], of crops uint8 RGB [N, H, W, 3]; a flat crop's contrast is raised.

    Every level of a crop is moved away from its channel's mean by one factor, so edges stay where they are.
    """
    levels = normalise(crops)
    mean = levels.mean(dim=(2, 3), keepdim=True)
    about = levels - mean
    spread = (about.square().mean(dim=(1, 2, 3), keepdim=True) + 1e-6).sqrt()
    return about * (LEAST_SPREAD / spread).clamp(1.0, MOST_STRETCH) + mean


class KeypointOutput(NamedTuple):
    """What the network says of B crops.

    Attributes:
        points: float32 [B, 6, 2], x, y in crop pixels (origin at the centre of the first one): apical outer and inner,
            left limb left and right end, right limb left and right end.
        heat: [B, 6, CELLS * CELLS] log probabilities over the cells.
        visible: [B, 3] logits: the apical width, the left and the right limb can be measured.
        left_is_arterial: [B] logits.
    """

    points: Tensor
    heat: Tensor
    visible: Tensor
    left_is_arterial: Tensor


class KeypointNet(nn.Module):  # type: ignore[misc]  # torch has no types here
    """Encoder to stride 16 and back to stride 4.

    The limbs are found as left and right, since the picture settles that and a heatmap with one peak on each limb would
    average to a point between them; which of the two is arterial is a separate answer.

    Args:
        widths: channels at strides 2, 4, 8 and 16.
        depths: residual blocks at strides 4, 8 and 16.
        see: what the first convolution gets of the crops; older files saw plain levels (`layers.normalise`).
    """

    def __init__(
        self,
        widths: tuple[int, int, int, int] = (16, 24, 48, 96),
        depths: tuple[int, int, int] = DEPTHS,
        see: Callable[[Tensor], Tensor] = see_stretched,
    ) -> None:
        super().__init__()
        self.see = see
        w2, w4, w8, w16 = widths
        self.stem = ConvNormAct(3, w2, stride=2)
        self.stage4, self.stage8 = stage(w2, w4, depths[0]), stage(w4, w8, depths[1])
        self.stage16 = stage(w8, w16, depths[2])
        self.lateral16, self.lateral8, self.lateral4 = (ConvNormAct(w, w8, 1) for w in (w16, w8, w4))
        self.up8, self.up4 = ConvNormAct(w8, w8), ConvNormAct(w8, w8)
        self.heat = nn.Conv2d(w8, 2 * len(WIDTHS), 1)
        self.shift = nn.Conv2d(w8, 2 * 2 * len(WIDTHS), 1)
        self.judge = nn.Sequential(ConvNormAct(w16, w8, 1), nn.Flatten(), nn.Linear(w8 * 36, 64), nn.ReLU())
        self.answers = nn.Linear(64, len(WIDTHS) + 1)
        centres = (torch.arange(CELLS) + 0.5) * CELL_PX - 0.5
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        self.register_buffer("cells", torch.stack([x.flatten(), y.flatten()], dim=1), persistent=False)
        for head in (self.heat, self.shift):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)

    def forward(self, crops: Tensor) -> KeypointOutput:
        """uint8 RGB [B, 96, 96, 3]."""
        f4 = self.stage4(self.stem(self.see(crops)))
        f8 = self.stage8(f4)
        f16 = self.stage16(f8)
        u8 = self.up8(self.lateral8(f8) + F.interpolate(self.lateral16(f16), scale_factor=2.0, mode="nearest"))
        u4 = self.up4(self.lateral4(f4) + F.interpolate(u8, scale_factor=2.0, mode="nearest"))
        heat = self.heat(u4).float().flatten(2).log_softmax(dim=-1)
        shift = self.shift(u4).float().unflatten(1, (2 * len(WIDTHS), 2)).flatten(3)
        answers = self.answers(self.judge(f16)).float()
        weight = heat.exp()
        # Expected cell plus the expected correction of the cells that matter: finer than the grid.
        points = weight @ self.cells + (weight[:, :, None] * shift).sum(dim=-1) * CELL_PX
        return KeypointOutput(points, heat, answers[:, :3], answers[:, 3])


class KeypointsForExport(nn.Module):  # type: ignore[misc]  # torch has no types here
    """The network with the outputs of the device: points in the order apical, arterial, venous, and confidence."""

    def __init__(self, net: KeypointNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        out = self.net(crops)
        return arrange(out)


def arrange(out: KeypointOutput) -> tuple[Tensor, Tensor]:
    """Left and right limb as arterial and venous: points [B, 6, 2] and confidence [B, 3]."""
    seen = out.visible.sigmoid()
    is_left = (out.left_is_arterial > 0).float()[:, None]
    is_left_point = is_left[:, None]
    apical, left, right = out.points[:, :2], out.points[:, 2:4], out.points[:, 4:]
    arterial = left * is_left_point + right * (1 - is_left_point)
    venous = right * is_left_point + left * (1 - is_left_point)
    arterial_seen = seen[:, 1:2] * is_left + seen[:, 2:] * (1 - is_left)
    venous_seen = seen[:, 2:] * is_left + seen[:, 1:2] * (1 - is_left)
    points = torch.cat([apical, arterial, venous], dim=1)
    return points, torch.cat([seen[:, :1], arterial_seen, venous_seen], dim=1)
