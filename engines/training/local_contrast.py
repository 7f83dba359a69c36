"""How the detector sees a picture: each pixel against the skin around it, in units of the contrast around it.

A vessel takes a share of the light that falls on it. Levels say how much that is only together with the light, the
camera's colours and its contrast; a share measured against the surroundings says it directly. These are the network's
first layers, so training, every runtime and every precision see alike, and a device does nothing for it.

Everything wide is computed on a picture an eighth as large: only plain pooling and enlarging, which every runtime has.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

FINE_PX, COARSE_PX = 4, 8
"""Pixels of one cell where contrast is measured (grain averages out), and where surroundings are averaged."""
SKIN_CELLS = 9
"""Twice a box of so many coarse cells makes the surroundings: a Gaussian of 29 px, wider than a giant loop's limb."""
CONTRAST_CELLS = 17
"""The box over which contrast is measured: 136 px, several loops."""
DARKEST, BRIGHTEST = 0.5, 1.25
"""Of the picture's mean: what is darker or brighter (an eyepiece's border, glare) counts no more than that as skin."""
NO_PICTURE = 0.12
"""Of the picture's mean: a cell whose every channel is darker shows nothing, as around an eyepiece or a turned picture.
Blood is far lighter in red. Such cells are no skin and no contrast, and are seen as plain skin."""
DEEPEST, HIGHEST = -0.4, 0.1
"""Shares against the skin that count as contrast: vessels are dark, so glare must not flatten the loops beside it."""
LEAST_CONTRAST = 0.008
"""Contrast below this is hardly raised any further: of 150 levels it is one, what a camera can just deliver."""
LEAST_LIT = 1e-3
"""Keeps what is divided by the share that shows something finite."""
DARK = 5.0
"""Levels added to the skin where a share is taken: black pictures have no contrast."""
SCALE, MOST = 0.5, 4.0
"""Brings vessels to about -1, and cuts what lies far outside."""


def see_contrast(images: Tensor) -> Tensor:
    """Local contrast, float32 [N, 3, H, W], about -4 to 4, of pictures uint8 RGB [N, H, W, 3]; H, W multiples of 8.

    Each channel stands against its own surroundings: a colour cast vanishes, while blood keeps what tells it from dirt,
    that it takes more green and blue than red. One contrast for the three.
    """
    # Cast before anything else: TensorRT takes uint8 as an input but refuses to transpose it.
    levels = images.float().permute(0, 3, 1, 2)
    fine = F.avg_pool2d(levels, FINE_PX)
    lit = _lit(fine)
    share = F.avg_pool2d(lit, COARSE_PX // FINE_PX)
    mean = (fine * lit).mean(dim=(2, 3), keepdim=True) / lit.mean(dim=(2, 3), keepdim=True).clamp(min=LEAST_LIT)
    held = torch.minimum(torch.maximum(fine, mean * DARKEST), mean * BRIGHTEST)
    wide = _blur(_blur(share, SKIN_CELLS), SKIN_CELLS).clamp(min=LEAST_LIT)
    skin = _blur(_blur(F.avg_pool2d(held * lit, COARSE_PX // FINE_PX), SKIN_CELLS), SKIN_CELLS) / wide
    gain = 1 / (skin + DARK)
    shares = ((fine - _enlarge(skin, 2)) * _enlarge(gain, 2)).clamp(DEEPEST, HIGHEST)
    energy = F.avg_pool2d(shares.square().mean(dim=1, keepdim=True) * lit, COARSE_PX // FINE_PX)
    energy = _blur(energy, CONTRAST_CELLS) / _blur(share, CONTRAST_CELLS).clamp(min=LEAST_LIT)
    contrast = (energy + LEAST_CONTRAST**2).sqrt()
    gain = gain / contrast * SCALE
    seen = ((levels - _fill(skin)) * _fill(gain)).clamp(-MOST, MOST)
    return seen * F.interpolate(lit, scale_factor=float(FINE_PX), mode="nearest")


def _lit(fine: Tensor) -> Tensor:
    """1 where a cell and all its neighbours show something, else 0; float32 [N, 1, H, W] of fine cells [N, 3, H, W].

    The neighbours too, since a cell that is half a picture would be the dark line of a vessel.
    """
    is_dark = fine.amax(dim=1, keepdim=True) < NO_PICTURE * fine.mean(dim=(1, 2, 3), keepdim=True)
    return 1 - F.max_pool2d(is_dark.float(), 3, stride=1, padding=1)


def _blur(cells: Tensor, side: int) -> Tensor:
    """Mean over a box of `side` cells; at the border, over those that are there."""
    return F.avg_pool2d(cells, side, stride=1, padding=side // 2, count_include_pad=False)


def _enlarge(cells: Tensor, factor: int) -> Tensor:
    return F.interpolate(cells, scale_factor=float(factor), mode="bilinear", align_corners=False)


def _fill(cells: Tensor) -> Tensor:
    """Coarse cells at every pixel: smoothly to each second one, which is fine enough and half the cost."""
    return F.interpolate(_enlarge(cells, COARSE_PX // 2), scale_factor=2.0, mode="nearest")
