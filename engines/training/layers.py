"""The building blocks of both networks: plain 3x3 convolutions, fast on CPU, GPU and TensorRT alike."""

import torch
from torch import Tensor, nn


class ConvNormAct(nn.Sequential):  # type: ignore[misc]  # torch has no types here
    """Convolution, batch normalisation (folded into it on export) and ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs, momentum=0.03),
            nn.ReLU(inplace=True),
        )


class Residual(nn.Module):  # type: ignore[misc]  # torch has no types here
    """Two 3x3 convolutions with a shortcut around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvNormAct(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels, momentum=0.03)
        )
        nn.init.constant_(self.second[1].weight, 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(self.first(x)))


def stage(inputs: int, outputs: int, residuals: int) -> nn.Sequential:
    """Halve the resolution, then refine."""
    return nn.Sequential(ConvNormAct(inputs, outputs, stride=2), *(Residual(outputs) for _ in range(residuals)))


def normalise(images: Tensor) -> Tensor:
    """uint8 RGB [N, H, W, 3] to float32 [N, 3, H, W], about zero-mean: real tiles average 160 of 255."""
    # Cast before anything else: TensorRT takes uint8 as an input but refuses to transpose it.
    return images.float().permute(0, 3, 1, 2) * (1 / 64) - 2.4
