"""The distal row, loop by loop, and the density, on rendered stills turned to any angle, through the whole pipeline.

What a turn leaves empty is black, as around an eyepiece.

    python -m engines.evaluation.rows --images 60 --turns 0 45 90 180 [--weights DIR]

Of the loops that were found and truly lie in the distal row, `row_found` is the share that the device put there; of
those that it put there and that are loops, `row_right` is the share that truly lie there. A false box counts in
neither: it costs precision, which `engines.evaluation.synthetic` has.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.pipeline import Pipeline
from appliance.analysis.turned_view import TurnedView, view_of_turn
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.detection import Row
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.measurement import Capillary
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet
from engines.evaluation.real import WEIGHTS
from engines.evaluation.synthetic import FIRST_SEED
from engines.synthetic.render import render
from engines.synthetic.truth import LoopTruth, RenderedImage

_NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


@dataclass
class RowTally:
    """What has been counted at one turn.

    Attributes:
        of_distal: of each found loop of the true distal row, whether the device put it there.
        of_called: of each found loop that the device put there, whether it truly lies there.
        density_off: found minus true density per mm, of the pictures that have one.
        without_density: pictures of which the device gave none.
    """

    of_distal: list[bool] = field(default_factory=list)
    of_called: list[bool] = field(default_factory=list)
    density_off: list[float] = field(default_factory=list)
    without_density: int = 0

    def add(self, rendered: RenderedImage, analysis: FrameAnalysis, view: TurnedView) -> None:
        """Count one picture; `view` is how the analysed one was turned."""
        for loop, true in found_loops(rendered.loops, analysis.capillaries, view):
            if true.row is Row.DISTAL:
                self.of_distal.append(loop.row is Row.DISTAL)
            if loop.row is Row.DISTAL:
                self.of_called.append(true.row is Row.DISTAL)
        per_mm = analysis.metrics.density_per_mm
        if per_mm is None:
            self.without_density += 1
        else:
            self.density_off.append(per_mm - rendered.density_per_mm)

    def line(self, turn_deg: float) -> str:
        """One row of the table."""
        off = np.array(self.density_off) if self.density_off else np.full(1, np.nan)
        return (
            f"{turn_deg:6.0f}  {_share(self.of_distal)}  {_share(self.of_called)}  {off.mean():+11.2f}  "
            f"{off.std():7.2f}  {len(self.density_off):9d}  {self.without_density:7d}"
        )


def found_loops(
    truths: Sequence[LoopTruth], found: Sequence[Capillary], view: TurnedView
) -> list[tuple[Capillary, LoopTruth]]:
    """Findings with the loop in whose box their middle lies, the nearest and best first; each at most once."""
    free = [one for one in truths if one.is_counted]
    pairs = []
    for loop in sorted(found, key=lambda one: one.score, reverse=True):
        x, y = view.point_back(loop.bbox.centre)
        near = [one for one in free if _holds(one, x, y)]
        if near:
            true = min(near, key=lambda one: math.hypot(*np.subtract(_middle(one), (x, y))))
            pairs.append((loop, true))
            free.remove(true)
    return pairs


def evaluate(engines: EngineSet, images: int, turn_deg: float) -> RowTally:
    """Every image, turned clockwise by so much, analysed as a still."""
    tally = RowTally()
    for seed in range(FIRST_SEED, FIRST_SEED + images):
        rendered = render(seed)
        height, width = rendered.image_rgb.shape[:2]
        view = view_of_turn(width, height, -math.radians(turn_deg))
        turned = view.show(rendered.image_rgb) * view.inside()[:, :, None]
        pipeline = Pipeline(engines, _scale(rendered, turned))
        tally.add(rendered, pipeline.analyse(_frame(turned), track=False), view)
    return tally


def _scale(rendered: RenderedImage, turned: NDArray[np.uint8]) -> Calibration:
    height, width = turned.shape[:2]
    return Calibration("rendered", rendered.um_per_px, width, height, ScaleOrigin.STAGE_MICROMETER, "")


def _frame(image_rgb: NDArray[np.uint8]) -> Frame:
    height, width = image_rgb.shape[:2]
    return Frame(1, image_rgb, 0.0, _NOON, CameraDescription("rendered", "rendered", "RGB", width, height, 1.0))


def _holds(one: LoopTruth, x: float, y: float) -> bool:
    left, top, width, height = one.bbox_px
    return left <= x <= left + width and top <= y <= top + height


def _middle(one: LoopTruth) -> tuple[float, float]:
    left, top, width, height = one.bbox_px
    return left + width / 2, top + height / 2


def _share(right: Sequence[bool]) -> str:
    return f"{np.mean(right):9.3f}" if right else f"{'-':>9}"


def main() -> None:
    """Evaluate from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--turns", type=float, nargs="+", default=[0.0], help="degrees clockwise")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    engines = load_engine_set(InferenceSettings(weights_dir=args.weights), "evaluation")
    print("  turn  row_found  row_right  density_off  +- of it  with one  without")
    for turn_deg in args.turns:
        print(evaluate(engines, args.images, turn_deg).line(turn_deg), flush=True)


if __name__ == "__main__":
    main()
