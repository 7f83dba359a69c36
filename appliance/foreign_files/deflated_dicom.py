"""DICOM whose whole data set is deflated: pydicom inflates all of it before it looks at anything."""

import zlib
from pathlib import Path
from typing import BinaryIO

from pydicom.filereader import _read_command_set_elements, _read_file_meta_info, read_preamble
from pydicom.uid import DeflatedExplicitVRLittleEndian

MOST_BYTES = 400_000_000
"""Inflated. A 60-megapixel colour picture has 180 MB; 0.7 MB of zeros took 1.6 GB until this was asked."""
_PIECE_BYTES = 1 << 20


def refusal_of_deflated(path: Path) -> str:
    """Why a file of that transfer syntax is not to be read: it becomes larger than MOST_BYTES. Empty for others.

    Raises:
        OSError: the file cannot be read.
    """
    inflater, left = zlib.decompressobj(-zlib.MAX_WBITS), MOST_BYTES
    with path.open("rb") as file:
        try:
            if not _is_at_deflated(file):
                return ""
        except OSError:
            raise
        except Exception:  # pydicom raises almost anything on damaged files; whoever reads the file says what is wrong
            return ""
        while left > 0 and not inflater.eof and (piece := inflater.unconsumed_tail or file.read(_PIECE_BYTES)):
            try:
                left -= len(inflater.decompress(piece, _PIECE_BYTES))
            except zlib.error:
                return ""
    return f"inflated, it has more than {MOST_BYTES / 1e6:.0f} MB" if left <= 0 else ""


def _is_at_deflated(file: BinaryIO) -> bool:
    """Whether the file is now at the beginning of a deflated data set.

    Step by step as `dcmread` itself, with its own functions: a header that it forgives must not hide the data set here.
    """
    read_preamble(file, force=True)
    meta = _read_file_meta_info(file)
    _read_command_set_elements(file)
    return bool(meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian)
