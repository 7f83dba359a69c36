"""Every kind of picture file a clinic may hold, and every kind of bad one."""

import zlib
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from appliance.capture import still_reader
from appliance.capture.still_reader import Still, read_still
from appliance.domain.errors import CaptureError
from tests.support.raw_tiff import raw_tiff


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


GREY16 = np.linspace(0, 65_535, 64 * 48).astype("<u2").reshape(48, 64)


def test_sixteen_bits_that_count_from_white_are_turned_round(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(raw_tiff((65_535 - GREY16).tobytes(), {258: (16,), 262: (0,)}))
    np.testing.assert_array_equal(
        read_still(tmp_path / "a.tif").image_rgb[..., 0], np.rint(GREY16 / 257.0).astype(np.uint8)
    )


def test_twelve_bits_reach_white(tmp_path: Path) -> None:
    pairs = np.full((48, 32, 2), 4095, np.uint16)
    packed = np.stack([pairs[..., 0] >> 4, ((pairs[..., 0] & 15) << 4) | (pairs[..., 1] >> 8), pairs[..., 1] & 255], -1)
    (tmp_path / "a.tif").write_bytes(raw_tiff(packed.astype(np.uint8).tobytes(), {258: (12,), 262: (1,)}))
    assert read_still(tmp_path / "a.tif").image_rgb.min() == 255


@pytest.mark.parametrize(
    ("samples", "tags", "said"),
    [
        (GREY16.tobytes(), {258: (16,), 262: (1,), 339: (2,)}, "values are signed"),
        (GREY16.tobytes() * 3, {258: (16, 16, 16), 262: (2,), 277: (3,), 284: (2,)}, "separate planes"),
        (GREY16.tobytes(), {258: (16,), 262: (1,), 279: (0,)}, "parts of the TIFF are missing"),
    ],
)
def test_a_tiff_whose_values_would_be_decoded_to_others_is_refused(
    tmp_path: Path, samples: bytes, tags: dict[int, tuple[int, ...]], said: str
) -> None:
    (tmp_path / "a.tif").write_bytes(raw_tiff(samples, tags))
    with pytest.raises(CaptureError, match=said):
        read_still(tmp_path / "a.tif")


def test_a_thumbnail_that_lies_before_its_picture_is_not_the_picture(tmp_path: Path) -> None:
    small = Image.fromarray(gradient()).resize((40, 36))
    with TiffImagePlugin.AppendingTiffWriter(str(tmp_path / "a.tif"), new=True) as pages:
        small.save(pages, "TIFF", tiffinfo={254: 1})
        pages.newFrame()
        Image.fromarray(gradient()).save(pages, "TIFF")
    still = read_still(tmp_path / "a.tif")
    assert still.pages == 2
    np.testing.assert_array_equal(still.image_rgb, gradient())


@pytest.mark.parametrize("is_interlaced", [False, True])
def test_a_png_whose_rows_end_early_is_refused_though_its_file_ends_well(tmp_path: Path, is_interlaced: bool) -> None:
    rows = b"".join(b"\0" + row.tobytes() for row in gradient()[:24])
    header = b"".join(size.to_bytes(4, "big") for size in (64, 48)) + bytes([8, 2, 0, 0, int(is_interlaced)])
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
            for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
        )
    )
    with pytest.raises(CaptureError, match=r"a\.png"):
        read_still(tmp_path / "a.png")


@pytest.mark.parametrize(("mode", "bits"), [("1", 1), ("P", 8), ("LA", 8), ("RGBA", 8), ("I;16", 16)])
def test_every_depth_of_png_counts_as_whole(tmp_path: Path, mode: str, bits: int) -> None:
    Image.new(mode, (65, 49)).save(tmp_path / "a.png")
    assert read_still(tmp_path / "a.png").image_rgb.shape == (49, 65, 3), bits


def test_a_picture_without_one_opaque_point_is_taken_as_it_is(tmp_path: Path) -> None:
    """Windows writes screenshots of 32 bits with an empty fourth channel."""
    Image.fromarray(np.dstack([gradient(), np.zeros((48, 64), np.uint8)]), "RGBA").save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_still(tmp_path / "a.png").image_rgb, gradient())


def dated(folder: Path, text: str) -> Still:
    """A JPEG with that EXIF date."""
    exif = Image.Exif()
    exif[306] = text
    Image.fromarray(gradient()).save(folder / "a.jpg", exif=exif)
    return read_still(folder / "a.jpg")


@pytest.mark.parametrize("text", ["0001:01:01 00:00:00", "9999:12:31 23:59:59", "1980:01:01 00:00:00"])
def test_a_date_that_cannot_be_is_not_used_and_said_and_costs_no_picture(tmp_path: Path, text: str) -> None:
    still = dated(tmp_path, text)
    assert still.taken_at_utc is None
    assert "only a clock that is wrong shows" in still.time_note


@pytest.mark.parametrize("text", ["2019:02:30 10:15:00", "2019:13:01 10:15:00", "11.03.2019 10:15", "yesterday"])
def test_what_is_no_date_is_said(tmp_path: Path, text: str) -> None:
    still = dated(tmp_path, text)
    assert (still.taken_at_utc, "no day of the calendar" in still.time_note) == (None, True)


@pytest.mark.parametrize("text", ["", "0000:00:00 00:00:00", "    :  :     :  :  "])
def test_a_clock_that_was_never_set_says_nothing(tmp_path: Path, text: str) -> None:
    still = dated(tmp_path, text)
    assert (still.taken_at_utc, still.time_note) == (None, "")


@pytest.mark.parametrize("text", ["2019-03-11T10:15:00.25+01:00", "2019/03/11 10:15:00+01:00", "2019:03:11 10:15+0100"])
def test_dates_as_careless_writers_have_them_are_read(tmp_path: Path, text: str) -> None:
    exif = Image.Exif()
    exif[306] = text
    Image.fromarray(gradient()).save(tmp_path / "a.jpg", exif=exif)
    taken = read_still(tmp_path / "a.jpg").taken_at_utc
    assert taken is not None
    assert taken.replace(microsecond=0) == datetime(2019, 3, 11, 9, 15, tzinfo=timezone.utc)


def test_damaged_metadata_cost_no_picture_and_are_said(tmp_path: Path) -> None:
    Image.fromarray(gradient()).save(tmp_path / "a.jpg", quality=95)
    whole = (tmp_path / "a.jpg").read_bytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x32" * 3
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (tmp_path / "a.jpg").write_bytes(whole[:2] + segment + whole[2:])
    assert read_still(tmp_path / "a.jpg").taken_at_utc is None


def test_postscript_is_never_handed_to_another_programme(tmp_path: Path) -> None:
    (tmp_path / "a.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\nshowpage\n")
    with pytest.raises(CaptureError, match="not a picture in a known format"):
        read_still(tmp_path / "a.eps")
