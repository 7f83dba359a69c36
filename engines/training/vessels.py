"""Train the vessel head over the trunk of a finished detector, and export both as one file.

    python -m engines.training.vessels --out build/vessels --cache build/unusual build/synthetic \\
        --columns build/columns --chase DIR --minutes 15 --seed 81

The detector stays as it is, byte for byte: its trunk is read from the shipped file and never changes. Writes
checkpoint.pt, log.jsonl, run.json and vessels.onnx to --out; `python -m engines.training.ship --vessels` ships them.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from appliance.domain.errors import SettingsError
from engines.datasets.retinas import SOURCE, Retina, read_retinas
from engines.training.cache import Pictures
from engines.training.column_cache import ColumnMaps, open_columns
from engines.training.detector_samples import draw_crop
from engines.training.device import EndlessSamples, batches, mixed_precision, pick_device
from engines.training.export import export_vessels
from engines.training.exported import rebuild_detector
from engines.training.fit import Fit, FitSettings, Loss
from engines.training.growing_cache import GrowingCache
from engines.training.lookalikes import lay_dirt_and_lines
from engines.training.provenance import describe_run, write_run
from engines.training.retina_samples import draw_retina
from engines.training.vessel_loss import vessel_loss
from engines.training.vessel_masks import MaskArray, mask_of
from engines.training.vessel_net import FrozenTrunk, VesselHead

BATCH = 12
RETINA_SHARE = 0.25
"""Of the crops are retinas: enough for real tissue, too few to forget what a loop is. Our choice."""
WEIGHTS = Path(__file__).parents[1] / "weights"
Sample = tuple[NDArray[np.uint8], MaskArray]


class WithColumns:
    """Those pictures whose columns are drawn."""

    def __init__(self, pictures: Pictures, columns: ColumnMaps) -> None:
        truths = pictures.truths
        self._pictures = pictures
        self._at = [index for index, truth in enumerate(truths) if columns.of(truth) is not None]
        self.truths = tuple(truths[index] for index in self._at)
        if not self._at:
            raise SettingsError("no picture of these caches has columns", "Draw them: engines.training.column_cache.")

    def __len__(self) -> int:
        return len(self._at)

    def picture(self, index: int) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Image and truth."""
        return self._pictures.picture(self._at[index])


def draw_masked(pictures: Pictures, columns: ColumnMaps, retinas: list[Retina], rng: np.random.Generator) -> Sample:
    """A crop, uint8 RGB [288, 384, 3], and its mask, uint8 [72, 96]: of a rendered nailfold or of a retina."""
    if retinas and rng.random() < RETINA_SHARE:
        return draw_retina(retinas, rng)
    crop = draw_crop(pictures, rng, lay_dirt=lay_dirt_and_lines)
    of_image = columns.of(crop.truth)
    assert of_image is not None, "pictures without columns were left out"
    return crop.image, mask_of(of_image, crop.matrix, crop.contrast, crop.hidden)


def collate(samples: list[Sample]) -> tuple[Tensor, Tensor]:
    """Images uint8 [B, H, W, 3] and masks uint8 [B, H/4, W/4]."""
    images, masks = zip(*samples, strict=True)
    return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(masks))


def loss_over(trunk: FrozenTrunk, head: VesselHead, device: torch.device) -> Callable[[tuple[Tensor, Tensor]], Loss]:
    """The loss of one batch under `head`."""

    def loss_of(batch: tuple[Tensor, Tensor]) -> Loss:
        images, masks = (part.to(device) for part in batch)
        with mixed_precision(device):
            shared = trunk(images)
            logits = head(shared.c4, shared.p8)
        return vessel_loss(logits, masks)

    return loss_of


def train(
    settings: FitSettings, caches: list[Path], columns: Path, chase: Path | None, weights: Path, seed: int, workers: int
) -> Path:
    """The exported ONNX file.

    Args:
        chase: folder of CHASE_DB1; None trains on rendered pictures alone.
        weights: folder of the detector whose trunk it is.
    """
    torch.manual_seed(seed)
    device = pick_device()
    detector, _ = rebuild_detector(weights / "detector.onnx")
    trunk, head = FrozenTrunk(detector).to(device), VesselHead().to(device)
    drawn = open_columns(columns)
    pictures = WithColumns(GrowingCache(caches), drawn)
    retinas = [] if chase is None else read_retinas(chase)
    samples = EndlessSamples(partial(draw_masked, pictures, drawn, retinas), seed)
    fit = Fit(head, settings)
    average = fit.run(batches(samples, BATCH, workers, collate), loss_over(trunk, head, device))
    run = describe_run(
        "engines.training.vessels", settings.out, seed=seed, images=len(pictures), minutes=settings.minutes
    )
    if retinas:
        run |= {"retinas": len(retinas), "retina_source": SOURCE}
    write_run(settings.out, run | {"steps": fit.step, "batch": BATCH})
    return export_vessels(detector, average, settings.out / "vessels.onnx")


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, nargs="+", default=[Path("build/synthetic")])
    parser.add_argument("--columns", type=Path, default=Path("build/columns"))
    parser.add_argument("--chase", type=Path, help="folder of CHASE_DB1")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="of the detector whose trunk it is")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--start", type=Path, help="checkpoint.pt of another head to begin with")
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    settings = FitSettings(
        args.out, args.minutes, learning_rate=args.learning_rate, is_resumed=args.resume, start=args.start
    )
    print(train(settings, args.cache, args.columns, args.chase, args.weights, args.seed, args.workers))


if __name__ == "__main__":
    main()
