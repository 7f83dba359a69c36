"""From the bytes that a camera sends to RGB."""

import re

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

_DECODABLE = ("MJPG", "YUYV")
_PADDING = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_MAX_PADDING_BYTES = 64


class UndecodableFrameError(ValueError):
    """A frame that arrived damaged, as USB now and then delivers it; the next one is likely to be whole."""


def is_decodable(fourcc: str) -> bool:
    """Whether `decode` knows the pixel format."""
    return fourcc in _DECODABLE


def decode(raw: NDArray[np.uint8], fourcc: str, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """The picture as uint8 RGB (height_px, width_px, 3).

    Args:
        raw: the bytes of one frame, any shape.
        fourcc: "MJPG" or "YUYV".
        width_px, height_px: as negotiated with the camera.

    Raises:
        UndecodableFrameError: too few bytes, a damaged JPEG, or one of another size.
    """
    image_rgb = _from_jpeg(raw) if fourcc == "MJPG" else _from_yuyv(raw, width_px, height_px)
    if image_rgb.shape != (height_px, width_px, 3):
        raise UndecodableFrameError(f"frame is {image_rgb.shape[1]}x{image_rgb.shape[0]}, not {width_px}x{height_px}")
    return image_rgb


def _from_jpeg(raw: NDArray[np.uint8]) -> NDArray[np.uint8]:
    data = np.ascontiguousarray(raw).tobytes()
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, colorspace="RGB"), np.uint8)
    except ValueError as error:
        # Many cameras pad before the end marker, which is harmless. After any other complaint libjpeg would fill the
        # missing part with grey, and grey must not be measured.
        padding = _PADDING.search(str(error))
        if padding is None or int(padding[1]) > _MAX_PADDING_BYTES:
            raise UndecodableFrameError(str(error)) from error
    return np.asarray(simplejpeg.decode_jpeg(data, colorspace="RGB", strict=False), np.uint8)


def _from_yuyv(raw: NDArray[np.uint8], width_px: int, height_px: int) -> NDArray[np.uint8]:
    expected = width_px * height_px * 2
    if raw.size < expected:
        raise UndecodableFrameError(f"frame has {raw.size} of {expected} bytes")
    packed = np.ascontiguousarray(raw).reshape(-1)[:expected].reshape(height_px, width_px, 2)
    return np.asarray(cv2.cvtColor(packed, cv2.COLOR_YUV2RGB_YUYV), np.uint8)
