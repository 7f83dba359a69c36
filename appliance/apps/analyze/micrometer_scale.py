"""`nailfold calibrate`: the scale from a stored picture of a stage micrometer."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from appliance.analysis.micrometer import find_graduations
from appliance.capture.still_reader import read_still
from appliance.domain.calibration import Axis
from appliance.domain.errors import CalibrationError
from appliance.domain.honest_digits import scale_decimals
from appliance.exam.calibration_service import graduation_scale


@dataclass(frozen=True)
class CalibrationRequest:
    """What the command was asked.

    Attributes:
        image: a picture of the micrometer.
        division_um: between two neighbouring graduations.
        axis: look along this one alone; None takes what is there.
        as_json: print JSON in place of words.
    """

    image: Path
    division_um: float
    axis: Axis | None
    as_json: bool


def calibrate(request: CalibrationRequest) -> None:
    """Print micrometres per pixel and their uncertainty.

    Raises:
        CaptureError: the picture cannot be read.
        CalibrationError: it shows no scale that can be trusted.
    """
    found = read_still(request.image)
    result = measured(found.image_rgb, request)
    if request.as_json:
        click.echo(json.dumps(result, indent=2))
        return
    off = result["uncertainty_um_per_px"]
    decimals, share = scale_decimals(off), 100 * off / result["um_per_px"]
    click.echo(
        f"{result['um_per_px']:.{decimals}f} um/px +- {off:.{decimals}f} (95 %, {share:.1g} %) along "
        f"{result['axis']} for {result['width_px']}x{result['height_px']} pictures"
    )
    click.echo(
        f"{result['graduations']} graduations over {result['length_um'] / 1000:.3f} mm, turned by "
        f"{result['angle_deg']:.1f} degrees, {result['hidden']} hidden"
    )


def measured(image_rgb: Any, request: CalibrationRequest) -> dict[str, Any]:
    """What was found, as JSON types."""
    if request.division_um <= 0:
        raise CalibrationError(f"a division of {request.division_um:g} um was given", "A hundredth of a mm is 10.")
    found = find_graduations(image_rgb, request.axis)
    scale = graduation_scale(found, request.division_um)
    return {
        "um_per_px": scale.um_per_px,
        "uncertainty_um_per_px": scale.uncertainty_um_per_px,
        "axis": found.axis.value,
        "angle_deg": round(found.angle_deg, 3),
        "division_um": request.division_um,
        "pitch_px": found.pitch_px,
        "graduations": len(found.lines_px),
        "hidden": found.hidden,
        "length_um": scale.length_um,
        "width_px": int(image_rgb.shape[1]),
        "height_px": int(image_rgb.shape[0]),
        "long_mark_every": found.long_mark_every,
    }
