"""`nailfold bench`: speed and memory of the product on this computer, as a table and as JSON."""

import importlib.metadata
import json
import os
import platform
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from appliance.analysis.pipeline import Pipeline
from appliance.apps.engines.live_precision import live_precision
from appliance.apps.extras import require_modules
from appliance.apps.files.atomic_file import write_atomically
from appliance.apps.picture_threads import one_thread_a_picture
from appliance.apps.workbench.bench.engines import TimedEngine, summarise, time_engine
from appliance.apps.workbench.bench.side_by_side import load_average, measure_side_by_side
from appliance.apps.workbench.bench.station import measure_station
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.calibration import operator_calibration
from appliance.domain.frame import CameraDescription, Frame
from appliance.inference.detector import OnnxDetector
from appliance.inference.engine_set import open_manifest, open_runtime
from appliance.inference.keypoint_estimator import OnnxKeypointEstimator
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet
from engines.synthetic.live import LiveScene

_WIDTH_PX, _HEIGHT_PX, _UM_PER_PX = 640, 480, 1.41
LONG_S, QUICK_S = 600.0, 120.0
LONG_RUNS, QUICK_RUNS = 300, 50
LONG_TURN_S, QUICK_TURN_S, LONG_ROUNDS = 60.0, 30.0, 3
"""Of the station and of the plain loop, by turns."""


def bench(settings: InferenceSettings, is_quick: bool, out: Path | None) -> None:
    """Measure, print, and write JSON where asked.

    Args:
        is_quick: two minutes with the station instead of ten, one turn with the plain loop instead of three, fewer
            runs of the networks.

    Raises:
        ApplianceError: engines, station or browser are missing.
    """
    require_modules("playwright")
    one_thread_a_picture()
    asked, settings = settings, live_precision(settings).settings
    runs = QUICK_RUNS if is_quick else LONG_RUNS
    click.echo(f"networks: {runs} runs each", err=True)
    figures: dict[str, Any] = {
        "machine": machine(),
        "measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "precision": settings.engine_precision,
    }
    figures |= time_networks(settings, runs)
    figures |= time_pipeline(settings, runs)
    measured_s, turn_s, rounds = (QUICK_S, QUICK_TURN_S, 1) if is_quick else (LONG_S, LONG_TURN_S, LONG_ROUNDS)
    station = measure_station(["--runtime", settings.runtime], measured_s, _tell)
    figures |= asdict(station)
    if settings.runtime == "onnxruntime":
        # The plain loop has the networks as its writer would find them, in float32.
        plain = replace(asked, precision="float")
        figures["beside_a_plain_loop"] = measure_side_by_side(plain, turn_s, rounds, _tell)
    figures["load_average"] = load_average()
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, (json.dumps(figures, indent=2) + "\n").encode())
    _print(figures)


def _tell(line: str) -> None:
    click.echo(line, err=True)


def time_networks(settings: InferenceSettings, runs: int) -> dict[str, Any]:
    """detector_ms (one 640x480 picture) and keypoints_ms (16 crops): medians of the bare networks, and their p95."""
    manifest = open_manifest(settings)
    runtime = open_runtime(settings, manifest)
    figures: dict[str, Any] = {"runtime": runtime.name}
    for role in ("detector", "keypoints"):
        timing = time_engine(runtime, manifest, role, runs)
        figures[f"{role}_ms"], figures[f"{role}_p95_ms"] = timing.p50, timing.p95
    return figures


def time_pipeline(settings: InferenceSettings, runs: int) -> dict[str, Any]:
    """pipeline_ms a frame of the simulated scope, and how much that is over the time inside the bare networks."""
    manifest = open_manifest(settings)
    runtime = open_runtime(settings, manifest)
    detector, keypoints = TimedEngine(runtime.load("detector")), TimedEngine(runtime.load("keypoints"))
    engines = EngineSet(
        OnnxDetector(detector, manifest.engine("detector"), settings),
        OnnxKeypointEstimator(keypoints, manifest.engine("keypoints"), settings),
        EngineIdentity(importlib.metadata.version("nailfold-appliance"), runtime.name, {}),
    )
    pipeline = Pipeline(engines, operator_calibration(_UM_PER_PX, _WIDTH_PX, _HEIGHT_PX))
    scene = LiveScene(1, width=_WIDTH_PX, height=_HEIGHT_PX, um_per_px=_UM_PER_PX)
    totals_ms, engines_ms, loops = [], [], []
    for index in range(runs):
        detector.spent_ms = keypoints.spent_ms = 0.0
        analysis = pipeline.analyse(frame_of_scene(scene, index), track=True)
        totals_ms.append(analysis.stage_ms["total"])
        engines_ms.append(detector.spent_ms + keypoints.spent_ms)
        loops.append(len(analysis.capillaries))
    timing = summarise(totals_ms)
    return {
        "pipeline_ms": timing.p50,
        "pipeline_p95_ms": timing.p95,
        "pipeline_over_engines": float(np.median(np.array(totals_ms) / np.array(engines_ms))),
        "capillaries_per_frame": float(np.mean(loops)),
    }


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cpu = next(
        (line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "os": platform.platform(),
    }


def _cpuinfo() -> list[str]:
    return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()


def frame_of_scene(scene: LiveScene, index: int) -> Frame:
    """One frame of a scene of this benchmark's size."""
    at_s = index / 30
    camera = CameraDescription("bench", "bench", "rgb8", _WIDTH_PX, _HEIGHT_PX, 30.0)
    return Frame(index, scene.frame(at_s)[0], at_s, datetime.now(timezone.utc), camera)


def _print(figures: dict[str, Any]) -> None:
    table = Table(
        "figure", "value", title=f"nailfold on {figures['machine']['cpu']}, {figures['machine']['cores']} cores"
    )
    for name, value in figures.items():
        if isinstance(value, float):
            table.add_row(name, f"{value:.2f}")
        elif name == "capture_to_paint_ms":
            table.add_row(name, "  ".join(f"{share} {ms:.1f}" for share, ms in value.items()))
        elif name == "beside_a_plain_loop":
            for ratio, times in value.items():
                if ratio != "rounds":
                    table.add_row(f"{ratio}, plain loop", f"{times:.2f}")
    Console().print(table)
