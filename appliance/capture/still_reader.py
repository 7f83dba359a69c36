"""Any still picture a clinic may hold, as the RGB array the pipeline takes; a bad one is refused in one sentence.

The one decoder of the live source, of `analyze`, of the import and of evaluation: all see the same pixels.
"""

import logging
import stat
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from appliance.capture.ome_scale import ome_description, time_of_ome
from appliance.capture.scale_metadata import StatedScale, description_of, scale_of_picture
from appliance.capture.stated_time import StatedTime, time_of_exif
from appliance.capture.still import ALL_BUT_BLACK, LARGEST_PIXELS, Still, require_usable_size
from appliance.capture.tiff_pages import go_to_whole_picture, mend_palette, require_plain_values, white_of
from appliance.capture.whole_jpeg import require_whole_jpeg
from appliance.capture.whole_png import require_whole_png
from appliance.domain.errors import CaptureError
from appliance.foreign_files.kinds import HEAD_BYTES, READABLE_PICTURES, MediaKind, kind_of, why_unread

LARGEST_BYTES = 500_000_000
_SAVE_ANEW = "Save it as JPEG, PNG or TIFF with 8 or 16 bits a colour."
_log = logging.getLogger(__name__)


def read_still(path: Path) -> Still:
    """The first picture of a file, DICOM included; what it holds decides, not its suffix.

    16-bit values are scaled by 1/257 over their full range, or that which OME-XML calls significant; grey is repeated
    in three channels; a palette is resolved; what is transparent becomes black, but a picture without one opaque point
    is taken as it is; CMYK is converted by its plain complement, without a colour profile. Of a TIFF the first page
    that is no thumbnail of another counts.

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
        with Image.open(path, formats=READABLE_PICTURES) as image:
            pages = int(getattr(image, "n_frames", 1))
            if image.format == "TIFF":
                go_to_whole_picture(image)
                require_plain_values(image)
                mend_palette(image)
            _require_usable_size(path, image.width, image.height)
            is_wide = _is_wide(image)
            image.load()
            _require_whole(path, image.format or "")
            taken, scale = _metadata(path, image)
            upright = ImageOps.exif_transpose(image)
            image_rgb = _to_rgb(path, upright, white_of(image))
            if is_wide:
                _require_full_range(path, image_rgb)
            return Still(image_rgb, taken.moment_utc, taken.note, scale, pages)
    except CaptureError as error:
        named = str(path) in error.message
        raise error if named else CaptureError(f"cannot read {path}: {error.message}", error.remedy) from error
    except UnidentifiedImageError as error:
        raise _unidentified(path) from error
    except Image.DecompressionBombError as error:
        raise CaptureError(f"refused {path}: its header claims more than {LARGEST_PIXELS / 1e6:.0f} Mpx") from error
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error and more.
        detail = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise CaptureError(f"cannot read {path}: damaged picture ({detail})") from error


def _require_whole(path: Path, form: str) -> None:
    if form in ("JPEG", "MPO"):
        require_whole_jpeg(path.read_bytes())
    if form == "PNG":
        require_whole_png(path.read_bytes())


def _unidentified(path: Path) -> CaptureError:
    with path.open("rb") as file:
        said = why_unread(file.read(HEAD_BYTES))
    return CaptureError(f"cannot read {path}: {said}", _SAVE_ANEW)


def _metadata(path: Path, image: Image.Image) -> tuple[StatedTime, StatedScale]:
    """What the file says beside its pixels; damaged metadata are no reason to refuse a whole picture."""
    try:
        taken = time_of_exif(image.getexif())
        if taken.moment_utc is None and ome_description(description := description_of(image)):
            taken = time_of_ome(description)
        return taken, scale_of_picture(image)
    except Exception:  # of damaged EXIF Pillow raises almost anything
        _log.info("the metadata of %s cannot be read", path, exc_info=True)
        return StatedTime(note="its metadata cannot be read: time and scale are unknown"), StatedScale()


def _require_usable_size(path: Path, width: int, height: int) -> None:
    try:
        require_usable_size(width, height)
    except CaptureError as error:
        raise CaptureError(f"refused {path}: {error.message}") from error


def _is_wide(image: Image.Image) -> bool:
    """Whether a picture that is not loaded yet has 16 bits a colour, by how its file packs them."""
    tiles = getattr(image, "tile", ())
    packed = tiles[0].args if tiles else ""
    return "16" in str(packed[0] if isinstance(packed, tuple) else packed)


def _require_full_range(path: Path, image_rgb: NDArray[np.uint8]) -> None:
    """Refuse what a camera of 12 bits wrote into 16 without shifting it: it would be all but black.

    Of 4,095 in 65,535 come 16 in 255. A picture that is black throughout is black in any depth.
    """
    if 0 < image_rgb.max() <= ALL_BUT_BLACK:
        raise CaptureError(
            f"refused {path}: its 16 bits end at a sixteenth of white, as those of a camera of 12 bits do",
            "Save it with its full range, or with 8 bits (in ImageJ: Image, Type, RGB Color or 8-bit).",
        )


def _to_rgb(path: Path, image: Image.Image, white: int) -> NDArray[np.uint8]:
    if image.mode.startswith("I"):
        return _from_wide_grey(path, np.asarray(image), white)
    if image.mode == "F":
        raise CaptureError(f"refused {path}: floating-point pictures have no defined white", _SAVE_ANEW)
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        # Windows' own screenshots leave the fourth channel empty: nothing of them would be left.
        if layered.getchannel("A").getextrema()[1] != 0:
            image = Image.alpha_composite(Image.new("RGBA", layered.size, (0, 0, 0, 255)), layered)
        else:
            image = layered
    return np.ascontiguousarray(np.asarray(image.convert("RGB"), dtype=np.uint8))


def _from_wide_grey(path: Path, grey: NDArray[np.generic], white: int) -> NDArray[np.uint8]:
    """Grey of more than 8 bits; `white` below 0 for values that count from white down."""
    values, largest = grey.astype(np.float64), abs(white)
    if values.min() < 0 or values.max() > largest:
        raise CaptureError(
            f"refused {path}: values beyond {largest.bit_length()} bits have no defined white", _SAVE_ANEW
        )
    scaled = np.rint(values * 255.0 / largest).astype(np.uint8)
    return np.repeat((255 - scaled if white < 0 else scaled)[:, :, None], 3, axis=2)
