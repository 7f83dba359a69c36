"""Train the detector and export it.

    python -m engines.training.detector --out build/detector --images 6000 --minutes 60 --seed 1 [--resume]

Renders the cache first where it is missing. Writes checkpoint.pt, log.jsonl and detector.onnx to --out;
`python -m engines.training.ship` puts the result into engines/weights.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.training.assignment import BatchTargets
from engines.training.cache import Pictures
from engines.training.calibration import Detect, FloatArray, calibrate_scores
from engines.training.command_line import train_from_command_line
from engines.training.detector_loss import detector_loss
from engines.training.detector_net import CHANNELS, DetectorNet
from engines.training.detector_samples import Targets, draw_sample
from engines.training.device import EndlessSamples, batches, mixed_precision, pick_device
from engines.training.export import export_detector
from engines.training.fit import Fit, FitSettings, Loss
from engines.training.growing_cache import open_caches
from engines.training.labelled_pictures import MixedPictures
from engines.training.provenance import describe_run, write_run
from engines.training.restored_pictures import open_restored

REAL_SHARE = 0.08
"""Of the pictures shown: there are few of them, and each must not be learnt by heart. Our choice."""
RESTORED_SHARE = 0.35
"""Of all crops get filled-in frames where real pictures have them."""
REAL_SOURCE = "Capillary Dataset (Nguyen and Jeong 2025, Apache-2.0), restored from printed sheets"
Sample = tuple[NDArray[np.uint8], Targets]
Batch = tuple[Tensor, BatchTargets]


def collate(samples: list[Sample]) -> Batch:
    """Images uint8 [B, H, W, 3] and targets padded to the fullest sample, at least one."""
    most = max(1, *(len(targets.boxes) for _, targets in samples))

    def pad(values: list[NDArray[np.generic]]) -> Tensor:
        rows = [np.concatenate([v, np.zeros((most - len(v), *v.shape[1:]), v.dtype)]) for v in values]
        return torch.from_numpy(np.stack(rows))

    targets = [target for _, target in samples]
    is_ignored = pad([t.is_ignored for t in targets])
    is_target = pad([~t.is_ignored for t in targets])
    boxes, kind = pad([t.boxes for t in targets]), pad([t.kind for t in targets])
    morphology, size = pad([t.morphology for t in targets]), pad([t.size for t in targets])
    images = torch.from_numpy(np.stack([image for image, _ in samples]))
    return images, BatchTargets(boxes, kind, morphology, size, is_target, is_ignored)


def loss_on(net: DetectorNet, device: torch.device) -> Callable[[Batch], Loss]:
    """The loss of one batch under `net`, in mixed precision."""

    def loss_of(batch: Batch) -> Loss:
        images, targets = batch
        moved = BatchTargets(**{name: value.to(device) for name, value in vars(targets).items()})
        with mixed_precision(device):
            output = net(images.to(device))
        return detector_loss(output, moved)

    return loss_of


def train(
    settings: FitSettings,
    cache_folders: list[Path],
    images: int,
    seed: int,
    *,
    batch: int = 16,
    workers: int = 1,
    calibration_images: int = 150,
    real: Path | None = None,
    teacher: Path | None = None,
    channels: str = "small",
) -> Path:
    """The exported ONNX file.

    Args:
        real: folder of restored real pictures (restored_pictures.py) to train on as well; None for rendered ones alone.
        teacher: weights whose findings beside the labels of those are no background.
        channels: how wide the network is, one of CHANNELS.
    """
    torch.manual_seed(seed)
    device = pick_device()
    cache = open_caches(cache_folders, images, seed, max(workers, 1))
    net = DetectorNet(CHANNELS[channels]).to(device, memory_format=torch.channels_last)
    pictures: Pictures = cache
    if real is not None and teacher is not None:
        pictures = MixedPictures(open_restored(real, teacher), cache, REAL_SHARE)
    restored_share = 0.0 if real is None else RESTORED_SHARE
    samples = EndlessSamples(partial(draw_sample, pictures, restored_share=restored_share), seed)
    fit = Fit(net, settings)
    average = fit.run(batches(samples, batch, workers, collate), loss_on(net, device))
    calibration = calibrate_scores(detect_with(average, device), calibration_images)
    run = describe_run(
        "engines.training.detector", settings.out, seed=seed, images=len(cache), minutes=settings.minutes
    )
    if real is not None:
        run |= {"real_pictures": len(pictures.truths) - len(cache), "real_source": REAL_SOURCE}
    run |= {"channels": channels, "steps": fit.step, "batch": batch, "calibration": vars(calibration)}
    write_run(settings.out, run)
    return export_detector(average, settings.out / "detector.onnx", calibration)


def detect_with(net: DetectorNet, device: torch.device) -> Detect:
    """The network as calibration wants it."""

    def detect(image_rgb: NDArray[np.uint8]) -> tuple[FloatArray, FloatArray]:
        with torch.no_grad():
            output = net(torch.from_numpy(image_rgb)[None].to(device))
        boxes, scores = output.boxes[0].cpu().double().numpy(), output.found[0].sigmoid().cpu().double().numpy()
        return boxes, scores

    return detect


if __name__ == "__main__":
    train_from_command_line(train, __doc__, minutes=60.0, batch=16, is_detector=True)
