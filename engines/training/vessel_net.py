"""The vessel head: which pixels show a column of red cells, from what the detector's trunk sees anyway."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.training.detector_net import DetectorNet, DetectorOutput, Shared
from engines.training.layers import ConvNormAct, Residual

STRIDE = 4
"""Pixels of a cell of the mask, each way."""
CHANNELS = 32
_PRIOR = -2.0
"""Of the mask's logit: about an eighth of a picture is vessel."""


class VesselHead(nn.Module):  # type: ignore[misc]  # torch has no types here
    """What lies near the pixels says where an edge is; what lies around them says of what."""

    def __init__(self, near: int = 24, around: int = 48) -> None:
        super().__init__()
        self.near, self.around = ConvNormAct(near, CHANNELS, 1), ConvNormAct(around, CHANNELS, 1)
        self.join = nn.Sequential(Residual(CHANNELS), Residual(CHANNELS))
        self.mask = nn.Conv2d(CHANNELS, 1, 1)
        nn.init.constant_(self.mask.bias, _PRIOR)

    def forward(self, c4: Tensor, p8: Tensor) -> Tensor:
        """Logits [B, H/4, W/4]."""
        around = F.interpolate(self.around(p8), scale_factor=2.0, mode="nearest")
        return self.mask(self.join(self.near(c4) + around)).float().squeeze(1)


class BothOutputs(NamedTuple):
    """The detector's answer, and the logits of the vessel mask [B, H/4, W/4]."""

    detected: DetectorOutput
    vessels: Tensor


class JointNet(nn.Module):  # type: ignore[misc]  # torch has no types here
    """Detector and vessel head over one trunk that both train."""

    def __init__(self, detector: DetectorNet, head: VesselHead) -> None:
        super().__init__()
        self.detector, self.head = detector, head

    def forward(self, images: Tensor) -> BothOutputs:
        """uint8 RGB [B, H, W, 3], H and W multiples of 32."""
        shared = self.detector.shared(images)
        return BothOutputs(self.detector.boxes_of(shared), self.head(shared.c4, shared.p8))


class FrozenTrunk(nn.Module):  # type: ignore[misc]  # torch has no types here
    """The trunk of a finished detector, which a head is trained over: nothing of it changes."""

    def __init__(self, detector: DetectorNet) -> None:
        super().__init__()
        self.detector = detector.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> Shared:
        """uint8 RGB [B, H, W, 3], H and W multiples of 32."""
        with torch.no_grad():
            shared: Shared = self.detector.shared(images)
            return shared


class VesselsForExport(nn.Module):  # type: ignore[misc]  # torch has no types here
    """Trunk and head with the output of the device: the chance of each cell to be vessel, float32 [B, H/4, W/4]."""

    def __init__(self, detector: DetectorNet, head: VesselHead) -> None:
        super().__init__()
        self.detector, self.head = detector, head

    def forward(self, image: Tensor) -> Tensor:
        shared = self.detector.shared(image)
        return self.head(shared.c4, shared.p8).sigmoid()
