"""Any still picture a clinic may hold, as the RGB array the pipeline takes; a bad one is refused in one sentence.

The one decoder of the live source, of `analyze`, of the import and of evaluation: all see the same pixels.
"""

import stat
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from appliance.capture.scale_metadata import scale_of_picture
from appliance.capture.stated_time import time_of_exif
from appliance.capture.still import LARGEST_PIXELS, Still, require_usable_size
from appliance.capture.whole_jpeg import require_whole_jpeg
from appliance.domain.errors import CaptureError
from appliance.foreign_files.kinds import MediaKind, kind_of

LARGEST_BYTES = 500_000_000


def read_still(path: Path) -> Still:
    """The first picture of a file, DICOM included; what it holds decides, not its suffix.

    16-bit values are scaled by 1/257 over their full range; grey is repeated in three channels; a palette is resolved;
    what is transparent becomes black; CMYK is converted by its plain complement, without a colour profile.

    Raises:
        CaptureError: missing, empty, too large, too small, cut off, damaged or not a picture; names the file.
    """
    try:
        status = path.stat()
        kind = kind_of(path)
    except (OSError, ValueError) as error:
        raise CaptureError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    if not stat.S_ISREG(status.st_mode):
        raise CaptureError(f"cannot read {path}: not a file")
    if status.st_size == 0:
        raise CaptureError(f"cannot read {path}: the file is empty")
    if status.st_size > LARGEST_BYTES:
        raise CaptureError(f"refused {path}: {status.st_size / 1e6:.0f} MB, at most {LARGEST_BYTES / 1e6:.0f} MB")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # notes on size and odd metadata; our own limits are below.
        if kind is not MediaKind.DICOM:
            return _decode(path)
        from appliance.capture.dicom_still import read_dicom_still  # noqa: PLC0415 (pydicom: 50 MB)

        return read_dicom_still(path)


def _decode(path: Path) -> Still:
    try:
        with Image.open(path) as image:
            _require_usable_size(path, image.width, image.height)
            pages = int(getattr(image, "n_frames", 1))
            image.load()
            if image.format in ("JPEG", "MPO"):
                require_whole_jpeg(path.read_bytes())
            taken, scale = time_of_exif(image.getexif()), scale_of_picture(image)
            upright = ImageOps.exif_transpose(image)
            return Still(_to_rgb(path, upright), taken.moment_utc, taken.note, scale, pages)
    except CaptureError as error:
        named = str(path) in error.message
        raise error if named else CaptureError(f"cannot read {path}: {error.message}", error.remedy) from error
    except UnidentifiedImageError as error:
        raise CaptureError(f"cannot read {path}: not a picture in a known format") from error
    except Image.DecompressionBombError as error:
        raise CaptureError(f"refused {path}: its header claims more than {LARGEST_PIXELS / 1e6:.0f} Mpx") from error
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error and more.
        detail = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise CaptureError(f"cannot read {path}: damaged picture ({detail})") from error


def _require_usable_size(path: Path, width: int, height: int) -> None:
    try:
        require_usable_size(width, height)
    except CaptureError as error:
        raise CaptureError(f"refused {path}: {error.message}") from error


def _to_rgb(path: Path, image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I"):
        return _from_wide_grey(path, np.asarray(image))
    if image.mode == "F":
        raise CaptureError(f"refused {path}: floating-point pictures have no defined white")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        opaque = Image.new("RGBA", layered.size, (0, 0, 0, 255))
        image = Image.alpha_composite(opaque, layered)
    return np.ascontiguousarray(np.asarray(image.convert("RGB"), dtype=np.uint8))


def _from_wide_grey(path: Path, grey: NDArray[np.generic]) -> NDArray[np.uint8]:
    values = grey.astype(np.float64)
    if values.min() < 0 or values.max() > 65_535:
        raise CaptureError(f"refused {path}: values beyond 16 bits have no defined white")
    scaled = np.rint(values / 257.0).astype(np.uint8)
    return np.repeat(scaled[:, :, None], 3, axis=2)
