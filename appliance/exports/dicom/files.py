"""The DICOM objects of an exam as files."""

import io
from collections.abc import Iterator

from pydicom import dcmwrite
from pydicom.dataset import Dataset

from appliance.exports.dicom.image import dicom_images
from appliance.exports.dicom.report import dicom_report, states_anything
from appliance.exports.source import ExamToExport


def dicom_objects(source: ExamToExport) -> Iterator[Dataset]:
    """Every picture, then the structured report over them, where anything was found or measured in them."""
    images = []
    for image in dicom_images(source):
        yield image
        images.append(image)
    if images and states_anything(source):
        yield dicom_report(source, images)


def dicom_files(source: ExamToExport) -> dict[str, bytes]:
    """Name to Part 10 file: "left-index-1.dcm", ..., "report.dcm"."""
    return {_name(dataset): part_10(dataset) for dataset in dicom_objects(source)}


def part_10(dataset: Dataset) -> bytes:
    """The dataset as a Part 10 file."""
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _name(dataset: Dataset) -> str:
    if dataset.Modality == "SR":
        return "report.dcm"
    return f"{dataset.SeriesDescription.replace(' ', '-')}-{dataset.InstanceNumber}.dcm"
