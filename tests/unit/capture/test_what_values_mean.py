"""Pictures whose numbers are whole and whose meaning is not: read rightly, or refused with what to do."""

import zlib
from pathlib import Path

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
def test_twelve_bits_in_sixteen_are_no_black_picture(tmp_path: Path, make: object, eight: NDArray[np.uint16]) -> None:
    """The same picture with its full range is read, with the range of a camera of 12 bits refused with the remedy."""
    (tmp_path / "whole").write_bytes(make(eight * 257))  # type: ignore[operator]
    seen = read_still(tmp_path / "whole").image_rgb
    np.testing.assert_array_equal(seen, eight if eight.ndim == 3 else np.repeat(eight[:, :, None], 3, 2))
    (tmp_path / "dark").write_bytes(make(eight * 16))  # type: ignore[operator]
    with pytest.raises(CaptureError, match="camera of 12 bits") as refused:
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
