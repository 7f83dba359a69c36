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
    """

    um_per_px: float | None = None
    problem: str = ""


def scale_of_picture(image: Image.Image) -> StatedScale:
    """Micrometres per pixel as the file's own tags give them.

    Read are OME-TIFF (PhysicalSizeX), ImageJ's TIFF (unit and resolution), the resolution of TIFF and EXIF, and that of
    PNG and JPEG. Stretched pixels and values no microscope has are not believed; a unit that is unknown is a problem.
    """
    tags = dict(getattr(image, "tag_v2", None) or image.getexif())
    try:
        found = _sizes(_description(image, tags), tags, image.info)
    except CaptureError as error:
        return StatedScale(problem=error.message)
    except (ValueError, TypeError, ZeroDivisionError):
        return StatedScale()
    if found is None or min(found) <= 0 or abs(found[0] / found[1] - 1) > _SQUARE:
        return StatedScale()
    mean = (found[0] + found[1]) / 2
    return StatedScale(mean if _PLAUSIBLE_UM_PER_PX[0] <= mean <= _PLAUSIBLE_UM_PER_PX[1] else None)


def _sizes(description: bytes, tags: dict[int, Any], info: dict[Any, Any]) -> Sizes | None:
    """Width and height of a pixel in micrometres."""
    if ome_description(description):
        return sizes_of_ome(description)
    if description.startswith(b"ImageJ="):
        return _of_imagej(_imagej_text(description), tags)
    return _of_tags(tags) or _of_dpi(info)


def _description(image: Image.Image, tags: dict[int, Any]) -> bytes:
    """ImageDescription as it lies in the file: Pillow takes it for Latin-1 whatever it is."""
    raw = getattr(getattr(image, "tag_v2", None), "_tagdata", {}).get(_DESCRIPTION)
    if isinstance(raw, bytes):
        return raw.rstrip(b"\0") if b"\0" not in raw.rstrip(b"\0") else raw
    value = tags.get(_DESCRIPTION, "")
    return value if isinstance(value, bytes) else str(value).encode("latin-1", "replace")


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
    return _per_pixel(tags, _RESOLUTION_UNITS_UM[unit]) if unit in _RESOLUTION_UNITS_UM else None


def _of_dpi(info: dict[Any, Any]) -> Sizes | None:
    """Pillow gives dots per inch only where the file names a unit."""
    dpi = info.get("dpi")
    if not dpi or not all(float(value) > 0 for value in dpi):
        return None
    return _UM_PER_INCH / float(dpi[0]), _UM_PER_INCH / float(dpi[1])


def _per_pixel(tags: dict[int, Any], unit_um: float) -> Sizes | None:
    x, y = (float(tags.get(tag, 0) or 0) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    return (unit_um / x, unit_um / y) if x > 0 and y > 0 else None
