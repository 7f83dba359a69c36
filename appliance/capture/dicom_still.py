"""What a DICOM object says of its picture: pixels, scale, time, device, side and region."""

from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset

from appliance.capture.dicom_pixels import dicom_rgb
from appliance.capture.scale_metadata import StatedScale
from appliance.capture.stated_time import time_of_dicom
from appliance.capture.still import Still, require_usable_size
from appliance.domain.errors import CaptureError

_UM_PER_MM = 1000.0
_LARGEST_ASPECT = 1.01
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")


@dataclass(frozen=True)
class DicomFacts:
    """What only DICOM says.

    Attributes:
        side: "L", "R" or empty.
        region_codes: code values of the anatomic region and its modifiers.
    """

    camera_name: str = ""
    side: str = ""
    region_codes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DicomStill(Still):
    """A still with its DICOM facts."""

    facts: DicomFacts = field(default_factory=DicomFacts)


def read_dicom_still(path: Path) -> DicomStill:
    """The first frame of a file. Raises CaptureError: damaged, no picture, too large, pixels that are not square."""
    try:
        dataset = pydicom.dcmread(path, force=True)
        if "PixelData" not in dataset:
            raise CaptureError("a DICOM object without a picture")
        if getattr(dataset, "file_meta", None) is None:
            dataset.file_meta = FileMetaDataset()
        require_usable_size(int(dataset.Columns), int(dataset.Rows))
        taken = time_of_dicom(dataset)
        return DicomStill(
            image_rgb=dicom_rgb(dataset),
            taken_at_utc=taken.moment_utc,
            time_note=taken.note,
            scale=_scale(dataset),
            pages=int(dataset.get("NumberOfFrames", 1) or 1),
            facts=_facts(dataset),
        )
    except CaptureError as error:
        raise CaptureError(f"cannot read {path}: {error.message}", error.remedy) from error
    except Exception as error:  # pydicom and its decoders raise almost anything on damaged files
        raise CaptureError(f"cannot read {path}: damaged or in an unknown coding ({str(error)[:120]})") from error


def _scale(dataset: Dataset) -> StatedScale:
    spacing = next((dataset[name].value for name in _SPACINGS if dataset.get(name)), ())
    if len(spacing) != 2:
        return StatedScale()
    row, column = (float(one) for one in spacing)
    if row <= 0 or column <= 0:
        return StatedScale()
    if max(row, column) / min(row, column) > _LARGEST_ASPECT:
        raise CaptureError(f"its pixels are not square ({row:g} x {column:g} mm)")
    return StatedScale((row + column) / 2 * _UM_PER_MM)


def _facts(dataset: Dataset) -> DicomFacts:
    regions = list(dataset.get("AnatomicRegionSequence") or [])
    modifiers = [one for item in regions for one in item.get("AnatomicRegionModifierSequence") or []]
    return DicomFacts(
        camera_name=str(dataset.get("ManufacturerModelName", "") or ""),
        side=str(dataset.get("ImageLaterality", "") or dataset.get("Laterality", "") or ""),
        region_codes=frozenset(str(item.get("CodeValue", "")) for item in [*regions, *modifiers]),
    )
