"""What a foreign file may cost before any of its pixels are decoded: known formats by content, and so much memory."""

import warnings
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from appliance.domain.errors import CaptureError, ExportError
from appliance.foreign_files.kinds import HEAD_BYTES, READABLE_PICTURES, MediaKind, kind_of, why_unread

# Of everything that decoding holds at the same time. A 60-megapixel mosaic of a whole finger takes 720 MB.
BUDGET_BYTES = 800_000_000
# Decoded, upright, as RGB and as an array; 16-bit grey passes through float64.
_BYTES_A_PIXEL, _BYTES_A_WIDE_PIXEL = 12, 24
_WIDE_MODES = ("I", "F")


def require_bounded(path: Path) -> None:
    """Refuse a file that is no picture in a known format, or whose header says that it takes too much memory.

    Raises:
        CaptureError: it is such a file; names it without its folders.
    """
    try:
        is_dicom = kind_of(path) is MediaKind.DICOM
        with path.open("rb") as file:
            cost = _dicom_cost(path) if is_dicom else _picture_cost(path, file)
    except OSError as error:
        raise CaptureError(f"cannot read {path.name}: {error.strerror}", "Check that it is still there.") from error
    if cost > BUDGET_BYTES:
        raise CaptureError(
            f"refused {path.name}: it takes {cost / 1e6:.0f} MB to open, at most {BUDGET_BYTES / 1e6:.0f} MB",
            "Make it smaller, or export fewer frames.",
        )


def require_png(name: str, content: bytes) -> None:
    """Refuse a still of an archive that is not a whole PNG picture. Raises ExportError."""
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(content), formats=("PNG",)) as image:
            warnings.simplefilter("ignore")
            cost = _cost_of(image)
            if cost > BUDGET_BYTES:
                raise ExportError(f"refused {name}: it takes {cost / 1e6:.0f} MB to open")
            image.load()
    except ExportError:
        raise
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error and more.
        raise ExportError(f"refused {name}: it is no whole PNG picture", "Export the exam again.") from error


def _picture_cost(path: Path, file: BinaryIO) -> int:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=READABLE_PICTURES) as image:
                return _cost_of(image)
    except Image.DecompressionBombError as error:
        raise CaptureError(f"refused {path.name}: it takes too many MB to open", "Make it smaller.") from error
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error and more.
        file.seek(0)
        said, known = why_unread(file.read(HEAD_BYTES)), ", ".join(READABLE_PICTURES)
        raise CaptureError(f"cannot read {path.name}: {said}", f"Known are {known} and DICOM.") from error


def _cost_of(image: Image.Image) -> int:
    a_pixel = _BYTES_A_WIDE_PIXEL if image.mode.startswith(_WIDE_MODES) else _BYTES_A_PIXEL
    return image.width * image.height * a_pixel


def _dicom_cost(path: Path) -> int:
    """Every frame as it is stored, and one as it is used."""
    import pydicom  # noqa: PLC0415 (50 MB)

    from appliance.foreign_files.deflated_dicom import refusal_of_deflated  # noqa: PLC0415 (pydicom)

    if refusal := refusal_of_deflated(path):
        raise CaptureError(f"refused {path.name}: {refusal}", "Export it without deflating.")
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, force=True)  # force: without a preamble too
        pixels = int(header.get("Rows", 0)) * int(header.get("Columns", 0)) * int(header.get("SamplesPerPixel", 1))
        frames = max(1, int(header.get("NumberOfFrames", 1) or 1))
        stored_bytes = pixels * frames * max(1, int(header.get("BitsAllocated", 8)) // 8)
    except Exception as error:  # pydicom raises almost anything on damaged files
        raise CaptureError(f"cannot read {path.name}: damaged or in an unknown coding") from error
    return stored_bytes + pixels * _BYTES_A_WIDE_PIXEL
