"""A video of independent JPEGs in an AVI file: what was seen, picture by picture, without a second compression.

Why Motion JPEG: docs/decisions/2026-11-22-video-clips.md. Format: RIFF AVI 1.0 with one video stream ("MJPG") and an
index (Microsoft, "AVI RIFF File Reference").
"""

import struct
from collections.abc import Iterator, Sequence

MOST_BYTES = 1 << 30
"""RIFF counts in 32 bits; half of that is left unused."""

_HAS_INDEX = 0x10
_KEY_FRAME = 0x10
_SCALE_AND_RATE_AT = 20
"""In the stream's header."""
_DEEPEST = 8
"""A file of one stream has two lists in a list."""


def write_avi(jpegs: Sequence[bytes], frames_per_s: float, width_px: int, height_px: int) -> bytes:
    """The file's bytes.

    Args:
        jpegs: at least one, all of that size.
        frames_per_s: the mean rate: AVI knows no times of single pictures.

    Raises:
        ValueError: there is no picture, or the file would be too large.
    """
    if not jpegs or sum(map(len, jpegs)) > MOST_BYTES:
        raise ValueError(f"a video of {len(jpegs)} pictures and {sum(map(len, jpegs))} bytes cannot be written")
    chunks = [_chunk(b"00dc", jpeg) for jpeg in jpegs]
    movie = _list(b"movi", b"".join(chunks))
    index, offset = [], 4
    for jpeg, chunk in zip(jpegs, chunks, strict=True):
        index.append(struct.pack("<4sIII", b"00dc", _KEY_FRAME, offset, len(jpeg)))
        offset += len(chunk)
    header = _header(len(jpegs), frames_per_s, width_px, height_px, max(map(len, jpegs)))
    return _chunk(b"RIFF", b"AVI " + header + movie + _chunk(b"idx1", b"".join(index)))


def read_avi(video: bytes) -> tuple[list[bytes], float]:
    """The JPEGs and the frames per second of a file that `write_avi` made.

    Raises:
        ValueError: it is none.
    """
    if video[:4] != b"RIFF" or video[8:12] != b"AVI ":
        raise ValueError("not an AVI file")
    frames_per_s, jpegs = 0.0, []
    for name, content in _walk(video[12:], _DEEPEST):
        if name == b"strh":
            if len(content) < _SCALE_AND_RATE_AT + 8:
                raise ValueError("its stream header is cut off")
            scale, rate = struct.unpack_from("<II", content, _SCALE_AND_RATE_AT)
            if scale == 0:
                raise ValueError("its frames have no duration")
            frames_per_s = rate / scale
        elif name == b"00dc":
            jpegs.append(content)
    return jpegs, frames_per_s


def _walk(content: bytes, deepest: int) -> Iterator[tuple[bytes, bytes]]:
    """Every chunk that is no list, in order. Raises ValueError where lists lie too deep in lists."""
    if deepest == 0:
        raise ValueError("its lists are nested too deeply")
    at = 0
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        body = content[at + 8 : at + 8 + size]
        if name == b"LIST":
            yield from _walk(body[4:], deepest - 1)
        else:
            yield name, body
        at += 8 + size + size % 2


def _header(count: int, frames_per_s: float, width: int, height: int, largest: int) -> bytes:
    scale, rate = 1000, max(1, round(frames_per_s * 1000))
    us_per_frame = round(1_000_000 * scale / rate)
    main = struct.pack(
        "<14I", us_per_frame, largest * rate // scale, 0, _HAS_INDEX, count, 0, 1, largest, width, height, 0, 0, 0, 0
    )
    stream = struct.pack(
        "<4s4sIHHIIIIIIIIhhhh",
        *(b"vids", b"MJPG", 0, 0, 0, 0, scale, rate, 0, count, largest, 0xFFFFFFFF, 0, 0, 0, width, height),
    )
    picture = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
    return _list(b"hdrl", _chunk(b"avih", main) + _list(b"strl", _chunk(b"strh", stream) + _chunk(b"strf", picture)))


def _list(name: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", name + content)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
