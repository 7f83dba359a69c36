"""The scale that a file states of itself is used only where it is physical and plausible."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from appliance.capture.scale_metadata import stated_um_per_px

PICTURE = Image.fromarray(np.zeros((40, 50, 3), dtype=np.uint8))


def tiff(path: Path, x: float, y: float, unit: int, description: str = "") -> Path:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[282], tags[283], tags[296] = x, y, unit
    if description:
        tags[270] = description
    PICTURE.save(path, tiffinfo=tags)
    return path


def test_resolution_of_png_jpeg_and_tiff(tmp_path: Path) -> None:
    """25,400 um an inch over 20,000 dots is 1.27 um."""
    PICTURE.save(tmp_path / "a.png", dpi=(20_000, 20_000))
    PICTURE.save(tmp_path / "a.jpg", dpi=(20_000, 20_000))
    assert stated_um_per_px(tmp_path / "a.png") == pytest.approx(1.27, rel=1e-4)
    assert stated_um_per_px(tmp_path / "a.jpg") == pytest.approx(1.27, rel=1e-4)
    assert stated_um_per_px(tiff(tmp_path / "cm.tif", 5000, 5000, 3)) == pytest.approx(2.0)


def test_microscope_formats(tmp_path: Path) -> None:
    imagej = tiff(tmp_path / "ij.tif", 0.5, 0.5, 1, "ImageJ=1.54f\nunit=micron\n")
    assert stated_um_per_px(imagej) == pytest.approx(2.0)
    ome = '<OME><Pixels PhysicalSizeX="1.41" PhysicalSizeY="1.41" PhysicalSizeXUnit="um" PhysicalSizeYUnit="um"/></OME>'
    assert stated_um_per_px(tiff(tmp_path / "ome.tif", 72, 72, 2, ome)) == pytest.approx(1.41)


@pytest.mark.parametrize("dpi", [(72, 72), (96, 96), (300, 300), (20_000, 30_000)])
def test_a_printers_resolution_or_stretched_pixels_are_no_scale(tmp_path: Path, dpi: tuple[int, int]) -> None:
    PICTURE.save(tmp_path / "a.jpg", dpi=dpi)
    assert stated_um_per_px(tmp_path / "a.jpg") is None


def test_a_file_without_units_or_that_is_none_states_nothing(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    assert stated_um_per_px(tmp_path / "a.png") is None
    assert stated_um_per_px(tmp_path / "b.png") is None
    assert stated_um_per_px(tmp_path / "c.png") is None
    assert stated_um_per_px(tiff(tmp_path / "none.tif", 5000, 5000, 1)) is None
