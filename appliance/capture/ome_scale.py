"""The size of a pixel and the time in OME-XML, as OME-TIFF carries it in its description."""

from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from appliance.capture.length_units import um_of
from appliance.capture.stated_time import StatedTime, time_of_text
from appliance.domain.errors import CaptureError
from appliance.foreign_files.numbers import number_of
from appliance.foreign_files.text import decode_text

_NOT_PHYSICAL = frozenset({"pixel", "reference frame"})
_HEAD_BYTES = 4000


def ome_description(description: bytes) -> bool:
    """Whether a description is OME-XML, in any coding and with any prefix."""
    head = description[:_HEAD_BYTES].replace(b"\0", b"")
    return b"<OME" in head or b":OME " in head or b":OME>" in head


def sizes_of_ome(description: bytes) -> tuple[float, float] | None:
    """Width and height of a pixel of the first image in micrometres; None where it gives none.

    Raises:
        CaptureError: it is no XML, or its unit or number is none that is known.
    """
    pixels = _pixels(description)
    if pixels is None:
        return None
    x, y = (_size_um(pixels, axis) for axis in "XY")
    if (x is None) != (y is None):
        raise CaptureError("its OME-XML gives the size of a pixel in one direction alone")
    return None if x is None or y is None else (x, y)


def count_in_ome(description: bytes, name: str) -> int:
    """SizeC or SignificantBits of the first image; 0 where it says none, or no number."""
    try:
        pixels = _pixels(description)
    except CaptureError:
        return 0  # the scale's reading says so
    said = "" if pixels is None else pixels.get(name, "")
    return int(said) if said.isdecimal() and len(said) < 5 else 0


def time_of_ome(description: bytes) -> StatedTime:
    """AcquisitionDate of the first image; no time where there is none, or no XML."""
    try:
        root = _root(description)
    except CaptureError:
        return StatedTime()  # the scale's reading says so
    found = next((one for one in root.iter() if one.tag.rpartition("}")[2] == "AcquisitionDate"), None)
    return StatedTime() if found is None else time_of_text(found.text or "")


def _pixels(description: bytes) -> Element | None:
    return next((one for one in _root(description).iter() if one.tag.rpartition("}")[2] == "Pixels"), None)


def _root(description: bytes) -> Element:
    try:
        return fromstring(_xml(description))
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise CaptureError(f"its OME-XML cannot be read ({str(error)[:80]})") from error


def _xml(description: bytes) -> bytes | str:
    """As the parser takes it: it follows marks and declarations itself, but needs UTF-16 without a mark decoded."""
    data = description.rstrip(b"\0") if b"\0" not in description[:100] else description
    if b"\0" in data[:100]:
        text = decode_text(data[: len(data) // 2 * 2]).rstrip("\0")
        return text[text.index("?>") + 2 :] if text.lstrip().startswith("<?xml") else text
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        # A file that says nothing of its coding and is no UTF-8 was written on a Western desk.
        if b"encoding=" not in data[:200]:
            return data.decode("cp1252", "replace")
    return data


def _size_um(pixels: Element, axis: str) -> float | None:
    size, unit = pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "\u00b5m")
    if size is None or unit in _NOT_PHYSICAL:
        return None
    um = um_of(unit)
    if um is None:
        raise CaptureError(f'its scale is in "{unit[:40]}", which is no known unit of length')
    try:
        return number_of(size) * um
    except ValueError as error:
        raise CaptureError(f'its PhysicalSize{axis} is "{size[:40]}", which is no number') from error
