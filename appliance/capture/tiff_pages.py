"""Which page of a TIFF is the picture, and whether its values mean what its decoder takes them for."""

from PIL import Image

from appliance.domain.errors import CaptureError

# TIFF 6.0
_SUBFILE, _BITS, _PHOTOMETRIC, _PLANAR, _SAMPLE_FORMAT = 254, 258, 262, 284, 339
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
        CaptureError: signed values, planes of 16 bits one after the other, or strips that are not there.
    """
    if _SIGNED in _numbers(image, _SAMPLE_FORMAT):
        raise CaptureError("its values are signed, which have no defined black", "Save it with unsigned values.")
    if _tag(image, _PLANAR) == _SEPARATE and max(_numbers(image, _BITS), default=8) > 8 and len(image.getbands()) > 1:
        raise CaptureError("its colours of 16 bits lie in separate planes", "Save it interleaved, or with 8 bits.")
    if 0 in (_numbers(image, _STRIP_BYTES) or _numbers(image, _TILE_BYTES)):
        raise CaptureError("damaged picture (parts of the TIFF are missing)")


def white_of(image: Image.Image) -> int:
    """The value of white in grey of more than 8 bits; negative where 0 is white and this value black."""
    if image.format != "TIFF":
        return _SIXTEEN_BITS
    bits = max(_numbers(image, _BITS), default=16)
    white: int = 2**bits - 1 if 8 < bits < 16 else _SIXTEEN_BITS
    return -white if _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO else white


def _tag(image: Image.Image, tag: int) -> int:
    """Its first value; -1 where the page does not have it."""
    return next(iter(_numbers(image, tag)), -1)


def _numbers(image: Image.Image, tag: int) -> tuple[int, ...]:
    value = getattr(image, "tag_v2", {}).get(tag)
    if value is None:
        return ()
    return tuple(int(one) for one in value) if isinstance(value, tuple) else (int(value),)
