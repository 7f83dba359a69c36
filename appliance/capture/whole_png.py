"""Whether a PNG is all there."""

import zlib
from collections.abc import Iterator

from appliance.domain.errors import CaptureError

_SIGNATURE_BYTES = 8
_PIECE_BYTES = 1 << 20
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# First column and row, and steps, of the seven passes of an interlaced picture (PNG, 8.2).
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def require_whole_png(data: bytes) -> None:
    """Raises CaptureError where the rows end before the picture: Pillow leaves what is missing black."""
    stream, expected, unpacked = zlib.decompressobj(), 0, 0
    for name, content in _chunks(data):
        if name == b"IHDR":
            expected = _expected_bytes(content)
        packed = content if name == b"IDAT" else b""
        while packed:
            unpacked += len(stream.decompress(packed, _PIECE_BYTES))
            packed = stream.unconsumed_tail
            if unpacked >= expected:
                return
    raise CaptureError("damaged picture (the PNG ends too early)")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = _SIGNATURE_BYTES
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += size + 12


def _expected_bytes(header: bytes) -> int:
    """Of all rows with their filter bytes."""
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (0, 4))
    bits = header[8] * _CHANNELS.get(header[9], 4)
    passes = _PASSES if header[12] else ((0, 0, 1, 1),)
    total = 0
    for x, y, step_x, step_y in passes:
        columns, rows = -(-(width - x) // step_x), -(-(height - y) // step_y)
        total += rows * (1 + (columns * bits + 7) // 8) if columns > 0 and rows > 0 else 0
    return total
