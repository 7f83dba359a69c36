"""What a DICOM object says of its picture: pixels, scale, time, device, side and region."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset

from appliance.capture.dicom_pixels import dicom_rgb
from appliance.capture.scale_metadata import StatedScale, believed_scale
from appliance.capture.stated_time import time_of_dicom
from appliance.capture.still import Still, require_usable_size
from appliance.domain.errors import CaptureError
from appliance.foreign_files.deflated_dicom import refusal_of_deflated

_UM_PER_MM = 1000.0
_LARGEST_ASPECT = 1.01
# NominalScannedPixelSpacing is that of the film that was scanned (PS3.3, C.8.6.1), not of the patient.
_PATIENTS, _DETECTORS = "PixelSpacing", "ImagerPixelSpacing"
_SIDES = ("ImageLaterality", "Laterality", "FrameLaterality")
_GROUPS = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")


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
        if refusal := refusal_of_deflated(path):
            raise CaptureError(refusal, "Export it without deflating.")
        dataset = pydicom.dcmread(path, force=True)
        if getattr(dataset, "file_meta", None) is None:
            dataset.file_meta = FileMetaDataset()
        if "PixelData" not in dataset or not dataset.get("Rows") or not dataset.get("Columns"):
            raise CaptureError(f"{_kind(dataset)} without a picture")
        require_usable_size(int(dataset.Columns), int(dataset.Rows))
        lift_first_frame(dataset)
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
        detail = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise CaptureError(f"cannot read {path}: damaged or in an unknown coding ({detail})") from error


def lift_first_frame(dataset: Dataset) -> None:
    """Put what an enhanced object says of its first frame where a plain object says it: window, rescale, spacing, time.

    Functional groups (PS3.3, C.7.6.16) are sequences of one item; what the object itself says stays.
    """
    for name in _GROUPS:
        for group in list(dataset.get(name) or [])[:1]:
            for element in group:
                for item in list(element.value or [])[:1] if element.VR == "SQ" else ():
                    for stated in item:
                        if stated.tag not in dataset:
                            dataset.add(stated)


def _scale(dataset: Dataset) -> StatedScale:
    """Of the patient's plane; where the detector's differs, that is said (PS3.3, 10.7.1.3).

    The detector's alone is the pitch of a camera's dots, which a microscope makes many times smaller on the patient:
    it is a scale only together with the magnification (PS3.3, C.8.7.1).
    """
    _require_square_aspect(dataset)
    try:
        patients, detectors = (_spacing_um(dataset, name) for name in (_PATIENTS, _DETECTORS))
    except CaptureError as error:
        return StatedScale(problem=error.message)
    if patients is not None:
        found = _believed(patients, f"its {_PATIENTS}")
        is_other = detectors is not None and abs(detectors[0] / patients[0] - 1) > _LARGEST_ASPECT - 1
        if detectors is not None and is_other and found.um_per_px is not None:
            said = f"its {_PATIENTS} gives {patients[0]:.4g} um per pixel, its {_DETECTORS} {detectors[0]:.4g}"
            found = replace(found, note=f"{said}: the first was taken")
        return found
    if detectors is None:
        return StatedScale()
    times = float(dataset.get("EstimatedRadiographicMagnificationFactor") or 0)
    if times <= 0:
        return StatedScale(
            note=f"its {_DETECTORS} of {detectors[0]:.4g} um is its detector's, not the patient's: not used"
        )
    return _believed((detectors[0] / times, detectors[1] / times), f"its {_DETECTORS} over the magnification")


def _believed(rows_and_columns_um: tuple[float, float], said_by: str) -> StatedScale:
    """Raises CaptureError for pixels that are not square."""
    row, column = rows_and_columns_um
    if row > 0 and column > 0 and max(row, column) / min(row, column) > _LARGEST_ASPECT:
        raise CaptureError(f"its pixels are not square ({row / _UM_PER_MM:g} x {column / _UM_PER_MM:g} mm)")
    return believed_scale(column, row, said_by)


def _spacing_um(dataset: Dataset, name: str) -> tuple[float, float] | None:
    """Between rows and between columns; None without one.

    Raises:
        CaptureError: it is there, and no pair of numbers.
    """
    value = dataset.get(name)
    parts = [value] if isinstance(value, str | float | int) else list(value or ())
    if not any(str(one) for one in parts):
        return None
    try:
        row, column = (float(one) for one in parts)
    except ValueError as error:
        said = "\\".join(str(one) for one in parts)[:40]
        raise CaptureError(f'its {name} is "{said}", which is no pair of numbers') from error
    return row * _UM_PER_MM, column * _UM_PER_MM


def _require_square_aspect(dataset: Dataset) -> None:
    """PixelAspectRatio stands where no spacing does (PS3.3, C.7.6.3.1.7). Raises CaptureError."""
    aspect = dataset.get("PixelAspectRatio")
    if aspect is None or isinstance(aspect, int | str) or len(aspect) != 2:
        return
    rows, columns = (int(one) for one in aspect)
    if rows > 0 and columns > 0 and max(rows, columns) / min(rows, columns) > _LARGEST_ASPECT:
        raise CaptureError(f"its pixels are not square ({rows} to {columns})", "Export it with square pixels.")


def _kind(dataset: Dataset) -> str:
    """What an object says that it is: "a DICOM object (Encapsulated PDF Storage)"."""
    uid = str(dataset.get("SOPClassUID", "") or dataset.file_meta.get("MediaStorageSOPClassUID", "") or "")
    name = pydicom.uid.UID(uid).name if uid else ""
    return f"a DICOM object ({name})" if name and name != uid else "a DICOM object"


def _facts(dataset: Dataset) -> DicomFacts:
    regions = list(dataset.get("AnatomicRegionSequence") or [])
    modifiers = [one for item in regions for one in item.get("AnatomicRegionModifierSequence") or []]
    return DicomFacts(
        camera_name=str(dataset.get("ManufacturerModelName", "") or ""),
        side=next((said for said in (str(dataset.get(name) or "").strip().upper() for name in _SIDES) if said), ""),
        region_codes=frozenset(str(item.get("CodeValue", "")) for item in [*regions, *modifiers]),
    )
