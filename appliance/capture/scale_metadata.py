"""The scale that a picture file states of itself, where it does so in physical units."""

import re
from dataclasses import dataclass
from typing import Any

from PIL import Image

from appliance.capture.length_units import um_of
from appliance.capture.ome_scale import ome_description, sizes_of_ome
from appliance.domain.errors import CaptureError
from appliance.foreign_files.text import decode_text

_UM_PER_INCH = 25_400.0
_ROUND_DPI = 300
"""A whole multiple of so many dots per inch is what a scanner or a printer was set to: 9,600 would be 2.6 um."""
_RESOLUTION_UNITS_UM = {2: _UM_PER_INCH, 3: 10_000.0, 4: 1000.0, 5: 1.0}
"""Of TIFF 6.0 inch and centimetre; millimetre and micrometre are written by some microscopes."""

_PLAUSIBLE_UM_PER_PX = (0.05, 20.0)
"""Coarser values are a printer's or a screen's dots per inch: 96 per inch would be 265 um."""

_SQUARE = 0.01
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _DESCRIPTION = 282, 283, 296, 270
_NO_LENGTH = frozenset({"", "pixel", "pixels", "px", "inch_dpi", "null", "none"})
Sizes = tuple[float, float]


@dataclass(frozen=True)
class StatedScale:
    """What a file says of its scale.

    Attributes:
        um_per_px: None where it says nothing, or nothing to believe.
        problem: what it says that nobody here understands; such a picture is measured only with a scale that a person
            gives. Empty where all is well.
        note: what it says that was not believed, or which of two words was taken. Empty where there is none.
    """

    um_per_px: float | None = None
    problem: str = ""
    note: str = ""


def scale_of_picture(image: Image.Image) -> StatedScale:
    """Micrometres per pixel as the file's own tags give them.

    Read are OME-TIFF (PhysicalSizeX), ImageJ's TIFF (unit and resolution), the resolution of TIFF and EXIF, and that of
    PNG and JPEG. A unit that is unknown is a problem. A microscope's word that cannot be is not believed, and that is
    said; dots per inch are everywhere and mean nothing where they are not a microscope's.
    """
    tags = dict(getattr(image, "tag_v2", None) or image.getexif())
    description = description_of(image)
    is_microscopes = ome_description(description) or description.startswith(b"ImageJ=")
    try:
        found = _sizes(description, tags, image.info)
    except CaptureError as error:
        return StatedScale(problem=error.message)
    except (ValueError, TypeError, ZeroDivisionError):
        return StatedScale()
    if found is None:
        return StatedScale()
    believed = believed_scale(*found, "its own description")
    return believed if is_microscopes else StatedScale(believed.um_per_px)


def believed_scale(x_um: float, y_um: float, said_by: str) -> StatedScale:
    """The scale of pixels of this width and height; without one, and with a note, where no capillaroscope has such.

    Args:
        said_by: what of the file says so, for the note.
    """
    # Not a number compares false with everything.
    if not (x_um > 0 and y_um > 0 and abs(x_um / y_um - 1) <= _SQUARE):
        return StatedScale(note=f"{said_by} gives pixels of {x_um:g} x {y_um:g} um, which was not used")
    mean = (x_um + y_um) / 2
    if not _PLAUSIBLE_UM_PER_PX[0] <= mean <= _PLAUSIBLE_UM_PER_PX[1]:
        return StatedScale(note=f"{said_by} gives {mean:.4g} um per pixel, which no capillaroscope has: not used")
    return StatedScale(mean)


def _sizes(description: bytes, tags: dict[int, Any], info: dict[Any, Any]) -> Sizes | None:
    """Width and height of a pixel in micrometres."""
    if ome_description(description):
        return sizes_of_ome(description)
    if description.startswith(b"ImageJ="):
        return _of_imagej(_imagej_text(description), tags)
    return _of_tags(tags) or _of_dpi(info)


def description_of(image: Image.Image) -> bytes:
    """ImageDescription as it lies in the file: Pillow takes it for Latin-1 whatever it is. Empty without one."""
    tags = getattr(image, "tag_v2", None) or image.getexif()
    raw = getattr(getattr(image, "tag_v2", None), "_tagdata", {}).get(_DESCRIPTION)
    if isinstance(raw, bytes):
        return raw.rstrip(b"\0") if b"\0" not in raw.rstrip(b"\0") else _without_end_of_wide_text(raw)
    value = tags.get(_DESCRIPTION, "")
    return value if isinstance(value, bytes) else str(value).encode("latin-1", "replace")


def _without_end_of_wide_text(raw: bytes) -> bytes:
    """UTF-16 without the zeros behind it, of one byte or two each; the half of a last letter stays."""
    even = raw[:-1] if len(raw) % 2 and raw.endswith(b"\0") else raw
    while even.endswith(b"\0\0"):
        even = even[:-2]
    return even


def _imagej_text(description: bytes) -> str:
    try:
        return decode_text(description)
    except UnicodeError:
        return description.decode("latin-1")


def _of_imagej(text: str, tags: dict[int, Any]) -> Sizes | None:
    """ImageJ writes pixels per unit into the resolution and names the unit in the description."""
    unit = re.search(r"^unit=(.*)$", text, re.MULTILINE)
    name = "" if unit is None else unit[1].strip()
    if name.casefold() in _NO_LENGTH:
        return None
    um = um_of(name)
    if um is None:
        raise CaptureError(f'its scale is in "{name[:40]}", which is no known unit of length')
    return _per_pixel(tags, um)


def _of_tags(tags: dict[int, Any]) -> Sizes | None:
    unit = int(tags.get(_RESOLUTION_UNIT, 0) or 0)
    if unit > max(_RESOLUTION_UNITS_UM):
        raise CaptureError(f"its resolution is in unit {unit}, which TIFF does not know")
    if unit not in _RESOLUTION_UNITS_UM:
        return None
    sizes = _per_pixel(tags, _RESOLUTION_UNITS_UM[unit])
    if sizes is None or unit not in (2, 3) or not _is_scanners(_UM_PER_INCH / sizes[0]):
        return sizes
    # What somebody set in dots a centimetre is a whole number there: 15,000 are 38,100 an inch.
    is_of_centimetres = unit == 3 and float(tags[_X_RESOLUTION]).is_integer()
    return sizes if is_of_centimetres else None


def _of_dpi(info: dict[Any, Any]) -> Sizes | None:
    """Pillow gives dots per inch only where the file names a unit."""
    dpi = info.get("dpi")
    if not dpi or not all(float(value) > 0 for value in dpi) or _is_scanners(float(dpi[0])):
        return None
    return _UM_PER_INCH / float(dpi[0]), _UM_PER_INCH / float(dpi[1])


def _is_scanners(dpi: float) -> bool:
    """PNG holds dots per metre: what was set to 9,600 an inch comes back as 9,600.01."""
    return dpi >= _ROUND_DPI / 2 and abs(dpi / _ROUND_DPI - round(dpi / _ROUND_DPI)) * _ROUND_DPI < 0.05


def _per_pixel(tags: dict[int, Any], unit_um: float) -> Sizes | None:
    x, y = (float(tags.get(tag, 0) or 0) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    return (unit_um / x, unit_um / y) if x > 0 and y > 0 else None
