"""The detector: an anchor-free convolutional network over strides 8, 16 and 32."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.training.calibration import ScoreCalibration
from engines.training.layers import ConvNormAct, Residual, stage
from engines.training.local_contrast import see_contrast

STRIDES = (8, 16, 32)
MORPHOLOGIES = ("normal", "tortuous", "ramified", "giant")
SIZES = ("normal", "enlarged", "giant")
CLASSES = (*MORPHOLOGIES, "haemorrhage")
DEPTHS = (1, 3, 2)
"""Residual blocks at strides 8, 16 and 32. What is around a loop (its row, the ground, its neighbours) is seen where
the strides are long, and a block costs least there."""

_FOUND_PRIOR = -4.0  # sigmoid 0.018: nearly every cell is background, so the loss starts small
_BOX_PRIOR = 2.0  # softplus 2.1 strides on each side


class DetectorOutput(NamedTuple):
    """What the network says of every cell of every stride, float32, N cells.

    Attributes:
        boxes: [B, N, 4], x0, y0, x1, y1 in input pixels, the image spanning 0 to width and 0 to height.
        found: [B, N, 2] logits, a capillary and a haemorrhage.
        morphology: [B, N, 4] logits over MORPHOLOGIES, given that it is a capillary.
        size: [B, N, 3] logits over SIZES, given that it is a capillary.
        centres: [N, 2] of the cells in input pixels.
        strides: [N].
    """

    boxes: Tensor
    found: Tensor
    morphology: Tensor
    size: Tensor
    centres: Tensor
    strides: Tensor


class Channels(NamedTuple):
    """How wide a detector is: channels at stride 2, at strides 4, 8, 16 and 32, and of neck and heads."""

    stem: int
    widths: tuple[int, int, int, int]
    neck: int


CHANNELS = {"small": Channels(16, (24, 48, 96, 128), 48), "wide": Channels(16, (32, 64, 128, 192), 64)}
"""What ships on every device, and 1.8 times its operations."""


class Shared(NamedTuple):
    """Features of the trunk and the neck: c4 [B, 24, H/4, W/4] near the pixels, the others [B, 48, ...] at strides 8,
    16 and 32, each of which knows what is around it."""

    c4: Tensor
    p8: Tensor
    p16: Tensor
    c32: Tensor


class DetectorNet(nn.Module):  # type: ignore[misc]  # torch has no types here
    """Trunk of four stages, a light path-aggregation neck, one head a stride.

    Args:
        channels: how wide it is, one of CHANNELS or another.
        depths: residual blocks at strides 8, 16 and 32.
        see: what the first convolution gets of the pictures; older files saw plain levels (`layers.normalise`).
    """

    def __init__(
        self,
        channels: Channels = CHANNELS["small"],
        depths: tuple[int, int, int] = DEPTHS,
        see: Callable[[Tensor], Tensor] = see_contrast,
    ) -> None:
        super().__init__()
        self.see = see
        stem, (w4, w8, w16, w32), neck = channels
        self.stem = nn.Sequential(ConvNormAct(3, stem, stride=2), stage(stem, w4, 0))
        self.stage8, self.stage16 = stage(w4, w8, depths[0]), stage(w8, w16, depths[1])
        self.stage32 = stage(w16, w32, depths[2])
        self.lateral8, self.lateral16 = ConvNormAct(w8, neck, 1), ConvNormAct(w16, neck, 1)
        self.lateral32 = ConvNormAct(w32, neck, 1)
        self.up16, self.up8 = ConvNormAct(neck, neck), ConvNormAct(neck, neck)
        self.down16, self.down32 = ConvNormAct(neck, neck, stride=2), ConvNormAct(neck, neck, stride=2)
        self.heads = nn.ModuleList(nn.Sequential(Residual(neck), _predictor(neck)) for _ in STRIDES)

    def forward(self, images: Tensor) -> DetectorOutput:
        """uint8 RGB [B, H, W, 3], H and W multiples of 32."""
        return self.boxes_of(self.shared(images))

    def boxes_of(self, shared: Shared) -> DetectorOutput:
        """What the heads say of the shared features."""
        maps = self._features(shared)
        heads = [head(features).float() for head, features in zip(self.heads, maps, strict=True)]
        centres, strides = zip(*(_cells(head, s) for head, s in zip(heads, STRIDES, strict=True)), strict=True)
        flat = torch.cat([head.flatten(2).transpose(1, 2) for head in heads], dim=1)
        return _decode(flat, torch.cat(centres), torch.cat(strides))

    def shared(self, images: Tensor) -> Shared:
        """What the boxes and any other head begin with, of pictures as `forward` takes them."""
        c4 = self.stem(self.see(images))
        c8 = self.stage8(c4)
        c16 = self.stage16(c8)
        c32 = self.lateral32(self.stage32(c16))
        p16 = self.up16(self.lateral16(c16) + F.interpolate(c32, scale_factor=2.0, mode="nearest"))
        p8 = self.up8(self.lateral8(c8) + F.interpolate(p16, scale_factor=2.0, mode="nearest"))
        return Shared(c4, p8, p16, c32)

    def _features(self, shared: Shared) -> tuple[Tensor, Tensor, Tensor]:
        p16 = shared.p16 + self.down16(shared.p8)
        return shared.p8, p16, shared.c32 + self.down32(p16)


class DetectorForExport(nn.Module):  # type: ignore[misc]  # torch has no types here
    """The network with the outputs of the device: boxes, class_scores, size_scores.

    The score of a capillary's likeliest shape is the score that it is a capillary at all, so that a loop between two
    shapes is not lost below the threshold; the other shapes lie below it in proportion.

    Args:
        net: trained.
        calibration: turns the network's scores into chances.
    """

    def __init__(self, net: DetectorNet, calibration: ScoreCalibration) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("slopes", torch.tensor(calibration.slopes))
        self.register_buffer("offsets", torch.tensor(calibration.offsets))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        out = self.net(image)
        found = (out.found * self.slopes + self.offsets).sigmoid()
        relative = torch.exp(out.morphology - out.morphology.amax(dim=-1, keepdim=True))
        return out.boxes, torch.cat([found[..., :1] * relative, found[..., 1:]], dim=-1), out.size.softmax(dim=-1)


def _predictor(channels: int) -> nn.Conv2d:
    layer = nn.Conv2d(channels, 4 + 2 + len(MORPHOLOGIES) + len(SIZES), 1)
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layer.bias[:4] = _BOX_PRIOR
        layer.bias[4:6] = _FOUND_PRIOR
    return layer


def _cells(head: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    rows = (torch.arange(head.shape[2], device=head.device, dtype=torch.float32) + 0.5) * stride
    columns = (torch.arange(head.shape[3], device=head.device, dtype=torch.float32) + 0.5) * stride
    y = rows[:, None] + torch.zeros_like(columns)[None, :]
    x = torch.zeros_like(rows)[:, None] + columns[None, :]
    centres = torch.stack([x.flatten(), y.flatten()], dim=1)
    return centres, torch.zeros_like(centres[:, 0]) + stride


def _decode(flat: Tensor, centres: Tensor, strides: Tensor) -> DetectorOutput:
    reach = F.softplus(flat[..., :4]) * strides[:, None]
    boxes = torch.cat([centres - reach[..., :2], centres + reach[..., 2:]], dim=-1)
    shapes = 6 + len(MORPHOLOGIES)
    return DetectorOutput(boxes, flat[..., 4:6], flat[..., 6:shapes], flat[..., shapes:], centres, strides)
