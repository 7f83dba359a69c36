"""Train detector and vessel head together: the trunk then learns from both.

    python -m engines.training.joint --out build/joint --start build/soup/checkpoint.pt \\
        --head build/vessels/checkpoint.pt --cache build/synthetic build/unusual --columns build/columns \\
        --chase DIR --real DIR --minutes 60 --seed 71

An arm of the detector's training: the same crops and the same loss, beside it a lightly weighted loss of the mask where
columns are drawn, and retinas that teach the mask alone. Writes checkpoint.pt (both), detector.pt (for --start of
another training), detector.onnx and vessels.onnx.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.datasets.retinas import SOURCE, Retina, read_retinas
from engines.synthetic.column import UNKNOWN
from engines.training.assignment import BatchTargets
from engines.training.cache import Pictures
from engines.training.calibration import calibrate_scores
from engines.training.column_cache import ColumnMaps, open_columns
from engines.training.detector import REAL_SHARE, REAL_SOURCE, RESTORED_SHARE, detect_with
from engines.training.detector import collate as collate_detector
from engines.training.detector_loss import detector_loss
from engines.training.detector_net import DetectorNet, DetectorOutput
from engines.training.detector_samples import CROP_HEIGHT, CROP_WIDTH, Targets, draw_crop
from engines.training.device import EndlessSamples, batches, mixed_precision, pick_device
from engines.training.export import export_detector, export_vessels
from engines.training.fit import Fit, FitSettings, Loss
from engines.training.growing_cache import GrowingCache
from engines.training.labelled_pictures import MixedPictures
from engines.training.provenance import describe_run, write_run
from engines.training.restored_pictures import open_restored
from engines.training.retina_samples import draw_retina
from engines.training.vessel_loss import vessel_loss
from engines.training.vessel_masks import MaskArray, mask_of
from engines.training.vessel_net import STRIDE, JointNet, VesselHead
from engines.training.vessels import WEIGHTS, WithColumns

VESSEL_WEIGHT = 0.5
"""Of the mask's loss, about a sixteenth of the detector's then. Our choice."""
RETINA_SHARE, MASKED_SHARE = 0.2, 0.35
"""Of the crops are retinas; of the others so many are cut from pictures whose columns are drawn, at least."""
CALIBRATION_IMAGES = 150
Sample = tuple[NDArray[np.uint8], Targets | None, MaskArray]
Batch = tuple[Tensor, BatchTargets, Tensor, Tensor]


@dataclass(frozen=True)
class Sources:
    """Where crops are cut from: everything, the part of it with columns, and retinas."""

    pictures: Pictures
    masked: Pictures
    columns: ColumnMaps
    retinas: list[Retina]
    restored_share: float


def draw_joint(sources: Sources, rng: np.random.Generator) -> Sample:
    """A crop, its boxes (None of a retina, which has none), and its mask, all unknown where no columns are drawn."""
    if sources.retinas and rng.random() < RETINA_SHARE:
        image, mask = draw_retina(sources.retinas, rng)
        return image, None, mask
    pictures = sources.masked if rng.random() < MASKED_SHARE else sources.pictures
    crop = draw_crop(pictures, rng, sources.restored_share)
    columns = sources.columns.of(crop.truth)
    if columns is None:
        nothing_known = np.full((CROP_HEIGHT // STRIDE, CROP_WIDTH // STRIDE), UNKNOWN, np.uint8)
        return crop.image, crop.targets, nothing_known
    return crop.image, crop.targets, mask_of(columns, crop.matrix, crop.contrast, crop.hidden)


def collate(samples: list[Sample]) -> Batch:
    """Images, targets of those that have any, which those are (bool [B]), and masks."""
    boxed = [(image, targets) for image, targets, _ in samples if targets is not None]
    _, targets = collate_detector(boxed)
    has_boxes = torch.tensor([targets is not None for _, targets, _ in samples])
    images = torch.from_numpy(np.stack([image for image, _, _ in samples]))
    return images, targets, has_boxes, torch.from_numpy(np.stack([mask for _, _, mask in samples]))


def loss_on(net: JointNet, device: torch.device) -> Callable[[Batch], Loss]:
    """The loss of one batch under `net`, in mixed precision."""

    def loss_of(batch: Batch) -> Loss:
        images, targets, has_boxes, masks = batch
        moved = BatchTargets(**{name: value.to(device) for name, value in vars(targets).items()})
        with mixed_precision(device):
            output = net(images.to(device))
        loss, parts = detector_loss(_only(output.detected, has_boxes.to(device)), moved)
        of_masks, mask_parts = vessel_loss(output.vessels, masks.to(device))
        return loss + VESSEL_WEIGHT * of_masks, parts | mask_parts

    return loss_of


def _only(output: DetectorOutput, chosen: Tensor) -> DetectorOutput:
    return output._replace(
        boxes=output.boxes[chosen],
        found=output.found[chosen],
        morphology=output.morphology[chosen],
        size=output.size[chosen],
    )


def started(start: Path, head: Path | None) -> JointNet:
    """A net that begins with the averaged weights of a detector's checkpoint and, if given, of a head's."""
    net = JointNet(DetectorNet(), VesselHead())
    net.detector.load_state_dict(torch.load(start, map_location="cpu", weights_only=True)["average"])
    if head is not None:
        net.head.load_state_dict(torch.load(head, map_location="cpu", weights_only=True)["average"])
    return net


def train(
    settings: FitSettings, net: JointNet, sources: Sources, run: dict[str, object], seed: int, batch: int
) -> None:
    """Train and write everything that the module's docstring names."""
    torch.manual_seed(seed)
    device = pick_device()
    net = net.to(device, memory_format=torch.channels_last)
    fit = Fit(net, replace(settings, start=None))
    samples = EndlessSamples(partial(draw_joint, sources), seed)
    average = fit.run(batches(samples, batch, 1, collate), loss_on(net, device))
    torch.save({"average": average.detector.state_dict()}, settings.out / "detector.pt")
    calibration = calibrate_scores(detect_with(average.detector, device), CALIBRATION_IMAGES)
    write_run(settings.out, run | {"steps": fit.step, "batch": batch, "calibration": vars(calibration)})
    export_detector(average.detector, settings.out / "detector.onnx", calibration)
    export_vessels(average.detector, average.head, settings.out / "vessels.onnx")


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--out", "--start", "--columns"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--cache", type=Path, nargs="+", required=True)
    parser.add_argument("--head", type=Path, help="checkpoint.pt of engines.training.vessels")
    parser.add_argument("--chase", type=Path, help="folder of CHASE_DB1")
    parser.add_argument("--real", type=Path, help="folder of restored real pictures")
    parser.add_argument("--teacher", type=Path, default=WEIGHTS)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    cache, columns = GrowingCache(args.cache), open_columns(args.columns)
    pictures: Pictures = cache
    if args.real is not None:
        pictures = MixedPictures(open_restored(args.real, args.teacher), cache, REAL_SHARE)
    retinas = [] if args.chase is None else read_retinas(args.chase)
    restored_share = 0.0 if args.real is None else RESTORED_SHARE
    sources = Sources(pictures, WithColumns(cache, columns), columns, retinas, restored_share)
    settings = FitSettings(args.out, args.minutes, learning_rate=args.learning_rate, is_resumed=args.resume)
    run = describe_run("engines.training.joint", args.out, seed=args.seed, images=len(cache), minutes=args.minutes)
    if args.real is not None:
        run |= {"real_pictures": len(pictures.truths) - len(cache), "real_source": REAL_SOURCE}
    if retinas:
        run |= {"retinas": len(retinas), "retina_source": SOURCE}
    train(settings, started(args.start, args.head), sources, run, args.seed, args.batch)


if __name__ == "__main__":
    main()
