"""Apical widths of the simulated scope's stills against the truth: by themselves, and after a second of video.

    python -m engines.evaluation.live_widths --scenes 12 [--precision int8] [--without-gaps] [--weights DIR]

Plasma gaps travel along the narrow loops of these scenes, as in living ones. A still by itself may catch one in the
apex; one that is kept out of a video has the widths of its followed loops (appliance/analysis/track.py). `scenes` is
the root mean square of a scene's mean error: what does not average out over the loops of one hand.
"""

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.pipeline import Pipeline
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.detection import BoundingBox, Row
from appliance.domain.frame import CameraDescription, Frame
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet
from engines.evaluation.real import WEIGHTS
from engines.synthetic import live
from engines.synthetic.flow import gap_table
from engines.synthetic.live import LiveScene
from engines.synthetic.live_truth import FrameTruth

UM_PER_PX, WIDTH, HEIGHT = 1.41, 640, 480
RESTS_S = (1.0, 11.0, 21.0)
"""When the hand begins to rest over one of the scene's places."""
WATCHED_S, FPS = 2.0, 12
SAME_IOU = 0.4
BINS_PX = (5, 9, 11, 13, 16, 22, 40)
FIRST_SCENE = 1
_NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Off:
    """One loop of the distal row: its true apical width and what was found minus it, in pixels."""

    scene: int
    true_px: float
    off_px: float


def stills(engines: EngineSet, scene: LiveScene) -> Iterator[tuple[FrameTruth, FrameAnalysis, FrameAnalysis]]:
    """For each rest the truth, the still by itself, and the same still out of the video before it."""
    scale = Calibration("scene", UM_PER_PX, WIDTH, HEIGHT, ScaleOrigin.SIMULATED)
    for rest_s in RESTS_S:
        video, frames = Pipeline(engines, scale), round(WATCHED_S * FPS)
        for at in range(frames):
            image_rgb, truth = scene.frame(rest_s + at / FPS)
            seen = video.analyse(_frame(image_rgb, at, rest_s + at / FPS), track=True)
        assert seen.as_still is not None
        yield truth, Pipeline(engines, scale).analyse(_frame(image_rgb, 1, 0.0), track=False), seen.as_still()


def widths_off(scene: int, truth: FrameTruth, found: FrameAnalysis) -> list[Off]:
    """Of each loop that truly has an apical width, was found, put into the distal row and measured."""
    off = []
    for true in truth.loops:
        if true.is_ignored or true.apical_px is None or not found.capillaries:
            continue
        box = BoundingBox(*true.bbox_px)
        loop = max(found.capillaries, key=lambda one: box.iou(one.bbox))
        if box.iou(loop.bbox) >= SAME_IOU and loop.row is Row.DISTAL and loop.apical is not None:
            true_px = float(np.hypot(*np.subtract(*true.apical_px)))
            off.append(Off(scene, true_px, loop.apical.px - true_px))
    return off


def line(name: str, off: list[Off]) -> str:
    """One row of the table."""
    true_px, off_px = (np.array([getattr(one, key) for one in off]) for key in ("true_px", "off_px"))
    scenes = np.array([one.scene for one in off])
    means = [off_px[scenes == scene].mean() for scene in np.unique(scenes)]
    within = np.digitize(true_px, BINS_PX)
    bins = "".join(f"{_mean(off_px[within == at]):>8}" for at in range(1, len(BINS_PX)))
    return (
        f"{name:16}{len(off):6}{off_px.mean():+8.2f}{np.abs(off_px).mean():8.2f}"
        f"{np.sqrt(np.mean(np.square(means))):8.2f}{bins}"
    )


def _mean(values: NDArray[np.float64]) -> str:
    return f"{values.mean():+.2f}" if len(values) else "-"


def _frame(image_rgb: NDArray[np.uint8], seq: int, at_s: float) -> Frame:
    return Frame(seq, image_rgb, at_s, _NOON, CameraDescription("scene", "scene", "rgb8", WIDTH, HEIGHT, float(FPS)))


def _no_gaps(_elapsed_s: float) -> NDArray[np.uint8]:
    return np.zeros_like(gap_table(0.0))


def main() -> None:
    """Evaluate from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=12)
    parser.add_argument("--precision", default="float")
    parser.add_argument("--without-gaps", action="store_true", help="columns that are full of cells all the time")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    engines = load_engine_set(InferenceSettings(weights_dir=args.weights, precision=args.precision), "evaluation")
    alone: list[Off] = []
    followed: list[Off] = []
    with patch.object(live, "gap_table", _no_gaps if args.without_gaps else gap_table):
        for seed in range(FIRST_SCENE, FIRST_SCENE + args.scenes):
            for truth, by_itself, out_of_video in stills(engines, LiveScene(seed, um_per_px=UM_PER_PX)):
                alone += widths_off(seed, truth, by_itself)
                followed += widths_off(seed, truth, out_of_video)
    bins = "".join(f"{f'{low}-{high}':>8}" for low, high in itertools.pairwise(BINS_PX))
    print("apical width, found minus true, px; then the mean by true width")
    print(f"{'':16}{'loops':>6}{'mean':>8}{'abs':>8}{'scenes':>8}{bins}")
    print(line("by itself", alone))
    print(line("out of a video", followed))


if __name__ == "__main__":
    main()
