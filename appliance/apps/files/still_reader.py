"""Any still picture a clinic may hold, as the RGB array the pipeline takes; a bad one is refused in one sentence."""

import warnings
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from appliance.domain.errors import CaptureError

# Read off the header before anything is decoded. A 2,000 x 1,500 frame has 3 Mpx; mosaics of a whole finger reach 60.
LARGEST_PIXELS = 100_000_000
LARGEST_BYTES = 500_000_000
SMALLEST_SIDE_PX = 32


@dataclass(frozen=True)
class Still:
    """A decoded picture.

    Attributes:
        image_rgb: uint8 (height, width, 3), upright: the EXIF orientation is applied.
        taken_at_utc: the file's modification time; EXIF times carry no zone and are not trusted.
        pages: pictures in the file (TIFF pages, GIF frames); only the first is read.
    """

    image_rgb: NDArray[np.uint8]
    taken_at_utc: datetime
    pages: int


def read_still(path: Path) -> Still:
    """The first picture of a file.

    16-bit values are scaled by 1/257 over their full range; grey is repeated in three channels; a palette is resolved;
    what is transparent becomes black; CMYK is converted by its plain complement, without a colour profile.

    Raises:
        CaptureError: missing, empty, too large, too small, damaged or not a picture; names the file.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise CaptureError(f"cannot read {path}: {error.strerror}") from error
    if status.st_size == 0:
        raise CaptureError(f"cannot read {path}: the file is empty")
    if status.st_size > LARGEST_BYTES:
        raise CaptureError(f"refused {path}: {status.st_size / 1e6:.0f} MB, at most {LARGEST_BYTES / 1e6:.0f} MB")
    taken_at_utc = datetime.fromtimestamp(status.st_mtime, timezone.utc)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's notes on size and odd metadata; our own limits are below.
        return _decode(path, taken_at_utc)


def _decode(path: Path, taken_at_utc: datetime) -> Still:
    try:
        with Image.open(path) as image:
            _require_usable_size(path, image.width, image.height)
            pages = int(getattr(image, "n_frames", 1))
            image.load()
            upright = ImageOps.exif_transpose(image)
            return Still(_to_rgb(path, upright), taken_at_utc, pages)
    except CaptureError:
        raise
    except UnidentifiedImageError as error:
        raise CaptureError(f"cannot read {path}: not a picture in a known format") from error
    except Image.DecompressionBombError as error:
        raise CaptureError(f"refused {path}: its header claims more than {LARGEST_PIXELS / 1e6:.0f} Mpx") from error
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error and more.
        raise CaptureError(f"cannot read {path}: damaged picture ({str(error).splitlines()[0][:120]})") from error


def _require_usable_size(path: Path, width: int, height: int) -> None:
    if width * height > LARGEST_PIXELS:
        limit = f"at most {LARGEST_PIXELS / 1e6:.0f} Mpx"
        raise CaptureError(f"refused {path}: {width}x{height} is {width * height / 1e6:.0f} Mpx, {limit}")
    if min(width, height) < SMALLEST_SIDE_PX:
        raise CaptureError(f"refused {path}: {width}x{height}, at least {SMALLEST_SIDE_PX} px a side")


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
