"""Go on from exported weights: a checkpoint that a training can `--start` with.

    python -m engines.training.warm_start --weights engines/weights --cache build/synthetic --out build/start
    python -m engines.training.detector  --out build/detector  --start build/start/detector.pt ...
    python -m engines.training.keypoints --out build/keypoints --start build/start/keypoints.pt ...
    python -m engines.training.joint --out build/joint --start build/start/detector.pt --head build/start/vessels.pt ...

Checkpoints are too large to keep; the ONNX files hold all of them but the statistics of the batch normalisations, which
are measured again on the cache. `--detector-depths 1 1 1` and `--keypoints-depths 1 1 2` name the residual blocks of
older, shallower files: what today's networks have more begins as identities, so that nothing that was learnt is lost.
`--sees levels` reads files from before local contrast: their weights then go on with the new input.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engines.training import detector_net, keypoint_net
from engines.training.cache import Pictures, open_cache
from engines.training.detector_net import DetectorNet
from engines.training.detector_samples import draw_sample
from engines.training.exported import rebuild_detector, rebuild_keypoints, rebuild_vessels, renormalise
from engines.training.keypoint_net import KeypointNet, see_stretched
from engines.training.keypoint_samples import LoopDrawer
from engines.training.layers import Residual, normalise
from engines.training.local_contrast import see_contrast
from engines.training.vessel_net import VesselHead

DETECTOR_CROPS, KEYPOINT_CROPS = 96, 512
SEES: dict[str, Callable[[Tensor], Tensor]] = {"contrast": see_contrast, "levels": normalise}


def warm_detector(path: Path, depths: tuple[int, int, int], pictures: Pictures, sees: str) -> DetectorNet:
    """The detector of the file with statistics from `pictures`, as deep and seeing as detectors do now."""
    net, _ = rebuild_detector(path, DetectorNet(depths=depths, see=SEES[sees]))
    net.see = see_contrast
    rng = np.random.default_rng(0)
    renormalise(net, _stacked([draw_sample(pictures, rng)[0] for _ in range(DETECTOR_CROPS)]))
    deep = DetectorNet()
    deepen(net, deep)
    return deep


def warm_keypoints(path: Path, depths: tuple[int, int, int], pictures: Pictures, sees: str) -> KeypointNet:
    """The keypoint network of the file with statistics from `pictures`, as deep and seeing as they do now."""
    net = rebuild_keypoints(path, KeypointNet(depths=depths, see=normalise if sees == "levels" else see_stretched))
    net.see = see_stretched
    draw, rng = LoopDrawer(pictures), np.random.default_rng(0)
    renormalise(net, _stacked([draw(rng).crop for _ in range(KEYPOINT_CROPS)]))
    deep = KeypointNet()
    deepen(net, deep)
    return deep


def warm_vessels(path: Path, pictures: Pictures) -> VesselHead:
    """The vessel head of the file with statistics from `pictures`."""
    net = rebuild_vessels(path)
    rng = np.random.default_rng(0)
    renormalise(net, _stacked([draw_sample(pictures, rng)[0] for _ in range(DETECTOR_CROPS)]))
    return net.head


def deepen(shallow: nn.Module, deep: nn.Module) -> None:
    """Copy `shallow` into `deep`, whose further residual blocks pass on what they get until they have learnt better."""
    kept = shallow.state_dict()
    deep.load_state_dict(kept, strict=False)
    for name, module in deep.named_modules():
        if isinstance(module, Residual) and f"{name}.second.1.weight" not in kept:
            nn.init.zeros_(module.second[1].weight)


def _stacked(images: list[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.stack(images))


def main() -> None:
    """Write the checkpoints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path("engines/weights"))
    parser.add_argument("--cache", type=Path, default=Path("build/synthetic"))
    parser.add_argument("--detector-depths", type=int, nargs=3, default=detector_net.DEPTHS)
    parser.add_argument("--keypoints-depths", type=int, nargs=3, default=keypoint_net.DEPTHS)
    parser.add_argument("--sees", choices=tuple(SEES), default="contrast")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    pictures = open_cache(args.cache)
    for name, net in (
        (
            "detector",
            warm_detector(args.weights / "detector.onnx", tuple(args.detector_depths), pictures, args.sees),
        ),
        (
            "keypoints",
            warm_keypoints(args.weights / "keypoints.onnx", tuple(args.keypoints_depths), pictures, args.sees),
        ),
        ("vessels", warm_vessels(args.weights / "vessels.onnx", pictures)),
    ):
        torch.save({"average": net.state_dict()}, args.out / f"{name}.pt")
        print(args.out / f"{name}.pt")


if __name__ == "__main__":
    main()
