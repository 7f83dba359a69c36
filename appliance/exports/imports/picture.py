"""A picture of other software as pixels, with whatever its file says about scale, time, finger and side."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels import apply_color_lut, convert_color_space

from appliance.domain.errors import CaptureError
from appliance.domain.exam import Finger, Hand
from appliance.exports.codes import FINGER_SNOMED, SIDE_SNOMED
from appliance.exports.imports.bounded_decode import require_bounded
from appliance.exports.imports.placement_guess import Guess

_UM_PER_MM = 1000.0
_LARGEST_PIXELS = 100_000_000
_LARGEST_ASPECT = 1.01
_DICOM_MARK_AT = 128


class ScaleSource(Enum):
    """What of a file states its scale: a DICOM header, this product's own still, or the picture format's resolution."""

    DICOM = "dicom"
    STILL = "still"
    TAGS = "tags"


@dataclass(frozen=True)
class ForeignPicture:
    """A decoded picture.

    Attributes:
        image_rgb: uint8 (height, width, 3).
        taken_at_utc: when it was taken, as far as the file tells; None where it does not.
        um_per_px: scale embedded in the file; None without one.
        scale_source: where the file states it; None without a scale.
        guess: finger and side where the file's own metadata names them.
        camera_name: of the device; empty where unknown.
        note: what of the file was not used; empty where all was.
    """

    image_rgb: NDArray[np.uint8]
    taken_at_utc: datetime | None = None
    um_per_px: float | None = None
    scale_source: ScaleSource | None = None
    guess: Guess = field(default_factory=Guess)
    camera_name: str = ""
    note: str = ""


ReadStill = Callable[[Path], ForeignPicture]


def read_picture(path: Path, read_still: ReadStill) -> ForeignPicture:
    """The picture of a DICOM file, or of any other that `read_still` knows.

    Raises:
        CaptureError: damaged, too large or not a picture; names the file without its folders.
    """
    require_bounded(path)
    with path.open("rb") as file:
        is_dicom = file.read(_DICOM_MARK_AT + 4)[_DICOM_MARK_AT:] == b"DICM"
    return _read_dicom(path) if is_dicom else read_still(path)


def _read_dicom(path: Path) -> ForeignPicture:
    try:
        dataset = pydicom.dcmread(path)
        if "PixelData" not in dataset:
            raise CaptureError(f"cannot read {path.name}: a DICOM object without a picture")
        frames = int(dataset.get("NumberOfFrames", 1) or 1)
        if int(dataset.Rows) * int(dataset.Columns) > _LARGEST_PIXELS:
            raise CaptureError(f"refused {path.name}: {dataset.Columns}x{dataset.Rows} is too large")
        um_per_px = _um_per_px(path, dataset)
        return ForeignPicture(
            image_rgb=_pixels(dataset, frames),
            taken_at_utc=_taken_at(dataset),
            um_per_px=um_per_px,
            scale_source=None if um_per_px is None else ScaleSource.DICOM,
            guess=_guess(dataset),
            camera_name=str(dataset.get("ManufacturerModelName", "") or ""),
            note=f"only the first of {frames} frames" if frames > 1 else "",
        )
    except CaptureError:
        raise
    except InvalidDicomError as error:
        raise CaptureError(f"cannot read {path.name}: not a DICOM file") from error
    except Exception as error:  # pydicom and its decoders raise almost anything on damaged files
        raise CaptureError(f"cannot read {path.name}: damaged or in an unknown coding ({str(error)[:120]})") from error


def _pixels(dataset: Dataset, frames: int) -> NDArray[np.uint8]:
    """RGB, 8 bits: the colour space converted, wider values scaled over their stored range, monochrome repeated."""
    pixels = dataset.pixel_array
    if frames > 1:
        pixels = pixels[0]
    kind = str(dataset.PhotometricInterpretation)
    if kind == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
        return np.ascontiguousarray(pixels // 257 if pixels.dtype == np.uint16 else pixels, dtype=np.uint8)
    bits = int(dataset.BitsStored)
    scaled = pixels.astype(np.float64)
    if int(dataset.get("PixelRepresentation", 0)):
        scaled += 2 ** (bits - 1)
    eight = np.clip(np.rint(scaled * (255.0 / (2**bits - 1))), 0, 255).astype(np.uint8)
    if pixels.ndim == 2:
        eight = 255 - eight if kind == "MONOCHROME1" else eight
        return np.repeat(eight[:, :, None], 3, axis=2)
    if kind.startswith("YBR_FULL"):
        eight = convert_color_space(eight, kind, "RGB")
    return np.ascontiguousarray(eight)


def _um_per_px(path: Path, dataset: Dataset) -> float | None:
    spacing = dataset.get("PixelSpacing") or dataset.get("ImagerPixelSpacing") or ()
    if len(spacing) != 2:
        return None
    row, column = (float(one) for one in spacing)
    if row <= 0 or column <= 0:
        return None
    if max(row, column) / min(row, column) > _LARGEST_ASPECT:
        raise CaptureError(f"refused {path.name}: its pixels are not square ({row:g} x {column:g} mm)")
    return (row + column) / 2 * _UM_PER_MM


def _taken_at(dataset: Dataset) -> datetime | None:
    """Only with a known offset from UTC: a local time of an unknown place is no instant."""
    day = str(dataset.get("AcquisitionDate", "") or dataset.get("ContentDate", "") or "")
    clock = str(dataset.get("AcquisitionTime", "") or dataset.get("ContentTime", "") or "").partition(".")[0]
    zone = str(dataset.get("TimezoneOffsetFromUTC", "") or "")
    if not (day and clock and zone):
        return None
    try:
        return datetime.strptime(f"{day}{clock:0<6}{zone}", "%Y%m%d%H%M%S%z").astimezone(timezone.utc)
    except ValueError:
        return None


def _guess(dataset: Dataset) -> Guess:
    side = str(dataset.get("ImageLaterality", "") or dataset.get("Laterality", "") or "")
    hand = {"L": Hand.LEFT, "R": Hand.RIGHT}.get(side)
    regions = dataset.get("AnatomicRegionSequence") or []
    codes = {str(item.get("CodeValue", "")) for item in regions}
    codes |= {
        str(one.get("CodeValue", "")) for item in regions for one in item.get("AnatomicRegionModifierSequence", [])
    }
    hand = hand or next((one for one in Hand if SIDE_SNOMED[one][0] in codes), None)
    return Guess(hand, next((one for one in Finger if FINGER_SNOMED[one][0] in codes), None))
