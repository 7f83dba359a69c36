"""What a file holds, by its first bytes; a suffix is only somebody's word for it."""

import stat
import struct
from enum import Enum
from pathlib import Path

HEAD_BYTES = 1024
_DICOM_MARK_AT = 128
_TRANSPORT_PACKET_BYTES = 188
_STILL_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1"), "HEIC"),
}
"""ISO media files (ISO 14496-12) that hold a picture and no film."""

READABLE_PICTURES = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF", "JPEG2000", "PPM")
"""Formats that are decoded, as Pillow calls them: the one list of every programme. EPS and PDF would call others."""

_NOT_DECODED = frozenset({"big-endian BigTIFF", "JPEG XL", "JPEG XR", "PAM", "Photoshop", "AVIF", "HEIC"})

_PICTURE_MARKS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "BigTIFF",
    b"MM\0+": "big-endian BigTIFF",
    b"BM": "BMP",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"II\xbc\x01": "JPEG XR",
    b"P7\n": "PAM",
    b"8BPS": "Photoshop",
}
_VIDEO_MARKS = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"\0\0\x01\xba",  # MPEG programme stream
    b"\0\0\x01\xb3",  # MPEG video
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
    b"OggS",
    b"FLV\x01",
)


class MediaKind(Enum):
    """PICTURE: any still but DICOM. DICOM: a data set of PS3.10, with or without its preamble. VIDEO: a recording."""

    PICTURE = "picture"
    DICOM = "dicom"
    VIDEO = "video"


def kind_of(path: Path) -> MediaKind | None:
    """What a file holds; None for anything that is neither a picture nor a video, an empty file and a device.

    Raises:
        OSError: it is not there or may not be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        return None  # opening a FIFO would wait for ever
    with path.open("rb") as file:
        return kind_of_bytes(file.read(HEAD_BYTES))


def kind_of_bytes(head: bytes) -> MediaKind | None:
    """The same of a file's first HEAD_BYTES."""
    if _is_dicom(head):
        return MediaKind.DICOM
    if picture_format(head):
        return MediaKind.PICTURE
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"):
        return MediaKind.VIDEO
    if head.startswith(_VIDEO_MARKS) or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        return MediaKind.VIDEO
    is_transport = len(head) > 3 * _TRANSPORT_PACKET_BYTES and set(head[: 4 * _TRANSPORT_PACKET_BYTES : 188]) == {0x47}
    return MediaKind.VIDEO if is_transport else None


def picture_format(head: bytes) -> str:
    """What a person calls the picture format of a file's first bytes, also where none decodes it; empty for others."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[:2] in (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6") and head[2:3].isspace():
        return "PNM"
    if head[4:8] == b"ftyp":
        return _STILL_BRANDS.get(head[8:12], "")
    return next((name for mark, name in _PICTURE_MARKS.items() if head.startswith(mark)), "")


def why_unread(head: bytes) -> str:
    """What to say of a file that begins so and that no decoder took."""
    form = picture_format(head)
    if not form:
        return "not a picture in a known format"
    if form in _NOT_DECODED:
        return f"{form} pictures are not read here"
    return f"this kind of {form} is not read here, or the picture is damaged"


def _is_dicom(head: bytes) -> bool:
    if head[_DICOM_MARK_AT : _DICOM_MARK_AT + 4] == b"DICM":
        return True
    # Older archives leave the preamble out: the first element is then of group 0002 or 0008 (PS3.10, 7.1).
    if len(head) < 8:
        return False
    for order in "<>":
        group, element = struct.unpack(f"{order}HH", head[:4])
        if group in (2, 8) and element < 0x0100:
            explicit = head[4:6] in (b"UL", b"UI", b"OB", b"CS", b"DA", b"TM", b"LO", b"SH", b"DT")
            implicit = order == "<" and struct.unpack("<I", head[4:8])[0] <= 64 and group == 8
            if explicit or implicit:
                return True
    return False
