"""Names and files of other software."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

from appliance.domain.errors import CaptureError
from appliance.domain.exam import Finger, Hand, Sector
from appliance.exports.dicom.files import dicom_files
from appliance.exports.imports.picture import ForeignPicture, ScaleSource, read_picture
from appliance.exports.imports.placement_guess import Guess, guess_placement
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import exam_to_export, finished_exam, pixels

L, R = Hand.LEFT, Hand.RIGHT


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("left_index_A.jpg", Guess(L, Finger.INDEX, Sector.A)),
        ("patient7/Right/ring/B (2).png", Guess(R, Finger.RING, Sector.B)),
        ("R4C.tif", Guess(R, Finger.RING, Sector.C)),
        ("L2.bmp", Guess(L, Finger.INDEX, None)),
        ("L3_d.png", Guess(L, Finger.MIDDLE, Sector.D)),
        ("mano izquierda/dedo 3/sector d.png", Guess(L, Finger.MIDDLE, Sector.D)),
        ("Meñique derecha.jpg", Guess(R, Finger.LITTLE, None)),
        ("links/Zeigefinger/panorama.png", Guess(L, Finger.INDEX, Sector.PANORAMIC)),
        ("index_gauche_b.jpeg", Guess(L, Finger.INDEX, Sector.B)),
        ("right-middle.PNG", Guess(R, Finger.MIDDLE, None)),
        ("IMG_0042.jpg", Guess()),
        ("2021-03-05 scan 4.jpg", Guess()),
        ("C:\\data\\left\\little\\C.jpg", Guess(L, Finger.LITTLE, Sector.C)),
    ],
)
def test_what_a_name_says_is_guessed_and_nothing_more(name: str, expected: Guess) -> None:
    assert guess_placement(name) == expected


def no_still(path: Path) -> ForeignPicture:
    raise AssertionError(f"{path} was not seen as DICOM")


@pytest.fixture
def own_dicom(tmp_path: Path) -> Path:
    path = tmp_path / "picture"
    path.write_bytes(next(iter(dicom_files(exam_to_export(*finished_exam())).values())))
    return path


def test_a_dicom_picture_brings_its_pixels_scale_time_finger_and_side(own_dicom: Path) -> None:
    read = read_picture(own_dicom, no_still)
    assert np.array_equal(read.image_rgb, pixels(0))
    assert (read.um_per_px, read.scale_source) == (pytest.approx(1.41), ScaleSource.DICOM)
    assert read.taken_at_utc == NOON
    assert read.guess == Guess(L, Finger.INDEX, None)
    assert read.camera_name == "Dino-Lite"


def saved(path: Path, dataset: Dataset) -> Path:
    dataset.save_as(path)
    return path


def test_a_compressed_picture_is_decoded(own_dicom: Path) -> None:
    dataset = pydicom.dcmread(own_dicom)
    dataset.compress(RLELossless, generate_instance_uid=False)
    assert np.array_equal(read_picture(saved(own_dicom, dataset), no_still).image_rgb, pixels(0))


def test_sixteen_bit_grey_is_scaled_over_its_stored_bits(own_dicom: Path) -> None:
    dataset = pydicom.dcmread(own_dicom)
    grey = np.array([[0, 2048], [4095, 1024]], np.uint16).repeat(20, 0).repeat(20, 1)
    dataset.PhotometricInterpretation, dataset.SamplesPerPixel = "MONOCHROME2", 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.Rows = dataset.Columns = 40
    dataset.PixelData = grey.tobytes()
    del dataset.PlanarConfiguration
    read = read_picture(saved(own_dicom, dataset), no_still).image_rgb
    assert [read[0, 0, 1], read[0, 39, 1], read[39, 0, 1], read[39, 39, 1]] == [0, 128, 255, 64]


def test_pixels_that_are_not_square_are_refused(own_dicom: Path) -> None:
    dataset = pydicom.dcmread(own_dicom)
    dataset.PixelSpacing = [0.001, 0.002]
    with pytest.raises(CaptureError, match="not square"):
        read_picture(saved(own_dicom, dataset), no_still)


def test_a_damaged_or_pictureless_object_is_refused_in_one_line(own_dicom: Path) -> None:
    dataset = pydicom.dcmread(own_dicom)
    del dataset.PixelData
    with pytest.raises(CaptureError, match="without a picture"):
        read_picture(saved(own_dicom, dataset), no_still)
    own_dicom.write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 50)
    with pytest.raises(CaptureError, match="cannot read picture"):
        read_picture(own_dicom, no_still)
