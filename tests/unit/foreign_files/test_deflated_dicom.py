"""A DICOM file of kilobytes whose data set becomes gigabytes."""

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from appliance.capture.still_reader import read_still
from appliance.domain.errors import CaptureError
from appliance.exports.imports.bounded_decode import require_bounded
from appliance.foreign_files import deflated_dicom

STORAGE = UID("1.2.840.10008.5.1.4.1.1.77.1.4")


def write(path: Path, rows: int, columns: int, pixels: bytes) -> Path:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = STORAGE
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = UID("1.2.3")
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = pixels
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_a_deflated_bomb_is_refused_before_it_is_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = write(tmp_path / "bomb.dcm", 48, 64, bytes(8_000_000))
    assert bomb.stat().st_size < 20_000
    monkeypatch.setattr(deflated_dicom, "MOST_BYTES", 5_000_000)
    for read in (read_still, require_bounded):
        with pytest.raises(CaptureError, match=r"bomb\.dcm: inflated, it has more than 5 MB"):
            read(bomb)


def test_a_header_that_its_reader_forgives_hides_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No preamble, another length of the header than it says, none at all."""
    monkeypatch.setattr(deflated_dicom, "MOST_BYTES", 5_000_000)
    whole = write(tmp_path / "whole.dcm", 48, 64, bytes(8_000_000)).read_bytes()
    lying, without = whole[:140] + b"\x07\0\0\0" + whole[144:], whole[:132] + whole[144:]
    for content in (whole[132:], lying, without):
        bomb = tmp_path / "bomb.dcm"
        bomb.write_bytes(content)
        assert "PixelData" in dcmread(bomb, force=True, stop_before_pixels=False), "or it were no bomb"
        with pytest.raises(CaptureError, match="inflated"):
            require_bounded(bomb)


def test_a_deflated_picture_is_read(tmp_path: Path) -> None:
    picture = write(tmp_path / "picture.dcm", 480, 640, bytes(range(240)) * 1280)
    require_bounded(picture)
    assert read_still(picture).image_rgb.shape == (480, 640, 3)


def test_what_follows_the_deflated_data_or_breaks_them_ends_the_check(tmp_path: Path) -> None:
    whole = write(tmp_path / "picture.dcm", 480, 640, bytes(307_200)).read_bytes()
    for name, content in (
        ("longer", whole + bytes(3_000_000)),
        ("cut", whole[:-20]),
        ("broken", whole[:-60] + b"?" * 60),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert deflated_dicom.refusal_of_deflated(path) == ""
