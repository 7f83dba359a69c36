"""Whether a JPEG is all there."""

import simplejpeg

from appliance.domain.errors import CaptureError


def require_whole_jpeg(data: bytes) -> None:
    """Raises CaptureError where the picture's data end before the picture: libjpeg would fill the rest with grey."""
    try:
        simplejpeg.decode_jpeg(data, colorspace="Gray", strict=True)
    except ValueError as error:
        if "premature end" in str(error).lower():
            raise CaptureError("damaged picture (the JPEG ends too early)") from error
