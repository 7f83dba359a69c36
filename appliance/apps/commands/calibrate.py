"""nailfold calibrate"""

from pathlib import Path

import click

from appliance.apps.analyze.micrometer_scale import CalibrationRequest, calibrate
from appliance.apps.commands.options import FILE
from appliance.domain.calibration import Axis


@click.command("calibrate")
@click.argument("image", type=FILE)
@click.option("--division-um", type=float, required=True, help="Between two graduations; 10 for 1 mm in 100 parts.")
@click.option("--axis", type=click.Choice([axis.value for axis in Axis]), help="Look along this axis alone.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(image: Path, division_um: float, axis: str | None, as_json: bool) -> None:
    """Micrometres per pixel from IMAGE, a picture of a stage micrometer.

    Nothing is kept: the wizard of a running station keeps calibrations.
    """
    calibrate(CalibrationRequest(image, division_um, None if axis is None else Axis(axis), as_json))
