"""A decoded picture with what its file says of itself, and the sizes that are taken."""

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from appliance.capture.scale_metadata import StatedScale
from appliance.domain.errors import CaptureError

# Read off the header before anything is decoded. A 2,000 x 1,500 frame has 3 Mpx; mosaics of a whole finger reach 60.
LARGEST_PIXELS = 100_000_000
SMALLEST_SIDE_PX = 32
DARKEST_WHITE = 64
"""Of 255: what is left of the white of 14 bits, 16,383, where 16 bits are said, 65,535; of 10 and 12 bits, less."""


@dataclass(frozen=True)
class Still:
    """A decoded picture.

    Attributes:
        image_rgb: uint8 (height, width, 3), upright: the EXIF orientation is applied.
        taken_at_utc: when the file says that it was taken; None where it does not.
        time_note: what of that time had to be assumed.
        scale: what the file says of its scale.
        pages: pictures in the file (TIFF pages, GIF and DICOM frames); only the first is read.
    """

    image_rgb: NDArray[np.uint8]
    taken_at_utc: datetime | None = None
    time_note: str = ""
    scale: StatedScale = field(default_factory=StatedScale)
    pages: int = 1


def require_usable_size(width: int, height: int) -> None:
    """Raises CaptureError for a picture that is too large or too small to be a nailfold's."""
    if width * height > LARGEST_PIXELS:
        limit = f"at most {LARGEST_PIXELS / 1e6:.0f} Mpx"
        raise CaptureError(f"{width}x{height} is {width * height / 1e6:.0f} Mpx, {limit}")
    if min(width, height) < SMALLEST_SIDE_PX:
        raise CaptureError(f"{width}x{height}, at least {SMALLEST_SIDE_PX} px a side")
