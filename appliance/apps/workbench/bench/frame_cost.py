"""What a live frame costs beside its networks, stage by stage, by the processor time of the thread that analyses it.

    python -m appliance.apps.workbench.bench.frame_cost --frames 120

One thread a network, so that everything but quality, which runs beside the detector, is in that thread. Medians. To
tell two states of the code apart on a busy computer, run them by turns.
"""

import argparse
import json
import time
from dataclasses import replace

import numpy as np

from appliance.apps.commands.options import load
from appliance.apps.picture_threads import one_thread_a_picture
from appliance.apps.workbench.bench.growth import SIZES, WARM_UP_FRAMES, CountedPipeline
from appliance.inference.settings import InferenceSettings


def frame_cost(settings: InferenceSettings, frames: int) -> dict[str, float]:
    """Milliseconds of the engine's thread: `networks`, `rest`, each stage, and `over_networks` (their ratio)."""
    one_thread_a_picture()
    counted = CountedPipeline(settings, SIZES[0], perf_counter=time.thread_time)
    done = [counted.analyse(at)[:2] for at in range(WARM_UP_FRAMES + frames)][WARM_UP_FRAMES:]
    networks = np.array([1000 * in_networks_s for _, in_networks_s in done])
    totals = np.array([analysis.stage_ms["total"] for analysis, _ in done])
    stages = {name: float(np.median([analysis.stage_ms[name] for analysis, _ in done])) for name in done[0][0].stage_ms}
    return {
        "networks": float(np.median(networks)),
        "rest": float(np.median(totals - networks)),
        "over_networks": float(np.median(totals / networks)),
        "loops": float(np.median([len(analysis.capillaries) for analysis, _ in done])),
        **stages,
    }


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--precision", default="auto", help="as inference.precision in the settings")
    asked = parser.parse_args()
    settings = replace(load(None, runtime="onnxruntime").settings.inference, precision=asked.precision)
    print(json.dumps({name: round(value, 3) for name, value in frame_cost(settings, asked.frames).items()}))


if __name__ == "__main__":
    main()
