"""`nailfold calibrate` on picture files."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from appliance.apps.cli import main
from engines.synthetic.micrometer import MicrometerAppearance, render_micrometer


def calibrate(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["calibrate", *map(str, arguments)])


def test_a_jpeg_of_a_micrometer_gives_the_scale_to_half_a_percent(tmp_path: Path) -> None:
    image = render_micrometer(
        1280, 1024, 1.37, MicrometerAppearance(division_um=100.0, divisions=10, angle_deg=4.0, dust=20)
    )
    Image.fromarray(image).save(tmp_path / "scale.jpg", quality=70)
    told = json.loads(calibrate(tmp_path / "scale.jpg", "--division-um", 100, "--json").output)
    assert told["um_per_px"] == pytest.approx(1.37, rel=0.005)
    assert 0 < told["uncertainty_um_per_px"] < 0.005 * 1.37
    assert (told["axis"], told["graduations"], told["width_px"]) == ("x", 11, 1280)
    words = calibrate(tmp_path / "scale.jpg", "--division-um", 100).output
    assert "um/px" in words
    assert "11 graduations over 1.000 mm" in words


def test_a_picture_without_a_scale_ends_with_the_reason(tmp_path: Path) -> None:
    Image.fromarray(np.full((480, 640, 3), 90, np.uint8)).save(tmp_path / "blank.png")
    answer = calibrate(tmp_path / "blank.png", "--division-um", 10)
    assert answer.exit_code == 1
    assert "no evenly spaced graduations" in answer.output
    assert calibrate(tmp_path / "missing.png", "--division-um", 10).exit_code == 1
