"""Train the shipped detector further on labelled pictures of a clinic."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from engines.training.cache import Cache, render_cache
from engines.training.detector import collate, loss_on
from engines.training.detector_samples import draw_sample
from engines.training.device import EndlessSamples, batches, pick_device
from engines.training.export import export_detector
from engines.training.exported import freeze_norms, rebuild_detector
from engines.training.fit import Fit, FitSettings
from engines.training.labelled_pictures import MixedPictures
from engines.training.provenance import describe_machine, git_commit, write_run
from engines.training.ship import ship

PEAK_RATE = 2e-4
"""A tenth of a training from nothing: few pictures must not undo what many taught. Our choice."""
OWN_SHARE = 0.5
"""Of the pictures that are shown; the other half is rendered, so that rare shapes are not forgotten. Our choice."""
RENDERED_SEED = 90
"""Of the rendered half, as engines.training.cache counts; no other training or evaluation draws these."""


@dataclass(frozen=True)
class Tuning:
    """How long, with how many rendered pictures beside, from which seed, in what batches."""

    minutes: float = 20.0
    rendered: int = 300
    seed: int = 1
    batch: int = 8


def fine_tune(shipped: Path, own: Cache, out: Path, how: Tuning, say: Callable[[str], None]) -> Path:
    """A weights folder `out`/weights with the tuned detector and the shipped rest.

    Args:
        shipped: folder of the shipped weights and their manifest.
        own: the clinic's pictures that may be trained on.
        out: working folder; rendered pictures, log and checkpoint stay there.
        say: called with what is being done, a line at a time.
    """
    torch.manual_seed(how.seed)
    device = pick_device()
    net, calibration = rebuild_detector(shipped / "detector.onnx")
    say(f"drawing {how.rendered} nailfolds to train on beside {len(own)} labelled pictures")
    rendered = render_cache(out / "rendered", how.rendered, RENDERED_SEED, 1)
    pictures = MixedPictures(own, rendered, OWN_SHARE)
    net = freeze_norms(net.to(device, memory_format=torch.channels_last))
    fit = Fit(net, FitSettings(out, how.minutes, learning_rate=PEAK_RATE, log_every=20))
    say(f"training for {how.minutes:g} minutes on the {device.type}")
    samples = EndlessSamples(partial(draw_sample, pictures), how.seed)
    average = fit.run(batches(samples, how.batch, 0, collate), loss_on(net, device))
    export_detector(average, out / "detector.onnx", calibration)
    write_run(out, _run(how, len(own), fit.step, vars(calibration)))
    return _assembled(shipped, out)


def _run(how: Tuning, own: int, steps: int, calibration: dict[str, Any]) -> dict[str, Any]:
    return {
        "command": "nailfold train --data",
        "git_commit": git_commit(),
        "seed": how.seed,
        "images": own,
        "rendered_images": how.rendered,
        "minutes": how.minutes,
        "machine": describe_machine(),
        "steps": steps,
        "batch": how.batch,
        "calibration": calibration,
    }


def _assembled(shipped: Path, out: Path) -> Path:
    weights = out / "weights"
    weights.mkdir(parents=True, exist_ok=True)
    for path in shipped.iterdir():
        if path.suffix in {".onnx", ".json"}:
            shutil.copyfile(path, weights / path.name)
    before = json.loads((shipped / "manifest.json").read_text())["engines"]["detector"]["sha256"]
    run = json.loads((out / "run.json").read_text()) | {"started_from": before}
    (out / "run.json").write_text(json.dumps(run, indent=2) + "\n")
    ship("detector", out, weights, {})
    return weights
