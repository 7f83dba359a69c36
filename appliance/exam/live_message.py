"""The bytes of one live picture together with its result."""

import json
import struct
from typing import Any

import simplejpeg

from appliance.analysis import uncertainty
from appliance.analysis.result_document import image_document
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.frame import Frame
from appliance.domain.instant import to_rfc3339

_LENGTH = struct.Struct(">I")


def encode_live_message(frame: Frame, analysis: FrameAnalysis, jpeg_quality: int) -> bytes:
    """One message: 4-byte big-endian header length, UTF-8 JSON header, JPEG (4:2:0).

    Picture and result travel together, so that a box can never be drawn on the wrong picture. The header holds `seq`,
    `captured_at_utc`, `captured_monotonic_s` (the station's monotonic clock; a page maps it by ping), `stage_ms`,
    `density_ci95_per_mm` (half of the density's 95 % interval, as reports compute it; null without a density) and
    `image`: the `nailfold.analysis/1` document of this frame.

    Raises:
        ValueError: the analysis is of another frame.
    """
    if frame.seq != analysis.seq:
        raise ValueError(f"live message expects one frame, got picture {frame.seq} and result {analysis.seq}")
    jpeg = simplejpeg.encode_jpeg(frame.image_rgb, quality=jpeg_quality, colorspace="RGB", colorsubsampling="420")
    header = json.dumps(_header(frame, analysis), separators=(",", ":"), allow_nan=False).encode()
    return b"".join((_LENGTH.pack(len(header)), header, jpeg))


def decode_live_message(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and JPEG of a message made by `encode_live_message`."""
    (length,) = _LENGTH.unpack_from(message)
    end = _LENGTH.size + length
    return json.loads(message[_LENGTH.size : end]), message[end:]


def _header(frame: Frame, analysis: FrameAnalysis) -> dict[str, Any]:
    return {
        "type": "frame",
        "seq": frame.seq,
        "captured_at_utc": to_rfc3339(frame.captured_at_utc),
        "captured_monotonic_s": frame.captured_monotonic_s,
        "stage_ms": dict(analysis.stage_ms),
        "density_ci95_per_mm": _density_ci95(analysis),
        "image": image_document(analysis, None),
    }


def _density_ci95(analysis: FrameAnalysis) -> float | None:
    # The scale's own uncertainty is a hundredth of the scatter's; the station does not carry it with a frame.
    off = uncertainty.of_density_in(analysis.metrics)
    return None if off is None else round(off, 2)
