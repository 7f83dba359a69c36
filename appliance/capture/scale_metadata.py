"""The scale that a picture file states of itself, where it does so in physical units."""

import re
from pathlib import Path
from typing import Any

from PIL import Image

_UM_PER_INCH, _UM_PER_CM = 25_400.0, 10_000.0
_PLAUSIBLE_UM_PER_PX = (0.05, 20.0)
"""Coarser values are a printer's or a screen's dots per inch: 96 per inch would be 265 um."""

_SQUARE = 0.01
_UNITS_UM = {"um": 1.0, "\u00b5m": 1.0, "\u03bcm": 1.0, "micron": 1.0, "microns": 1.0, "nm": 0.001, "mm": 1000.0}
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _DESCRIPTION = 282, 283, 296, 270


def stated_um_per_px(path: Path) -> float | None:
    """Micrometres per pixel as the file's own tags give them; None where there are none, or none to believe.

    Read are OME-TIFF (PhysicalSizeX), ImageJ's TIFF (unit and resolution), the resolution of TIFF and EXIF, and that of
    PNG and JPEG. Stretched pixels and values no microscope has are not believed.
    """
    try:
        with Image.open(path) as image:
            tags = dict(getattr(image, "tag_v2", None) or image.getexif())
            found = _of_ome(tags) or _of_imagej(tags) or _of_tags(tags) or _of_dpi(image.info)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    if found is None or abs(found[0] / found[1] - 1) > _SQUARE:
        return None
    mean = (found[0] + found[1]) / 2
    return mean if _PLAUSIBLE_UM_PER_PX[0] <= mean <= _PLAUSIBLE_UM_PER_PX[1] else None


def _of_ome(tags: dict[int, Any]) -> tuple[float, float] | None:
    text = str(tags.get(_DESCRIPTION, ""))
    if "<OME" not in text:
        return None
    sizes = []
    for axis in "XY":
        size = re.search(rf'PhysicalSize{axis}="([0-9.eE+-]+)"', text)
        unit = re.search(rf'PhysicalSize{axis}Unit="([^"]+)"', text)
        um = _UNITS_UM.get(unit[1] if unit else "um")
        if size is None or um is None:
            return None
        sizes.append(float(size[1]) * um)
    return _positive(sizes[0], sizes[1])


def _of_imagej(tags: dict[int, Any]) -> tuple[float, float] | None:
    """ImageJ writes pixels per unit into the resolution and names the unit in the description."""
    text = str(tags.get(_DESCRIPTION, ""))
    unit = re.search(r"^unit=(.+)$", text, re.MULTILINE)
    if not text.startswith("ImageJ=") or unit is None:
        return None
    um = _UNITS_UM.get(unit[1].strip().replace("\\u00B5", "\u00b5"))
    return None if um is None else _per_pixel(tags, um)


def _of_tags(tags: dict[int, Any]) -> tuple[float, float] | None:
    um = {2: _UM_PER_INCH, 3: _UM_PER_CM}.get(int(tags.get(_RESOLUTION_UNIT, 0) or 0))
    if um is None or str(tags.get(_DESCRIPTION, "")).startswith("ImageJ="):
        return None
    return _per_pixel(tags, um)


def _of_dpi(info: dict[Any, Any]) -> tuple[float, float] | None:
    """Pillow gives dots per inch only where the file names a unit."""
    dpi = info.get("dpi")
    if not dpi or not all(float(value) > 0 for value in dpi):
        return None
    return _UM_PER_INCH / float(dpi[0]), _UM_PER_INCH / float(dpi[1])


def _per_pixel(tags: dict[int, Any], unit_um: float) -> tuple[float, float] | None:
    x, y = (float(tags.get(tag, 0) or 0) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    return (unit_um / x, unit_um / y) if x > 0 and y > 0 else None


def _positive(x: float, y: float) -> tuple[float, float] | None:
    return (x, y) if x > 0 and y > 0 else None
