"""Files that cost more to open than they are worth, and files that are no pictures."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from appliance.capture.still_reader import read_still
from appliance.domain.errors import CaptureError, ExportError
from appliance.exports.imports.bounded_decode import require_bounded, require_png
from appliance.foreign_files.kinds import READABLE_PICTURES


def png_that_claims(width: int, height: int, colour_type: int = 0, bits: int = 8) -> bytes:
    """A PNG of a few bytes whose header claims a size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def dicom_that_claims(path: Path, frames: int, rows: int, columns: int) -> Path:
    """A DICOM file whose header claims frames that compress to nothing."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = SecondaryCaptureImageStorage, "1.2.3"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames, dataset.SamplesPerPixel = rows, columns, frames, 3
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.PixelData = b"\0\0"
    pydicom.dcmwrite(path, dataset)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", b"<html><script>alert(1)</script></html>"),
        ("a.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9000 9000\nshowpage\n"),
        ("a.png", b"%PDF-1.7\n"),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.png", b""),
    ],
)
def test_what_is_no_picture_by_its_content_is_refused_whatever_its_name(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(CaptureError, match=f"{name}: not a picture in a known format"):
        require_bounded(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"GIF89a" + b"\0" * 40, "this kind of GIF is not read here"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "HEIC pictures are not read here"),
        (b"\0\0\0\x18ftypavif" + b"\0" * 40, "AVIF pictures are not read here"),
        (b"\xff\x0a" + b"\0" * 40, "JPEG XL pictures are not read here"),
    ],
)
def test_a_picture_that_no_decoder_takes_is_called_by_its_format(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    for read in (require_bounded, read_still):
        with pytest.raises(CaptureError, match=said):
            read(tmp_path / "a.jpg")


@pytest.mark.parametrize(("width", "height", "bits"), [(9_950, 9_950, 8), (7_000, 7_000, 16), (60_000, 60_000, 8)])
def test_a_picture_is_refused_for_the_memory_that_its_header_asks_for(
    tmp_path: Path, width: int, height: int, bits: int
) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(png_that_claims(width, height, bits=bits))

    with pytest.raises(CaptureError, match=r"MB to open|known format"):
        require_bounded(path)


def test_a_small_dicom_file_of_many_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="MB to open"):
        require_bounded(dicom_that_claims(tmp_path / "a.dcm", 400, 1000, 1000))


def test_pictures_of_a_clinic_are_taken(tmp_path: Path) -> None:
    for form in READABLE_PICTURES:
        path = tmp_path / f"picture-{form}"
        Image.fromarray(np.zeros((1024, 1280, 3), np.uint8)).save(path, form)
        require_bounded(path)
    require_bounded(dicom_that_claims(tmp_path / "a.dcm", 30, 1024, 1280))
    mosaic = tmp_path / "mosaic.png"
    mosaic.write_bytes(png_that_claims(12_000, 5_000, colour_type=2))
    require_bounded(mosaic)


@pytest.mark.parametrize(
    "content", [b"<html>", b"", png_that_claims(640, 480), png_that_claims(20_000, 20_000), b"\x89PNG\r\n\x1a\n"]
)
def test_a_still_of_an_archive_is_a_whole_png_or_nothing_is_taken(content: bytes) -> None:
    with pytest.raises(ExportError, match=r"refused left-ring-a\.png"):
        require_png("left-ring-a.png", content)
