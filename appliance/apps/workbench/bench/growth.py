"""How the cost of a live frame grows with loops, picture size and browsers, in processor time.

    python -m appliance.apps.workbench.bench.growth --out build/reports/growth.json --plot docs/images/growth.png

Processor time of one thread a network is counted, not the clock: it says the same on a computer that does other things
as well, though its caches are then colder. Medians.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.pipeline import Pipeline
from appliance.apps.commands.options import load
from appliance.apps.engines.live_precision import live_precision
from appliance.apps.extras import require_modules
from appliance.apps.picture_threads import one_thread_a_picture
from appliance.apps.workbench.bench.bench import machine
from appliance.apps.workbench.bench.listeners import ListenerCost, cost_of_listeners, each_more_ms
from appliance.domain.analysis_result import EngineIdentity, FrameAnalysis
from appliance.domain.calibration import operator_calibration
from appliance.domain.detection import BoundingBox, CapillaryDetection, Detections, Morphology, SizeClass
from appliance.domain.frame import CameraDescription, Frame
from appliance.exam.live_message import encode_live_message
from appliance.inference.detector import OnnxDetector
from appliance.inference.engine_set import open_manifest, open_runtime
from appliance.inference.keypoint_estimator import OnnxKeypointEstimator
from appliance.inference.settings import InferenceSettings
from appliance.ports import Detector, EngineSet, LoadedEngine, Tensor
from engines.synthetic.live import LiveScene

LOOPS = (1, 5, 10, 20, 30, 40, 60)
SIZES = ((640, 480), (1024, 768), (1280, 960), (1600, 1200), (1920, 1080))
LISTENERS = (1, 2, 4, 8)
FRAMES, WARM_UP_FRAMES, QUALITY = 40, 10, 85
UM_PER_PX = 1.41
_PARTS = {"engines": "networks", "own": "rest of the analysis", "message": "picture and result for the pages"}


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time a frame: in the two networks, in the rest of the analysis, in the message."""

    engines: float
    own: float
    message: float


class CountedEngine:
    """A LoadedEngine that adds up the processor time of the thread that runs it."""

    def __init__(self, engine: LoadedEngine) -> None:
        self._engine = engine
        self.spent_s = 0.0

    def run(self, inputs: Any) -> dict[str, Tensor]:
        """Run once; see the port."""
        began_s = time.thread_time()
        try:
            return self._engine.run(inputs)
        finally:
            self.spent_s += time.thread_time() - began_s

    def close(self) -> None:
        """Free its memory."""
        self._engine.close()


class FixedLoopCount:
    """A Detector that does a real one's work and then says that so many loops lie in rows across the picture."""

    def __init__(self, detector: Detector, loops: int) -> None:
        self._detector = detector
        self._loops = loops

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        """See the port."""
        self._detector.detect(image_rgb)
        height, width = image_rgb.shape[:2]
        columns = 20
        boxes = (
            BoundingBox(width * (at % columns + 0.15) / columns, height * (0.2 + 0.25 * (at // columns)), 22.0, 70.0)
            for at in range(self._loops)
        )
        return Detections(tuple(CapillaryDetection(one, 0.9, Morphology.NORMAL, SizeClass.NORMAL) for one in boxes))


class CountedPipeline:
    """The live analysis of one size of picture, whose cost can be told apart."""

    def __init__(
        self,
        settings: InferenceSettings,
        size_px: tuple[int, int],
        front: Callable[[Detector], Detector] = lambda detector: detector,
        perf_counter: Callable[[], float] = time.perf_counter,
    ) -> None:
        settings = replace(live_precision(settings).settings, threads=1)
        manifest = open_manifest(settings)
        runtime = open_runtime(settings, manifest)
        self._engines = [CountedEngine(runtime.load(role)) for role in ("detector", "keypoints")]
        detector = OnnxDetector(self._engines[0], manifest.engine("detector"), settings)
        keypoints = OnnxKeypointEstimator(self._engines[1], manifest.engine("keypoints"), settings)
        engines = EngineSet(front(detector), keypoints, EngineIdentity("bench", runtime.name, {}))
        calibration = operator_calibration(UM_PER_PX * 640 / size_px[0], *size_px)
        self._pipeline = Pipeline(engines, calibration, perf_counter=perf_counter)
        scene = LiveScene(1, width=size_px[0], height=size_px[1], um_per_px=UM_PER_PX * 640 / size_px[0])
        self._pictures = [scene.frame(at / 30)[0] for at in range(16)]

    def cost(self) -> Cost:
        """Of a frame at 30 frames a second."""
        done = [self._frame(at) for at in range(WARM_UP_FRAMES + FRAMES)][WARM_UP_FRAMES:]
        return Cost(*(1000 * float(np.median(column)) for column in zip(*done, strict=True)))

    def analyse(self, at: int) -> tuple[FrameAnalysis, float, Frame]:
        """The result of a frame, the processor time inside the networks in seconds, and the frame."""
        # There and back again, so that the picture never jumps.
        picture = self._pictures[min(at % 30, 30 - at % 30)]
        height, width = picture.shape[:2]
        camera = CameraDescription("bench", "bench", "rgb8", width, height, 30.0)
        frame = Frame(at, picture, at / 30, datetime.now(timezone.utc), camera)
        before_s = self._spent_s()
        analysis = self._pipeline.analyse(frame, track=True)
        return analysis, self._spent_s() - before_s, frame

    def _frame(self, at: int) -> tuple[float, float, float]:
        began_s = time.process_time()
        analysis, in_engines_s, frame = self.analyse(at)
        analysed_s, began_s = time.process_time() - began_s, time.process_time()
        encode_live_message(frame, analysis, QUALITY)
        return in_engines_s, analysed_s - in_engines_s, time.process_time() - began_s

    def _spent_s(self) -> float:
        return sum(engine.spent_s for engine in self._engines)


def measure_growth(settings: InferenceSettings, reporter: Callable[[str], None]) -> dict[str, Any]:
    """Cost by loops, by size of the picture, and of a station by listeners."""
    one_thread_a_picture()
    by_loops, by_size = {}, {}
    for loops in LOOPS:
        front = lambda detector, loops=loops: FixedLoopCount(detector, loops)  # noqa: E731
        by_loops[str(loops)] = asdict(CountedPipeline(settings, SIZES[0], front).cost())
        reporter(f"{loops} loops: {by_loops[str(loops)]}")
    for width, height in SIZES:
        by_size[f"{width}x{height}"] = asdict(CountedPipeline(settings, (width, height)).cost())
        reporter(f"{width}x{height}: {by_size[f'{width}x{height}']}")
    watched = cost_of_listeners(["--runtime", settings.runtime], LISTENERS, reporter)
    load_average = Path("/proc/loadavg").read_text(encoding="ascii").split()[:3]
    return {
        "machine": machine() | {"load_average": load_average},
        "measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "by_loops": by_loops,
        "by_size": by_size,
        "by_listeners": [asdict(one) for one in watched],
        "each_listener_more_ms_per_frame": each_more_ms(watched),
    }


def plot_growth(figures: dict[str, Any], path: Path) -> None:
    """Three panels as PNG."""
    require_modules("matplotlib")
    import matplotlib as mpl  # noqa: PLC0415 (the `evaluate` extra)

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, panels = plt.subplots(1, 3, figsize=(12, 3.6), constrained_layout=True)
    for panel, name, label in ((panels[0], "by_loops", "loops in the picture"), (panels[1], "by_size", "picture, px")):
        _stack(panel, figures[name], label)
    watched: Sequence[ListenerCost] = [ListenerCost(**one) for one in figures["by_listeners"]]
    panels[2].plot([one.listeners for one in watched], [one.station_ms_per_frame for one in watched], "o")
    panels[2].set(xlabel="browsers", ylabel="whole station, ms a frame")
    for panel in panels:
        panel.set_ylim(0, 1.3 * panel.get_ylim()[1])
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _stack(panel: Any, costs: dict[str, dict[str, float]], label: str) -> None:
    at = np.arange(len(costs))
    below = np.zeros(len(costs))
    for part, name in _PARTS.items():
        values = np.array([cost[part] for cost in costs.values()])
        panel.bar(at, values, bottom=below, label=name)
        below += values
    panel.set_xticks(at, list(costs), rotation=30 if "x" in next(iter(costs)) else 0)
    panel.set(xlabel=label, ylabel="processor time, ms a frame")
    panel.legend(fontsize=8)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--precision", default="auto", help="as inference.precision in the settings")
    asked = parser.parse_args()
    settings = replace(load(None, runtime="onnxruntime").settings.inference, precision=asked.precision)
    figures = measure_growth(settings, print)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if asked.plot is not None:
        plot_growth(figures, asked.plot)


if __name__ == "__main__":
    main()
