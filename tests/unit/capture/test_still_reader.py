"""Every kind of picture file a clinic may hold, and every kind of bad one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from appliance.capture import still_reader
from appliance.capture.still_reader import read_still
from appliance.domain.errors import CaptureError


def gradient(height: int = 48, width: int = 64) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([columns * 3, rows * 5, (columns + rows) * 2], axis=2).astype(np.uint8)


def test_plain_rgb_is_read_unchanged(tmp_path: Path) -> None:
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    still = read_still(tmp_path / "a.png")
    assert still.image_rgb.dtype == np.uint8
    assert still.image_rgb.flags.c_contiguous
    np.testing.assert_array_equal(still.image_rgb, gradient())


def test_sixteen_bit_grey_keeps_its_full_range(tmp_path: Path) -> None:
    grey = np.linspace(0, 65_535, 64 * 48).astype(np.uint16).reshape(48, 64)
    for name in ("a.png", "a.tif"):
        Image.fromarray(grey).save(tmp_path / name)
        image = read_still(tmp_path / name).image_rgb
        assert image.shape == (48, 64, 3)
        assert image.min() == 0
        assert image.max() == 255
        np.testing.assert_array_equal(image[..., 0], np.rint(grey / 257.0).astype(np.uint8))


def test_eight_bit_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    Image.fromarray(gradient()[..., 0]).save(tmp_path / "a.png")
    image = read_still(tmp_path / "a.png").image_rgb
    for channel in range(3):
        np.testing.assert_array_equal(image[..., channel], gradient()[..., 0])


def test_palette_is_resolved_to_colours(tmp_path: Path) -> None:
    image = Image.new("P", (64, 48), 1)
    image.putpalette([0, 0, 0, 200, 30, 40])
    image.save(tmp_path / "a.png")
    assert tuple(read_still(tmp_path / "a.png").image_rgb[10, 10]) == (200, 30, 40)


def test_transparent_parts_become_black_and_opaque_parts_stay(tmp_path: Path) -> None:
    pixels = np.dstack([gradient(), np.full((48, 64), 255, np.uint8)])
    pixels[:24, :, 3] = 0
    Image.fromarray(pixels, "RGBA").save(tmp_path / "a.png")
    image = read_still(tmp_path / "a.png").image_rgb
    assert image[:24].max() == 0
    np.testing.assert_array_equal(image[24:], gradient()[24:])


@pytest.mark.parametrize(("orientation", "turned"), [(3, 2), (6, 3), (8, 1)])
def test_exif_rotation_is_applied(tmp_path: Path, orientation: int, turned: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(gradient()).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_still(tmp_path / "a.png").image_rgb, np.rot90(gradient(), turned))


def test_cmyk_jpeg_keeps_its_colours(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), (180, 90, 60)).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read_still(tmp_path / "a.jpg").image_rgb[20, 20].astype(int) - (180, 90, 60)).max() <= 4


def test_pages_of_a_tiff_are_counted(tmp_path: Path) -> None:
    page = Image.fromarray(gradient())
    page.save(tmp_path / "a.tif", save_all=True, append_images=[page, page])
    assert read_still(tmp_path / "a.tif").pages == 3


def test_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(CaptureError, match=r"a\.png: the file is empty"):
        read_still(tmp_path / "a.png")


def test_text_file_is_not_a_picture(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("patient list\n" * 100)
    with pytest.raises(CaptureError, match="not a picture"):
        read_still(tmp_path / "a.jpg")


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp", "webp"])
def test_truncated_picture_is_refused(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    whole = tmp_path / f"whole.{suffix}"
    Image.fromarray(noise).save(whole)
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(CaptureError, match="cut"):
        read_still(cut)


def test_bomb_is_refused_by_its_header_alone(tmp_path: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    with pytest.raises(CaptureError, match="Mpx"):
        read_still(tmp_path / "bomb.png")
    Image.new("1", (12_000, 10_000)).save(tmp_path / "large.png")
    with pytest.raises(CaptureError, match=r"12000x10000 is 120 Mpx, at most 100 Mpx"):
        read_still(tmp_path / "large.png")


def test_file_of_too_many_bytes_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still_reader, "LARGEST_BYTES", 100)
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    with pytest.raises(CaptureError, match="at most"):
        read_still(tmp_path / "a.png")


def test_sliver_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (500, 3)).save(tmp_path / "a.png")
    with pytest.raises(CaptureError, match="500x3"):
        read_still(tmp_path / "a.png")


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="No such file"):
        read_still(tmp_path / "none.png")
    with pytest.raises(CaptureError, match=str(tmp_path)):
        read_still(tmp_path)


def test_floating_point_picture_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.ones((48, 64), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(CaptureError, match="white"):
        read_still(tmp_path / "a.tif")
