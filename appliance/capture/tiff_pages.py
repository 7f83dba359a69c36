"""Which page of a TIFF is the picture, and whether its values mean what its decoder takes them for."""

import re

from PIL import Image, ImagePalette

from appliance.capture.ome_scale import count_in_ome, ome_description
from appliance.capture.scale_metadata import description_of
from appliance.domain.errors import CaptureError

# TIFF 6.0
_SUBFILE, _BITS, _PHOTOMETRIC, _PLANAR, _COLOURS, _SAMPLE_FORMAT = 254, 258, 262, 284, 320, 339
_LARGEST_VALUE, _LARGEST_VALUE_OF_FORMAT = 281, 341
_STRIP_BYTES, _TILE_BYTES = 279, 325
_REDUCED = 1
_WHITE_IS_ZERO = 0
_SEPARATE = 2
_SIGNED = 2
_SIXTEEN_BITS = 65_535
_MOST_PAGES_LOOKED_AT = 64


def go_to_whole_picture(image: Image.Image) -> None:
    """Turn to the first page that is no reduced version of another; the first where every page says that it is."""
    for page in range(min(int(getattr(image, "n_frames", 1)), _MOST_PAGES_LOOKED_AT)):
        image.seek(page)
        if not next(iter(_numbers(image, _SUBFILE)), 0) & _REDUCED:
            return
    image.seek(0)


def require_plain_values(image: Image.Image) -> None:
    """Refuse what Pillow would decode to something else than is meant.

    Raises:
        CaptureError: signed values, planes of 16 bits one after the other, a page for each colour, or strips that are
            not there.
    """
    if _SIGNED in _numbers(image, _SAMPLE_FORMAT):
        raise CaptureError("its values are signed, which have no defined black", "Save it with unsigned values.")
    if _tag(image, _PLANAR) == _SEPARATE and max(_numbers(image, _BITS), default=8) > 8 and len(image.getbands()) > 1:
        raise CaptureError("its colours of 16 bits lie in separate planes", "Save it interleaved, or with 8 bits.")
    if len(image.getbands()) == 1 and (channels := _channels(image)) > 1:
        # The red of a nailfold alone hardly shows a loop.
        raise CaptureError(
            f"its {channels} colours lie in pages of their own, of which one alone would be seen",
            "Save it as RGB (in ImageJ: Image, Type, RGB Color).",
        )
    if 0 in (_numbers(image, _STRIP_BYTES) or _numbers(image, _TILE_BYTES)):
        raise CaptureError("damaged picture (parts of the TIFF are missing)")


def mend_palette(image: Image.Image) -> None:
    """A table of colours of 8 bits, where TIFF wants 16, would make every colour black: libtiff mends it too."""
    colours = _numbers(image, _COLOURS)
    if image.mode == "P" and colours and max(colours) < 256:
        image.palette = ImagePalette.raw("RGB;L", bytes(colours))


def white_of(image: Image.Image) -> int:
    """The value of white in grey of more than 8 bits; negative where 0 is white and this value black."""
    if image.format != "TIFF":
        return _SIXTEEN_BITS
    bits = stated_bits(image) or 16
    white: int = 2**bits - 1 if 8 < bits < 16 else _SIXTEEN_BITS
    return -white if _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO else white


def stated_bits(image: Image.Image) -> int:
    """How many bits of a value the file calls meant; 0 where it says no more than that each lies in 16.

    SignificantBits of OME-XML goes first. SMaxSampleValue and MaxSampleValue are the largest value used (TIFF 6.0): no
    white, unless it is exactly that of a camera of 9 to 15 bits. What ImageJ writes as "max" is what somebody's screen
    showed, and says nothing.
    """
    if image.format != "TIFF":
        return 0
    stored = max(_numbers(image, _BITS), default=16)
    if stored != 16:
        return stored
    description = description_of(image)
    if ome_description(description) and (said := count_in_ome(description, "SignificantBits")):
        return said
    largest = max(_numbers(image, _LARGEST_VALUE_OF_FORMAT) or _numbers(image, _LARGEST_VALUE), default=0)
    bits = largest.bit_length()
    return bits if 8 < bits < 16 and largest == 2**bits - 1 else 0


def _channels(image: Image.Image) -> int:
    """Colours of the whole file, as OME-XML and ImageJ count them; 0 where neither speaks."""
    description = description_of(image)
    if ome_description(description):
        return count_in_ome(description, "SizeC")
    said = re.search(rb"^channels=(\d{1,4})\s*$", description, re.MULTILINE)
    return int(said[1]) if said and description.startswith(b"ImageJ=") else 0


def _tag(image: Image.Image, tag: int) -> int:
    """Its first value; -1 where the page does not have it."""
    return next(iter(_numbers(image, tag)), -1)


def _numbers(image: Image.Image, tag: int) -> tuple[int, ...]:
    value = getattr(image, "tag_v2", {}).get(tag)
    if value is None:
        return ()
    return tuple(int(one) for one in value) if isinstance(value, tuple) else (int(value),)
