"""Whether new networks measure what the validated ones do, on a sealed set of pictures, before they see a patient."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.matching import match_boxes
from appliance.analysis.measure import MeasuredLoop, measure_loops
from appliance.domain.detection import BoundingBox
from appliance.domain.errors import UpdateError
from appliance.ports import EngineSet

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Tolerance:
    """How far new networks may differ from the validated ones.

    The validated keypoint network errs by 8 to 10 % of a width and is off by less than 2 % on average
    (engines/weights/manifest.json, training figures): another good one differs at random within that, a shifted one
    as a whole.

    Attributes:
        found_again: least share of the validated networks' loops that the new ones find.
        found_besides: largest share of loops that only the new ones find.
        mean_width: largest difference of the mean of all widths, as a share.
        single_width: largest median difference of one loop's width, as a share.
        measured_again: least share of the widths that the new ones measure, too.
    """

    found_again: float = 0.85
    found_besides: float = 0.20
    mean_width: float = 0.04
    single_width: float = 0.10
    measured_again: float = 0.85


@dataclass(frozen=True)
class GateReport:
    """What the comparison gave.

    Attributes:
        figures: by the names of `Tolerance`; `mean_width` with its sign, and how many loops and widths were compared.
        reasons: each figure that is out of bounds, in words; empty where the new networks may work.
    """

    figures: dict[str, float]
    reasons: tuple[str, ...]

    @property
    def is_within(self) -> bool:
        return not self.reasons


@dataclass(frozen=True)
class EngineFindings:
    """What networks found and measured in one picture: `widths` (px, by its name) is as long as `boxes`."""

    boxes: list[BoundingBox]
    widths: list[dict[str, float]]


def shipped_pictures() -> Path:
    """The folder of the reference set that came with this software."""
    return Path(str(resources.files(__package__).joinpath("reference")))


def sealed_pictures(folder: Path | None = None) -> tuple[Picture, ...]:
    """The reference set, RGB, as it was sealed.

    Raises:
        UpdateError: a picture is missing, changed or one too many.
    """
    place = folder or shipped_pictures()
    try:
        seal: dict[str, Any] = json.loads((place / "seal.json").read_text("utf-8"))
        there = {file.name: file.read_bytes() for file in place.glob("*.jpg")}
    except (OSError, ValueError) as error:
        raise UpdateError(f"the reference set cannot be read: {error}", "Install the software again.") from error
    found = {name: hashlib.sha256(content).hexdigest() for name, content in there.items()}
    if found != seal["images"]:
        raise UpdateError("the reference set is not the one that was sealed", "Install the software again.")
    decoded = [cv2.imdecode(np.frombuffer(there[name], np.uint8), cv2.IMREAD_COLOR) for name in sorted(there)]
    return tuple(np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)) for picture in decoded)


def compare(
    validated: EngineSet, new: EngineSet, pictures: Sequence[Picture], tolerance: Tolerance | None = None
) -> GateReport:
    """Both measure every picture.

    Raises:
        InferenceError: one of them cannot run.
        UpdateError: the validated networks find nothing, so that nothing can be compared.
    """
    return judge(look_at(validated, pictures), look_at(new, pictures), tolerance)


def look_at(engines: EngineSet, pictures: Sequence[Picture]) -> tuple[EngineFindings, ...]:
    """What these networks find and measure in each. Raises InferenceError where they cannot run."""
    return tuple(_look(engines, picture) for picture in pictures)


def judge(
    validated: Sequence[EngineFindings], new: Sequence[EngineFindings], tolerance: Tolerance | None = None
) -> GateReport:
    """The comparison of both, picture by picture.

    Raises:
        UpdateError: the validated networks found nothing, so that nothing can be compared.
    """
    limits = tolerance or Tolerance()
    loops = again = besides = widths = 0
    ratios: list[float] = []
    for before, after in zip(validated, new, strict=True):
        pairs = match_boxes(before.boxes, after.boxes, [(0.0, 0.0)]).pairs
        loops += len(before.boxes)
        again += len(pairs)
        besides += len(after.boxes) - len(pairs)
        for old, young in pairs:
            widths += len(before.widths[old])
            shared = before.widths[old].keys() & after.widths[young].keys()
            ratios += [after.widths[young][name] / before.widths[old][name] for name in shared]
    if not loops or not widths:
        raise UpdateError("the validated networks find no loop in the reference set", "Install the software again.")
    shift = float(np.mean(ratios)) - 1 if ratios else -1.0
    single = float(np.median(np.abs(np.array(ratios) - 1))) if ratios else 1.0
    figures = {
        "loops": float(loops),
        "widths": float(len(ratios)),
        "found_again": round(again / loops, 4),
        "found_besides": round(besides / loops, 4),
        "mean_width": round(shift, 4),
        "single_width": round(single, 4),
        "measured_again": round(len(ratios) / widths, 4),
    }
    return GateReport(figures, tuple(_reasons(figures, limits)))


def _look(engines: EngineSet, picture: Picture) -> EngineFindings:
    found = engines.detector.detect(picture).capillaries
    keypoints = engines.keypoints.estimate(picture, [one.bbox for one in found])
    measured = measure_loops(found, keypoints, None)
    return EngineFindings([one.detection.bbox for one in measured], [_widths_px(one) for one in measured])


def _widths_px(loop: MeasuredLoop) -> dict[str, float]:
    named = {"apical": loop.apical, "arterial": loop.arterial, "venous": loop.venous}
    return {name: width.px for name, width in named.items() if width is not None}


def _reasons(figures: dict[str, float], limits: Tolerance) -> list[str]:
    checks: list[tuple[Callable[[], bool], str]] = [
        (
            lambda: figures["found_again"] < limits.found_again,
            f"only {figures['found_again']:.0%} of the loops are found again (at least {limits.found_again:.0%})",
        ),
        (
            lambda: figures["found_besides"] > limits.found_besides,
            f"{figures['found_besides']:.0%} more loops are found (at most {limits.found_besides:.0%})",
        ),
        (
            lambda: abs(figures["mean_width"]) > limits.mean_width,
            f"widths are shifted by {figures['mean_width']:+.1%} (at most {limits.mean_width:.0%})",
        ),
        (
            lambda: figures["single_width"] > limits.single_width,
            f"a loop's width differs by {figures['single_width']:.1%} (at most {limits.single_width:.0%})",
        ),
        (
            lambda: figures["measured_again"] < limits.measured_again,
            f"only {figures['measured_again']:.0%} of the widths are measured (at least {limits.measured_again:.0%})",
        ),
    ]
    return [text for is_out, text in checks if is_out()]
