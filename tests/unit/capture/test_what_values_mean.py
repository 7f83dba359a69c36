"""Pictures whose numbers are whole and whose meaning is not: read rightly, or refused with what to do."""

import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from appliance.capture.still_reader import read_still
from appliance.domain.errors import CaptureError
from tests.support.raw_tiff import raw_tiff

ROWS, COLUMNS = np.mgrid[0:48, 0:64]
GREY = (COLUMNS * 4).astype(np.uint16)
RGB = np.dstack([COLUMNS * 4, ROWS * 5, 255 - COLUMNS * 2]).astype(np.uint16)
OME = '<OME><Image><Pixels SizeX="64" SizeY="48" {}/></Image></OME>'


def png_of_16_bits(samples: NDArray[np.uint16]) -> bytes:
    kind = 2 if samples.ndim == 3 else 0
    header = b"".join(size.to_bytes(4, "big") for size in (64, 48)) + bytes([16, kind, 0, 0, 0])
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big") for name, data in chunks
    )


def colours_of_16_bits(samples: NDArray[np.uint16]) -> bytes:
    return raw_tiff(samples.astype("<u2").tobytes(), {258: (16, 16, 16), 262: (2,), 277: (3,)})


def grey_of_16_bits(samples: NDArray[np.uint16]) -> bytes:
    return raw_tiff(samples.astype("<u2").tobytes(), {258: (16,), 262: (1,)})


@pytest.mark.parametrize(
    ("make", "eight"),
    [(png_of_16_bits, RGB), (png_of_16_bits, GREY), (colours_of_16_bits, RGB), (grey_of_16_bits, GREY)],
)
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_a_cameras_bits_in_sixteen_are_no_dark_picture(
    tmp_path: Path, make: object, eight: NDArray[np.uint16], bits: int
) -> None:
    """The same picture with its full range is read; with the range of a camera of fewer bits it is refused."""
    (tmp_path / "whole").write_bytes(make(eight * 257))  # type: ignore[operator]
    seen = read_still(tmp_path / "whole").image_rgb
    np.testing.assert_array_equal(seen, eight if eight.ndim == 3 else np.repeat(eight[:, :, None], 3, 2))
    (tmp_path / "dark").write_bytes(make(eight * 2 ** (bits - 8)))  # type: ignore[operator]
    with pytest.raises(CaptureError, match="camera of 10, 12 or 14 bits") as refused:
        read_still(tmp_path / "dark")
    assert str(tmp_path / "dark") in str(refused.value)
    assert "full range" in refused.value.remedy


def described(path: Path, description: str, samples: NDArray[np.uint16]) -> Path:
    Image.fromarray(samples).save(path, tiffinfo={270: description})
    return path


def test_the_significant_bits_of_ome_xml_are_the_range(tmp_path: Path) -> None:
    path = described(tmp_path / "a.tif", OME.format('SignificantBits="12"'), GREY * 16)
    seen = read_still(path).image_rgb[..., 0]
    assert np.abs(seen.astype(int) - GREY).max() <= 1


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 15])
@pytest.mark.parametrize("tag", [281, 341])
def test_the_largest_value_of_a_camera_of_fewer_bits_is_the_range(tmp_path: Path, tag: int, bits: int) -> None:
    tags = {258: (16,), 262: (1,), tag: (2**bits - 1,)}
    (tmp_path / "a.tif").write_bytes(raw_tiff((GREY * 2 ** (bits - 8)).astype("<u2").tobytes(), tags))
    assert np.abs(read_still(tmp_path / "a.tif").image_rgb[..., 0].astype(int) - GREY).max() <= 1


@pytest.mark.parametrize("largest", [64_512, 65_535, 40_000])
def test_another_largest_value_is_no_range(tmp_path: Path, largest: int) -> None:
    """The field says which value is the largest used (TIFF 6.0), and changes nothing of a whole picture."""
    tags = {258: (16,), 262: (1,), 281: (largest,)}
    (tmp_path / "a.tif").write_bytes(raw_tiff((GREY * 257).astype("<u2").tobytes(), tags))
    np.testing.assert_array_equal(read_still(tmp_path / "a.tif").image_rgb[..., 0], GREY)
    (tmp_path / "dark.tif").write_bytes(raw_tiff((GREY * 64).astype("<u2").tobytes(), tags))
    with pytest.raises(CaptureError, match="which white is meant"):
        read_still(tmp_path / "dark.tif")


def test_values_beyond_the_largest_that_is_stated_are_a_contradiction(tmp_path: Path) -> None:
    tags = {258: (16,), 262: (1,), 281: (16_383,)}
    (tmp_path / "a.tif").write_bytes(raw_tiff((GREY * 257).astype("<u2").tobytes(), tags))
    with pytest.raises(CaptureError, match="beyond 14 bits"):
        read_still(tmp_path / "a.tif")


def test_sixteen_bits_that_are_stated_may_be_dark(tmp_path: Path) -> None:
    path = described(tmp_path / "a.tif", OME.format('SignificantBits="16"'), GREY * 16)
    assert read_still(path).image_rgb.max() == round(GREY.max() * 16 / 257)


def test_colours_of_fewer_bits_than_they_lie_in_are_refused_whatever_their_values(tmp_path: Path) -> None:
    """Of each colour the decoder keeps the upper 8 of 16 bits: of 12 that are meant, 4."""
    tags = {258: (16, 16, 16), 262: (2,), 277: (3,), 281: (4095,) * 3}
    (tmp_path / "a.tif").write_bytes(raw_tiff((RGB * 16).astype("<u2").tobytes(), tags))
    with pytest.raises(CaptureError, match="its colours have 12 bits in 16"):
        read_still(tmp_path / "a.tif")


@pytest.mark.parametrize("is_coloured", [False, True])
@pytest.mark.parametrize("suffix", [".jp2", ".pnm", ".png", ".tif"])
def test_a_cameras_bits_in_sixteen_are_refused_in_every_format(tmp_path: Path, suffix: str, is_coloured: bool) -> None:
    eight = RGB if is_coloured else GREY
    for times, name in ((257, "whole"), (64, "dark")):
        assert cv2.imwrite(str(tmp_path / f"{name}{suffix}"), eight * np.uint16(times))
    assert read_still(tmp_path / f"whole{suffix}").image_rgb.max() > 240
    with pytest.raises(CaptureError, match="which white is meant"):
        read_still(tmp_path / f"dark{suffix}")


@pytest.mark.parametrize("white", [1023, 4095, 16_383, 65_535])
def test_a_format_that_states_its_white_is_read_by_it(tmp_path: Path, white: int) -> None:
    values = np.rint(GREY * (white / 255)).astype(">u2")
    (tmp_path / "a.pgm").write_bytes(b"P5 64 48 %d\n" % white + values.tobytes())
    assert np.abs(read_still(tmp_path / "a.pgm").image_rgb[..., 0].astype(int) - GREY).max() <= 1


@pytest.mark.parametrize(
    "description", ["ImageJ=1.53t\nimages=3\nchannels=3\nmode=composite\n", OME.format('SizeC="3"')]
)
def test_colours_in_pages_of_their_own_are_not_taken_for_one_grey_picture(tmp_path: Path, description: str) -> None:
    with pytest.raises(CaptureError, match="3 colours lie in pages of their own") as refused:
        read_still(described(tmp_path / "a.tif", description, GREY.astype(np.uint8)))
    assert "RGB" in refused.value.remedy


@pytest.mark.parametrize("description", ["ImageJ=1.53t\nslices=3\n", OME.format('SizeC="1"'), OME.format('SizeC="x"')])
def test_one_colour_is_one_colour_whoever_says_so(tmp_path: Path, description: str) -> None:
    seen = read_still(described(tmp_path / "a.tif", description, GREY.astype(np.uint8))).image_rgb
    np.testing.assert_array_equal(seen[..., 1], GREY)


@pytest.mark.parametrize("scale", [1, 257])
def test_a_palette_of_8_bits_where_16_belong_is_not_black(tmp_path: Path, scale: int) -> None:
    colours = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 90)])
    tags = {258: (8,), 262: (3,), 320: tuple(int(one) for one in (colours * scale).ravel())}
    (tmp_path / "a.tif").write_bytes(raw_tiff(GREY.astype(np.uint8).tobytes(), tags))
    np.testing.assert_array_equal(read_still(tmp_path / "a.tif").image_rgb, np.moveaxis(colours[:, GREY], 0, 2))
