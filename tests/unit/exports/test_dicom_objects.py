"""DICOM pictures and reports, read back from their bytes by pydicom and highdicom."""

import io
import shutil
import subprocess
from datetime import date
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

from appliance.domain.errors import ExportError
from appliance.domain.patient import PatientIdentity, Sex
from appliance.exports.dicom.files import dicom_files
from appliance.exports.dicom.header import fitting_id, person_name
from tests.support.exam_to_export import EXAM_ID, PSEUDONYM, exam_to_export, finished_exam, image_id, pixels

VL_PHOTOGRAPHIC = "1.2.840.10008.5.1.4.1.1.77.1.4"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"


@pytest.fixture(scope="module")
def read() -> list[Dataset]:
    files = dicom_files(exam_to_export(*finished_exam()))
    return [pydicom.dcmread(io.BytesIO(content)) for content in files.values()]


@pytest.fixture(scope="module")
def pictures(read: list[Dataset]) -> list[Dataset]:
    return [one for one in read if one.SOPClassUID == VL_PHOTOGRAPHIC]


@pytest.fixture(scope="module")
def report(read: list[Dataset]) -> hd.sr.ComprehensiveSR:
    (one,) = [one for one in read if one.SOPClassUID == COMPREHENSIVE_SR]
    return hd.sr.ComprehensiveSR.from_dataset(one)


def test_pixels_are_exactly_those_of_the_still(pictures: list[Dataset]) -> None:
    assert len(pictures) == 3
    for at, dataset in enumerate(pictures):
        assert np.array_equal(dataset.pixel_array, pixels(at))
        assert (dataset.PhotometricInterpretation, dataset.LossyImageCompression) == ("RGB", "00")


def test_pictures_say_whose_which_finger_and_which_side(pictures: list[Dataset]) -> None:
    first, last = pictures[0], pictures[2]
    assert (first.PatientID, str(first.PatientName), first.PatientBirthDate) == (PSEUDONYM, f"{PSEUDONYM}^", "")
    assert first.PatientIdentityRemoved == "YES"
    region = first.AnatomicRegionSequence[0]
    assert (region.CodeValue, region.CodingSchemeDesignator) == ("83738005", "SCT")
    assert region.AnatomicRegionModifierSequence[0].CodeValue == "7771000"
    assert (first.ImageLaterality, last.ImageLaterality) == ("L", "R")
    assert "Laterality" not in first
    assert last.AnatomicRegionSequence[0].CodeValue == "82002001"


def test_pixel_spacing_is_the_calibration_with_its_kind(pictures: list[Dataset]) -> None:
    assert [float(one) for one in pictures[0].PixelSpacing] == [0.00141, 0.00141]
    assert pictures[0].ImageComments.endswith("scale device_profile: dinolite-220x")
    assert "PixelSpacingCalibrationType" not in pictures[0]


def test_without_a_scale_there_is_no_spacing_and_widths_are_in_pixels() -> None:
    files = dicom_files(exam_to_export(*finished_exam(count=1, um_per_px=None)))
    picture, report = (pydicom.dcmread(io.BytesIO(content)) for content in files.values())
    assert "PixelSpacing" not in picture
    groups = hd.sr.ComprehensiveSR.from_dataset(report).content.get_image_measurement_groups()
    (width,) = groups[0].get_measurements()
    assert (width.value, width.unit.value) == (16.0, "{pixels}")


def test_uids_are_valid_different_and_the_same_at_every_export(read: list[Dataset]) -> None:
    again = dicom_files(exam_to_export(*finished_exam()))
    uids = [str(one.SOPInstanceUID) for one in read]
    assert len(set(uids)) == 4
    assert [str(pydicom.dcmread(io.BytesIO(one)).SOPInstanceUID) for one in again.values()] == uids
    for dataset in read:
        for uid in (dataset.SOPInstanceUID, dataset.SeriesInstanceUID, dataset.StudyInstanceUID):
            assert UID(uid).is_valid
            assert uid.startswith("2.25.")
    assert len({one.StudyInstanceUID for one in read}) == 1
    assert len({one.SeriesInstanceUID for one in read}) == 3


def test_an_edit_gives_another_report_over_the_same_pictures(read: list[Dataset]) -> None:
    exam, files = finished_exam()
    edited = exam_to_export(exam, files, validated_by=None)
    other = [pydicom.dcmread(io.BytesIO(one)).SOPInstanceUID for one in dicom_files(edited).values()]
    assert other[:3] == [one.SOPInstanceUID for one in read[:3]]
    assert other[3] != read[3].SOPInstanceUID


def test_the_report_follows_tid_1500_and_is_verified_by_the_physician(report: hd.sr.ComprehensiveSR) -> None:
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert report.VerificationFlag == "VERIFIED"
    assert str(report.VerifyingObserverSequence[0].VerifyingObserverName) == "Dr. Elena Ruiz^"
    assert str(report.OperatorsName) == "Jo Field^"
    assert report.CompletionFlag == "COMPLETE"


def test_each_loop_has_its_region_width_and_line_in_the_picture(report: hd.sr.ComprehensiveSR) -> None:
    groups = report.content.get_planar_roi_measurement_groups()
    loops = [one for one in groups if one.finding_type.value == "capillary-loop"]
    assert len(loops) == 3
    assert len(groups) == 6
    corners = loops[0].roi.value
    # The device counts from the centre of the first pixel, DICOM from its corner.
    assert corners[0].tolist() == [10.5, 8.5]
    assert corners[2].tolist() == [32.5, 43.5]
    uid = loops[0].tracking_uid
    (same,) = [one for one in report.content.get_image_measurement_groups() if one.tracking_uid == uid]
    (width,) = same.get_measurements()
    assert (width.name.value, width.value, width.unit.value) == ("apical-width", 22.56, "um")
    (line,) = width.referenced_coordinates
    assert line.value.tolist() == [[20.5, 10.5], [20.5, 26.5]]
    shapes = [one.get_qualitative_evaluations()[0].value.value for one in loops]
    assert shapes == ["shape-normal", "shape-tortuous", "shape-normal"]
    referenced = {one.roi.ContentSequence[0].referenced_sop_instance_uid for one in loops}
    assert referenced == {f"2.25.{int(image_id(at).replace('-', ''), 16)}" for at in range(3)}


def test_finger_and_exam_figures_are_in_the_report_with_their_uncertainty(report: hd.sr.ComprehensiveSR) -> None:
    groups = report.content.get_image_measurement_groups()
    by_name = {one.tracking_identifier: one for one in groups if "loop" not in one.tracking_identifier}
    assert set(by_name) == {"Left index finger", "Right ring finger", "exam"}
    density = by_name["Left index finger"].get_measurements()[0]
    assert (density.name.value, density.value, density.unit.value) == ("density_per_mm", 7.0, "/mm")
    assert "csuri" not in {one.name.value for one in by_name["exam"].get_measurements()}


def test_an_identity_that_was_asked_for_is_in_every_object() -> None:
    who = PatientIdentity("Ruiz, Ana", date(1970, 2, 3), Sex.FEMALE, "HC-77")
    files = dicom_files(exam_to_export(*finished_exam(count=1), identity=who))
    for content in files.values():
        dataset = pydicom.dcmread(io.BytesIO(content))
        assert (str(dataset.PatientName), dataset.PatientBirthDate) == ("Ruiz^Ana", "19700203")
        assert dataset.PatientID == PSEUDONYM


def test_no_image_gives_no_objects() -> None:
    assert dicom_files(exam_to_export(*finished_exam(count=0))) == {}


def test_the_study_is_the_exam(read: list[Dataset]) -> None:
    assert read[0].StudyInstanceUID == f"2.25.{int(EXAM_ID.replace('-', ''), 16)}"


def test_the_objects_are_without_error_to_a_validator(tmp_path: Path) -> None:
    """dciodvfy of dicom3tools knows the modules of every IOD."""
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("dciodvfy is not there; Debian and Ubuntu have it in dicom3tools")
    for name, content in dicom_files(exam_to_export(*finished_exam())).items():
        (tmp_path / name).write_bytes(content)
        told = subprocess.run([validator, "-new", tmp_path / name], capture_output=True, text=True, check=False)
        assert [line for line in told.stderr.splitlines() if line.startswith("Error")] == [], name


def test_names_and_numbers_fit_the_lengths_of_dicom() -> None:
    assert len(person_name("Ö" * 90 + ", Anna\n")) == 64
    assert "\n" not in person_name("Meier,\nAnna")
    with pytest.raises(ExportError, match="64"):
        fitting_id("7" * 65)
    assert fitting_id("a\\b\x07") == "a/b"
