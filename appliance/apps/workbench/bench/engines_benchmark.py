"""`nailfold engines benchmark`: every runtime and precision that this computer can run, measured side by side.

In each round every variant sees the same picture once, and the order turns by one from round to round: a computer that
slows down meanwhile slows all of them alike. Ratios are taken within a round, then their median.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from appliance.apps.files.atomic_file import write_atomically
from appliance.apps.workbench.bench.bench import machine
from appliance.apps.workbench.bench.benchmark_table import print_table
from appliance.apps.workbench.bench.benchmark_variants import MEASURES, Unavailable, Variant, open_variants
from appliance.domain.errors import InferenceError
from appliance.inference.settings import InferenceSettings
from engines.synthetic.live import LiveScene

SCHEMA = "nailfold.engines-benchmark/1"
WIDTH_PX, HEIGHT_PX, UM_PER_PX = 640, 480, 1.41
PICTURES = 16
WARM_UP_ROUNDS = 3
MIN_ROUNDS = 3

Pictures = Sequence[NDArray[np.uint8]]


@dataclass
class Rounds:
    """Milliseconds by variant, measure ("detector", "keypoints", "frame") and round."""

    variants: Sequence[Variant]
    samples_ms: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.samples_ms = {variant.name: {measure: [] for measure in MEASURES} for variant in self.variants}

    def run(self, index: int, pictures: Pictures, is_counted: bool = True) -> None:
        """One round: all variants on the same picture, beginning with another one each time."""
        picture = pictures[index % len(pictures)]
        turn = index % len(self.variants)
        for measure in MEASURES:
            for variant in (*self.variants[turn:], *self.variants[:turn]):
                work = variant.work(measure, picture, index)
                elapsed_ms = _timed(work)
                if is_counted:
                    self.samples_ms[variant.name][measure].append(elapsed_ms)

    def figures(self) -> list[dict[str, Any]]:
        """One entry a variant, ready for JSON."""
        first = self.samples_ms[self.variants[0].name]
        return [
            {
                "runtime": variant.runtime,
                "precision": variant.precision,
                "engines": dict(variant.engines),
                "rounds": len(self.samples_ms[variant.name]["frame"]),
                **{
                    f"{measure}_ms": _spread(samples_ms) | {"ratio_to_first": _ratio(samples_ms, first[measure])}
                    for measure, samples_ms in self.samples_ms[variant.name].items()
                },
            }
            for variant in self.variants
        ]


def benchmark(settings: InferenceSettings, seconds: float, out: Path | None) -> None:
    """Measure for about `seconds`, print a table, and write JSON where asked.

    Raises:
        InferenceError: not one variant runs here.
    """
    variants, missing = open_variants(settings)
    try:
        if not variants:
            raise InferenceError("no runtime can run the networks here: " + missing[0].reason, "See nailfold doctor.")
        click.echo(f"{len(variants)} variants in turn, {seconds:.0f} s", err=True)
        rounds = measure(variants, seconds)
    finally:
        for variant in variants:
            variant.close()
    report = _report(rounds, missing, seconds, settings.threads)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, (json.dumps(report, indent=2) + "\n").encode())
    print_table(report)


def measure(variants: Sequence[Variant], seconds: float, clock: Callable[[], float] = time.monotonic) -> Rounds:
    """Rounds over moving rendered pictures until the time is up, at least MIN_ROUNDS; the first ones do not count."""
    scene = LiveScene(1, width=WIDTH_PX, height=HEIGHT_PX, um_per_px=UM_PER_PX)
    pictures = [scene.frame(index / 30)[0] for index in range(PICTURES)]
    rounds = Rounds(variants)
    for index in range(WARM_UP_ROUNDS):
        rounds.run(index, pictures, is_counted=False)
    ends_s, index = clock() + seconds, 0
    while index < MIN_ROUNDS or clock() < ends_s:
        rounds.run(index, pictures)
        index += 1
    return rounds


def _report(rounds: Rounds, missing: Sequence[Unavailable], seconds: float, threads: int) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine() | {"load_average": Path("/proc/loadavg").read_text(encoding="ascii").split()[:3]},
        "seconds": seconds,
        "onnxruntime_threads": threads,
        "variants": rounds.figures(),
        "unavailable": [{"runtime": u.runtime, "precision": u.precision, "reason": u.reason} for u in missing],
    }


def _timed(work: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    work()
    return (time.perf_counter() - started_s) * 1000


def _spread(samples_ms: list[float]) -> dict[str, float]:
    values = np.array(samples_ms)
    return {
        "min": float(values.min()),
        "p50": float(np.percentile(values, 50)),
        "p95": float(np.percentile(values, 95)),
        "max": float(values.max()),
    }


def _ratio(samples_ms: list[float], first_ms: list[float]) -> float:
    return float(np.median(np.array(samples_ms) / np.array(first_ms)))
