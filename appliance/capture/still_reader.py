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
from appliance.capture.still import DARKEST_WHITE, LARGEST_PIXELS, Still, require_usable_size
from appliance.capture.tiff_pages import go_to_whole_picture, mend_palette, require_plain_values, stated_bits, white_of
from appliance.capture.whole_jpeg import require_whole_jpeg
from appliance.capture.whole_png import require_whole_png
from appliance.domain.errors import CaptureError
from appliance.foreign_files.kinds import HEAD_BYTES, READABLE_PICTURES, MediaKind, kind_of, why_unread

LARGEST_BYTES = 500_000_000
_SAVE_ANEW = "Save it as JPEG, PNG or TIFF with 8 or 16 bits a colour."
_FULL_RANGE = "Save it with its full range, or with 8 bits (in ImageJ: Image, Type, RGB Color or 8-bit)."
_log = logging.getLogger(__name__)


def read_still(path: Path) -> Still:
    """The first picture of a file, DICOM included; what it holds decides, not its suffix.

    16-bit values are scaled by 1/257 over their full range, or grey by that which the file itself calls its camera's
    (`tiff_pages.stated_bits`); where nothing says so and they end at a quarter of white, they are refused. Grey is
    repeated in three channels; a palette is resolved; what is transparent becomes black, but a picture without one
    opaque point is taken as it is; CMYK is converted by its plain complement, without a colour profile. Of a TIFF the
    first page that is no thumbnail of another counts.

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
            is_wide = _is_wide(path, image)
            image.load()
            _require_whole(path, image.format or "")
            taken, scale = _metadata(path, image)
            upright = ImageOps.exif_transpose(image)
            image_rgb = _to_rgb(path, upright, white_of(image))
            if is_wide:
                _require_known_white(path, image_rgb, stated_bits(image), image.mode)
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


def _is_wide(path: Path, image: Image.Image) -> bool:
    """Whether a picture that is not loaded yet has 16 bits a colour and no other white, by how its file packs them."""
    tiles = getattr(image, "tile", ())
    packed = tiles[0].args if tiles else ""
    if image.format == "JPEG2000":
        with path.open("rb") as file:
            return _depth_of_jpeg_2000(file.read(HEAD_BYTES)) == 16
    if image.format == "PPM" and isinstance(packed, tuple):
        return bool(packed[-1] == 65_535)  # any other white of a PNM is stated, and Pillow goes by it
    return "16" in str(packed[0] if isinstance(packed, tuple) else packed)


def _depth_of_jpeg_2000(head: bytes) -> int:
    """Bits of the first colour by the codestream's SIZ segment (ITU-T T.800, A.5.1); 0 where there is none."""
    start = head.find(b"\xff\x4f\xff\x51")
    depth = head[start + 42 : start + 43]
    return (depth[0] & 0x7F) + 1 if start >= 0 and depth else 0


def _require_known_white(path: Path, image_rgb: NDArray[np.uint8], bits: int, mode: str) -> None:
    """Refuse what a camera of 10, 12 or 14 bits wrote into 16 without shifting it, where nothing in the file says so.

    Of 4,095 in 65,535 come 16 in 255, of 16,383 come 64: all but black, or a picture that looks underexposed and
    is not. A picture that is black throughout is black in any depth.

    Args:
        bits: those that the file calls meant; 0 where it does not say.
        mode: Pillow's, before anything was converted: it keeps the upper 8 bits of a colour alone.
    """
    if not mode.startswith("I") and 8 < bits < 16:
        raise CaptureError(f"refused {path}: its colours have {bits} bits in 16, which are not read here", _FULL_RANGE)
    if not bits and 0 < image_rgb.max() <= DARKEST_WHITE:
        raise CaptureError(
            f"refused {path}: its 16 bits end at a quarter of white or below, as those of a camera of 10, 12 or 14 "
            "bits do, and nothing in it says which white is meant",
            _FULL_RANGE,
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
