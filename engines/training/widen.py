"""A wider network that begins by answering as a narrower one does.

    python -m engines.training.widen --start build/start/detector.pt --out build/start/wide.pt --channels wide

What is new computes something random from the first step on, but nobody listens: weights from a new channel to an old
one begin at nothing and learn at once, since what they would pass on is there already. Copies of trained channels
(Net2Net, Chen 2016, arXiv 1511.05641) would have to be told apart by noise first.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from engines.training.detector_net import CHANNELS, DetectorNet


def widen(narrow: nn.Module, wide: nn.Module) -> None:
    """Put the weights of `narrow` into `wide`, of the same layers with more channels, which then answers alike.

    Both add features where they meet and never lay them side by side, so old channels are the first ones everywhere.
    """
    kept = narrow.state_dict()
    with torch.no_grad():
        for name, value in wide.state_dict().items():
            _put(kept[name], value)


def _put(small: Tensor, large: Tensor) -> None:
    if small.ndim < 2:  # a normalisation's, a bias, a counter
        large[tuple(slice(0, size) for size in small.shape)] = small
        return
    outputs, inputs = small.shape[:2]
    large[:outputs, inputs:] = 0.0
    large[:outputs, :inputs] = small


def main() -> None:
    """Write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", type=Path, required=True, help="checkpoint of a small detector")
    parser.add_argument("--channels", choices=tuple(CHANNELS), default="wide")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.manual_seed(0)
    narrow, wide = DetectorNet(), DetectorNet(CHANNELS[args.channels])
    narrow.load_state_dict(torch.load(args.start, map_location="cpu", weights_only=True)["average"])
    widen(narrow, wide)
    torch.save({"average": wide.state_dict()}, args.out)
    print(args.out)


if __name__ == "__main__":
    main()
