"""This station and a plain loop on the same video, networks, cores and browser, by turns.

    python -m appliance.apps.workbench.bench.side_by_side --seconds 60 --rounds 2

Both read the same file, so that neither pays for rendering it. The plain loop takes each of its frames as soon as it is
ready for one; the station plays it at 60 frames a second, as a camera would, and takes the newest. Each has a browser
that paints what it sends. Absolute figures depend on what else the computer does; the ratios are those of one run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import simplejpeg

from appliance.apps.commands.options import load
from appliance.apps.workbench.bench.browser import paint_address
from appliance.apps.workbench.bench.station import measure_station
from appliance.apps.workbench.bench.station_process import cpu_seconds
from appliance.domain.errors import ExportError
from appliance.exam.motion_jpeg import write_avi
from appliance.inference.engine_set import open_manifest
from appliance.inference.settings import InferenceSettings
from engines.synthetic.live import LiveScene

VIDEO_S, RECORDED_FPS, PLAYED_FPS, UM_PER_PX = 24.0, 30.0, 60.0, 1.41
WARM_UP_S = 5.0
QUALITY = 92


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes:
        frames_per_s: with their boxes, painted by the browser (station) or drawn and sent (plain loop).
        cpu_ms_per_frame: processor time of the process for each of them, without the browser's.
        load_average: of the computer, at the end.
    """

    frames_per_s: float
    cpu_ms_per_frame: float
    load_average: float


@dataclass(frozen=True)
class Round:
    """Both in turn; `plain_over_engines` is the time of a frame of the plain loop over that inside its networks."""

    plain: Side
    station: Side
    plain_over_engines: float
    capture_to_paint_ms: dict[str, float]


def measure_side_by_side(
    settings: InferenceSettings, seconds: float, rounds: int, reporter: Callable[[str], None]
) -> dict[str, Any]:
    """Figures of every round, and the medians over rounds of the ratios station over plain loop.

    Raises:
        ApplianceError: one of the two, or the browser, did not start.
    """
    with tempfile.TemporaryDirectory(prefix="nailfold-side-by-side-") as folder:
        video = record_scene(Path(folder) / "scene.avi", 640, 480)
        done = [_round(settings, video, seconds, reporter) for _ in range(rounds)]
    return {
        "rounds": [asdict(one) for one in done],
        "frames_per_s_over": median(one.station.frames_per_s / one.plain.frames_per_s for one in done),
        "cpu_per_frame_over": median(one.station.cpu_ms_per_frame / one.plain.cpu_ms_per_frame for one in done),
        "frame_over_engines_of": median(one.plain_over_engines for one in done),
    }


def record_scene(path: Path, width_px: int, height_px: int, seed: int = 1) -> Path:
    """The simulated scope's first seconds as Motion JPEG, to be played twice as fast."""
    scene = LiveScene(seed, width=width_px, height=height_px, um_per_px=UM_PER_PX * 640 / width_px)
    frames = (scene.frame(at / RECORDED_FPS)[0] for at in range(round(VIDEO_S * RECORDED_FPS)))
    jpegs = [simplejpeg.encode_jpeg(np.ascontiguousarray(one), QUALITY, "RGB", "422") for one in frames]
    path.write_bytes(write_avi(jpegs, PLAYED_FPS, width_px, height_px))
    return path


def _round(settings: InferenceSettings, video: Path, seconds: float, reporter: Callable[[str], None]) -> Round:
    plain, over_engines = _plain(settings, video, seconds, reporter)
    flags = ["--runtime", settings.runtime, "--um-per-px", str(UM_PER_PX)]
    station = measure_station(flags, seconds, reporter, f"file:{video}?loop=1", WARM_UP_S)
    rate = station.frames_per_s
    ours = Side(rate, 1000 * station.station_cores / rate, load_average())
    return Round(plain, ours, over_engines, station.capture_to_paint_ms)


def _plain(
    settings: InferenceSettings, video: Path, seconds: float, reporter: Callable[[str], None]
) -> tuple[Side, float]:
    networks = [str(open_manifest(settings).engine(role).path) for role in ("detector", "keypoints")]
    command = [sys.executable, "-m", "appliance.apps.workbench.bench.plain_loop", str(video), *networks]
    reporter(f"plain loop for {seconds:.0f} s")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().removeprefix("Open ").strip()
            if not url:
                raise ExportError("the plain loop did not start", "Run its module by hand and see what it says.")
            with paint_address(url):
                time.sleep(WARM_UP_S)
                before, cpu_before_s, started_s = _figures(url), cpu_seconds(process.pid), time.monotonic()
                time.sleep(seconds)
                after, cpu_s = _figures(url), cpu_seconds(process.pid) - cpu_before_s
                elapsed_s = time.monotonic() - started_s
        finally:
            process.kill()
    spent = {name: after[name] - before[name] for name in after}
    side = Side(spent["frames"] / elapsed_s, 1000 * cpu_s / spent["frames"], load_average())
    return side, spent["busy_s"] / spent["engines_s"]


def _figures(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/figures", timeout=10) as answer:  # noqa: S310 (the loop's own address)
        return dict(json.load(answer))


def load_average() -> float:
    """Of the last minute."""
    return float(Path("/proc/loadavg").read_text(encoding="ascii").split()[0])


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the two, in each round")
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    # The plain loop has the networks as they ship, in float32.
    settings = load(None, runtime="onnxruntime").settings.inference
    figures = measure_side_by_side(settings, asked.seconds, asked.rounds, lambda line: print(line, file=sys.stderr))
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
