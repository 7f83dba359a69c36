"""Train the keypoint network and export it.

    python -m engines.training.keypoints --out build/keypoints --images 6000 --minutes 20 --seed 1 [--resume]

Uses the same cache of rendered images as the detector. Writes checkpoint.pt, log.jsonl and keypoints.onnx to --out;
`python -m engines.training.ship` puts the result into engines/weights.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from engines.training.cache import render_cache
from engines.training.device import EndlessSamples, batches, mixed_precision, pick_device
from engines.training.export import export_keypoints
from engines.training.fit import Fit, FitSettings, Loss
from engines.training.keypoint_loss import KeypointBatch, keypoint_loss
from engines.training.keypoint_net import KeypointNet
from engines.training.keypoint_samples import KeypointSample, LoopDrawer
from engines.training.provenance import describe_run, write_run


def collate(samples: list[KeypointSample]) -> KeypointBatch:
    """Samples stacked."""
    return KeypointBatch(
        crops=torch.from_numpy(np.stack([s.crop for s in samples])),
        points=torch.from_numpy(np.stack([s.points for s in samples])),
        visible=torch.from_numpy(np.stack([s.visible for s in samples])),
        left_is_arterial=torch.tensor([s.left_is_arterial for s in samples], dtype=torch.float32),
    )


def loss_on(net: KeypointNet, device: torch.device) -> Callable[[KeypointBatch], Loss]:
    """The loss of one batch under `net`, in mixed precision."""

    def loss_of(batch: KeypointBatch) -> Loss:
        moved = KeypointBatch(**{name: value.to(device) for name, value in vars(batch).items()})
        with mixed_precision(device):
            output = net(moved.crops)
        return keypoint_loss(output, moved, net.cells)

    return loss_of


def train(
    settings: FitSettings, cache_folder: Path, images: int, seed: int, *, batch: int = 32, workers: int = 1
) -> Path:
    """The exported ONNX file."""
    torch.manual_seed(seed)
    device = pick_device()
    cache = render_cache(cache_folder, images, seed, max(workers, 1))
    net = KeypointNet().to(device, memory_format=torch.channels_last)
    fit = Fit(net, settings)
    samples = EndlessSamples(LoopDrawer(cache), seed)
    average = fit.run(batches(samples, batch, workers, collate), loss_on(net, device))
    run = describe_run(
        "engines.training.keypoints", settings.out, seed=seed, images=len(cache), minutes=settings.minutes
    )
    write_run(settings.out, run | {"steps": fit.step, "batch": batch})
    return export_keypoints(average, settings.out / "keypoints.onnx")


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path("build/synthetic"))
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--learning-rate", type=float, default=FitSettings.learning_rate, help="peak, of the whole time"
    )
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    settings = FitSettings(args.out, args.minutes, learning_rate=args.learning_rate, is_resumed=args.resume)
    print(train(settings, args.cache, args.images, args.seed, batch=args.batch, workers=args.workers))


if __name__ == "__main__":
    main()
