"""A still as a lossless PNG that says by itself what it shows and how large a pixel is."""

import io
import json

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from appliance.domain.bounded_json import bounded_loads
from appliance.domain.calibration import ScaleOrigin
from appliance.domain.errors import StoreError
from appliance.domain.exam import Finger, Hand, Placement, Sector
from appliance.domain.instant import from_rfc3339, to_rfc3339
from appliance.domain.still import StillMetadata

# The operator waits: zlib's level 1 is six times as fast as 6 on a noisy 1280x1024 picture, its file a fifth larger.
COMPRESS_LEVEL = 1
# One iTXt chunk a field: any PNG tool shows them one by one.
_PREFIX = "nailfold:"
_UM_PER_M = 1_000_000.0
_M_PER_INCH = 0.0254


def encode_still(image_rgb: NDArray[np.uint8], metadata: StillMetadata) -> bytes:
    """The PNG file: the pixels unchanged, the metadata in iTXt chunks, the scale in pHYs too (pixels per metre).

    Args:
        image_rgb: uint8 (height, width, 3), RGB.
    """
    chunks = PngImagePlugin.PngInfo()
    for name, value in _texts(metadata).items():
        if value is not None:
            chunks.add_itxt(_PREFIX + name, value)
    buffer = io.BytesIO()
    image = Image.fromarray(image_rgb, "RGB")
    if metadata.um_per_px is None:
        image.save(buffer, "PNG", pnginfo=chunks, compress_level=COMPRESS_LEVEL)
    else:
        dots_per_inch = _UM_PER_M / metadata.um_per_px * _M_PER_INCH
        dpi = (dots_per_inch, dots_per_inch)
        image.save(buffer, "PNG", pnginfo=chunks, compress_level=COMPRESS_LEVEL, dpi=dpi)
    return buffer.getvalue()


def decode_still(png: bytes) -> tuple[NDArray[np.uint8], StillMetadata]:
    """The pixels (uint8, height x width x 3, RGB) and the metadata of a file that `encode_still` made.

    Raises:
        StoreError: not a PNG, or without this product's metadata.
    """
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            image.load()
            pixels = np.asarray(image.convert("RGB"), dtype=np.uint8)
            texts = {str(key): str(value) for key, value in image.info.items() if str(key).startswith(_PREFIX)}
        return pixels, _metadata({key.removeprefix(_PREFIX): value for key, value in texts.items()})
    except (OSError, SyntaxError, KeyError, ValueError) as error:
        raise StoreError(f"could not read the still: {error}", "It was not made by this product.") from error


def decode_picture(png: bytes, name: str) -> NDArray[np.uint8]:
    """uint8 RGB [height, width, 3] of a kept still, whatever it says of itself.

    Raises:
        StoreError: it is damaged.
    """
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            return np.asarray(image.convert("RGB"), dtype=np.uint8)
    except (OSError, SyntaxError, ValueError) as error:
        raise StoreError(f"the image {name} cannot be read: {error}", "Restore it from a backup.") from error


def _texts(metadata: StillMetadata) -> dict[str, str | None]:
    placement, scale = metadata.placement, metadata.um_per_px
    return {
        "image_id": metadata.image_id,
        "exam_id": metadata.exam_id,
        "hand": placement.hand.value,
        "finger": placement.finger.value,
        "sector": placement.sector.value,
        "captured_at_utc": to_rfc3339(metadata.captured_at_utc, "microseconds"),
        "um_per_px": None if scale is None else repr(float(scale)),
        "calibration_id": metadata.calibration_id,
        "scale_origin": None if metadata.scale_origin is None else metadata.scale_origin.value,
        "magnification": metadata.magnification,
        "camera_name": metadata.camera_name,
        "camera_id": metadata.camera_id,
        "pixel_format": metadata.pixel_format,
        "software_version": metadata.software_version,
        "runtime": metadata.runtime,
        "engines": json.dumps(dict(metadata.engines), sort_keys=True),
    }


def _metadata(texts: dict[str, str]) -> StillMetadata:
    scale, origin = texts.get("um_per_px"), texts.get("scale_origin")
    return StillMetadata(
        image_id=texts["image_id"],
        exam_id=texts["exam_id"],
        placement=Placement(Hand(texts["hand"]), Finger(texts["finger"]), Sector(texts["sector"])),
        captured_at_utc=from_rfc3339(texts["captured_at_utc"]),
        um_per_px=None if scale is None else float(scale),
        calibration_id=texts.get("calibration_id"),
        scale_origin=None if origin is None else ScaleOrigin(origin),
        magnification=texts.get("magnification"),
        camera_name=texts["camera_name"],
        camera_id=texts["camera_id"],
        pixel_format=texts["pixel_format"],
        software_version=texts["software_version"],
        runtime=texts["runtime"],
        engines=bounded_loads(texts["engines"]),
    )
