"""The command line that both training programs share."""

import argparse
from collections.abc import Callable
from pathlib import Path

from engines.training.detector_net import CHANNELS
from engines.training.fit import FitSettings


def train_from_command_line(
    train: Callable[..., Path], description: str | None, *, minutes: float, batch: int, is_detector: bool = False
) -> None:
    """Read the flags, train, and print where the ONNX file is.

    Args:
        train: takes FitSettings, the caches' folders, the number of images, the seed; `batch` and `workers` by name.
        description: what `--help` says first.
        minutes, batch: the program's own defaults.
        is_detector: `train` also takes `real`, a folder of restored pictures, `teacher`, one of weights, and
            `channels`.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=minutes)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--cache", type=Path, nargs="+", default=[Path("build/synthetic")], help="several are read while they are drawn"
    )
    parser.add_argument("--start", type=Path, help="checkpoint.pt of another run, whose averaged weights to begin with")
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--learning-rate", type=float, default=FitSettings.learning_rate, help="peak, of the whole time"
    )
    parser.add_argument("--resume", action="store_true")
    if is_detector:
        parser.add_argument("--real", type=Path, help="folder of restored real pictures to train on as well")
        parser.add_argument(
            "--teacher", type=Path, default=Path("engines/weights"), help="weights that find what is not labelled there"
        )
        parser.add_argument("--channels", choices=tuple(CHANNELS), default="small", help="how wide the network is")
    args = parser.parse_args()
    settings = FitSettings(
        args.out, args.minutes, learning_rate=args.learning_rate, is_resumed=args.resume, start=args.start
    )
    of_detector = {"real": args.real, "teacher": args.teacher, "channels": args.channels} if is_detector else {}
    print(train(settings, args.cache, args.images, args.seed, batch=args.batch, workers=args.workers, **of_detector))
