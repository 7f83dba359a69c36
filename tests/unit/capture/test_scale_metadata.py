"""The scale that a file states of itself is used only where it is physical and plausible."""

from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin, TiffTags

from appliance.capture.length_units import um_of
from appliance.capture.scale_metadata import StatedScale, scale_of_picture
from appliance.capture.still_reader import read_still

PICTURE = Image.fromarray(np.zeros((40, 50, 3), dtype=np.uint8))


def stated(path: Path) -> StatedScale:
    with Image.open(path) as image:
        return scale_of_picture(image)


def stated_um_per_px(path: Path) -> float | None:
    return stated(path).um_per_px


def tiff(path: Path, x: float, y: float, unit: int, description: str | bytes = "") -> Path:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[282], tags[283], tags[296] = x, y, unit
    if description:
        tags[270] = description
        tags.tagtype[270] = TiffTags.ASCII if isinstance(description, str) else TiffTags.BYTE
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
    assert stated_um_per_px(tmp_path / "a.png") is None
    assert stated_um_per_px(tiff(tmp_path / "none.tif", 5000, 5000, 1)) is None


OME = (
    '<?xml version="1.0"{coding}?><ome:OME xmlns:ome="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    "<ome:Image><ome:Pixels PhysicalSizeY='{size}' PhysicalSizeX='{size}' "
    "PhysicalSizeXUnit='{unit}' PhysicalSizeYUnit='{unit}'/></ome:Image></ome:OME>"
)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1", "cp1252"])
@pytest.mark.parametrize(("size", "unit"), [("1.5", "\u00b5m"), ("1.5", "&#181;m"), ("0.0015", "mm"), ("1500", "nm")])
def test_ome_xml_in_any_coding_and_unit(tmp_path: Path, coding: str, size: str, unit: str) -> None:
    said = "" if coding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le") else f' encoding="{coding}"'
    description = OME.format(coding=said, size=size, unit=unit).encode(coding)
    for ended in (description, description + b"\0", description + b"\0\0", description + b"\0\0\0"):
        assert stated(tiff(tmp_path / "a.tif", 72, 72, 2, ended)) == StatedScale(pytest.approx(1.5))


@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("unit", ["\u00b5m", "\\u00B5m", "um", "micron"])
def test_imagejs_unit_in_any_coding(tmp_path: Path, coding: str, unit: str) -> None:
    description = f"ImageJ=1.54f\nunit={unit}\n".encode(coding)
    assert stated(tiff(tmp_path / "a.tif", 2 / 3, 2 / 3, 1, description)).um_per_px == pytest.approx(1.5)


@pytest.mark.parametrize(
    "description",
    [
        OME.format(coding="", size="1.5", unit="furlong"),
        OME.format(coding="", size="1,5", unit="mm"),
        "<OME><Pixels PhysicalSizeX=",
        '<!DOCTYPE x [<!ENTITY a "b">]><OME><Pixels/></OME>',
        "ImageJ=1.54f\nunit=furlong\n",
    ],
)
def test_a_scale_that_nobody_understands_is_a_problem_and_not_ignored(tmp_path: Path, description: str) -> None:
    found = stated(tiff(tmp_path / "a.tif", 72, 72, 2, description))
    assert found.um_per_px is None
    assert found.problem


@pytest.mark.parametrize("unit", ["pixel", "reference frame"])
def test_pixels_are_no_physical_unit_and_no_problem(tmp_path: Path, unit: str) -> None:
    description = OME.format(coding="", size="1.0", unit=unit)
    assert stated(tiff(tmp_path / "a.tif", 72, 72, 2, description)) == StatedScale()


@pytest.mark.parametrize(
    ("name", "um"),
    [
        ("m", 1e6),
        ("cm", 1e4),
        ("\u03bcm", 1.0),
        ("nm", 1e-3),
        ("\u00c5", 1e-4),
        ("micrometer", 1.0),
        ("inch", 25_400.0),
    ],
)
def test_units_of_length(name: str, um: float) -> None:
    assert um_of(name) == pytest.approx(um)


@pytest.mark.parametrize("name", ["", "s", "furlong", "ly", "Xm"])
def test_no_units_of_length(name: str) -> None:
    assert um_of(name) is None


@pytest.mark.parametrize("dpi", [1_200, 2_400, 4_800, 9_600])
def test_a_scanners_round_resolution_is_no_scale(tmp_path: Path, dpi: int) -> None:
    """9,600 dots an inch would be 2.6 um, a capillaroscope's own range."""
    for name in ("a.png", "a.tif"):
        PICTURE.save(tmp_path / name, dpi=(dpi, dpi))
        assert stated(tmp_path / name) == StatedScale()


@pytest.mark.parametrize(("per_cm", "um"), [(944.88, None), (2400 / 2.54, None), (3779.53, None), (15_000, 0.6667)])
def test_a_scanners_resolution_is_none_in_centimetres_either(tmp_path: Path, per_cm: float, um: float | None) -> None:
    """944.88 a centimetre are 2,400 an inch: 10.6 um, which a capillaroscope could have."""
    found = stated_um_per_px(tiff(tmp_path / "a.tif", per_cm, per_cm, 3))
    assert found == (None if um is None else pytest.approx(um, rel=1e-3))


@pytest.mark.parametrize(
    "sizes",
    [
        'PhysicalSizeX="NaN" PhysicalSizeY="NaN"',
        'PhysicalSizeX="0" PhysicalSizeY="0"',
        'PhysicalSizeX="-1.41" PhysicalSizeY="-1.41"',
        'PhysicalSizeX="INF" PhysicalSizeY="INF"',
        'PhysicalSizeX="1.41" PhysicalSizeY="2.82"',
        'PhysicalSizeX="1.41" PhysicalSizeXUnit="Mm" PhysicalSizeY="1.41" PhysicalSizeYUnit="Mm"',
    ],
)
def test_what_a_microscope_says_and_cannot_be_is_not_used_and_said(tmp_path: Path, sizes: str) -> None:
    scale = stated(tiff(tmp_path / "a.tif", 72, 72, 2, f"<OME><Image><Pixels {sizes}/></Image></OME>".encode()))
    assert scale.um_per_px is None
    assert "not used" in scale.note
    assert not scale.problem


@pytest.mark.parametrize("size", ["1_5", "1,5", "1.5 um", "0x1", ""])
def test_what_python_alone_takes_for_a_number_is_none(tmp_path: Path, size: str) -> None:
    """float("1_5") is 15: ten times the scale."""
    description = f'<OME><Image><Pixels PhysicalSizeX="{size}" PhysicalSizeY="{size}"/></Image></OME>'.encode()
    scale = stated(tiff(tmp_path / "a.tif", 72, 72, 2, description))
    assert (scale.um_per_px, "no number" in scale.problem) == (None, True)


def test_a_size_in_one_direction_alone_is_a_problem(tmp_path: Path) -> None:
    description = b'<OME><Image><Pixels PhysicalSizeX="1.41"/></Image></OME>'
    assert "one direction" in stated(tiff(tmp_path / "a.tif", 72, 72, 2, description)).problem


def test_the_time_in_ome_xml_is_the_pictures(tmp_path: Path) -> None:
    xml = b"<OME><Image><AcquisitionDate>2019-03-11T10:15:00+01:00</AcquisitionDate><Pixels/></Image></OME>"
    still = read_still(tiff(tmp_path / "a.tif", 72, 72, 2, xml))
    assert still.taken_at_utc == datetime(2019, 3, 11, 9, 15, tzinfo=timezone.utc)
