"""Train the keypoint network and export it.

    python -m engines.training.keypoints --out build/keypoints --images 6000 --minutes 20 --seed 1 [--resume]

Uses the same cache of rendered images as the detector. Writes checkpoint.pt, log.jsonl and keypoints.onnx to --out;
`python -m engines.training.ship` puts the result into engines/weights.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from engines.training.command_line import train_from_command_line
from engines.training.device import EndlessSamples, batches, mixed_precision, pick_device
from engines.training.export import export_keypoints
from engines.training.fit import Fit, FitSettings, Loss
from engines.training.growing_cache import open_caches
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
    settings: FitSettings, cache_folders: list[Path], images: int, seed: int, *, batch: int = 32, workers: int = 1
) -> Path:
    """The exported ONNX file."""
    torch.manual_seed(seed)
    device = pick_device()
    cache = open_caches(cache_folders, images, seed, max(workers, 1))
    net = KeypointNet().to(device, memory_format=torch.channels_last)
    fit = Fit(net, settings)
    samples = EndlessSamples(LoopDrawer(cache), seed)
    average = fit.run(batches(samples, batch, workers, collate), loss_on(net, device))
    run = describe_run(
        "engines.training.keypoints", settings.out, seed=seed, images=len(cache), minutes=settings.minutes
    )
    write_run(settings.out, run | {"steps": fit.step, "batch": batch})
    return export_keypoints(average, settings.out / "keypoints.onnx")


if __name__ == "__main__":
    train_from_command_line(train, __doc__, minutes=20.0, batch=32)
