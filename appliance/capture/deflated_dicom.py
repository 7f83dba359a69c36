"""DICOM whose whole data set is deflated: pydicom inflates all of it before it looks at anything."""

import zlib
from pathlib import Path

from pydicom.filereader import read_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

from appliance.domain.errors import CaptureError

MOST_BYTES = 400_000_000
"""Inflated. A 60-megapixel colour picture has 180 MB; 0.7 MB of zeros took 1.6 GB until this was asked."""
_PIECE_BYTES = 1 << 20
_PREAMBLE_BYTES, _GROUP_LENGTH_BYTES = 132, 12


def require_bounded_deflate(path: Path) -> None:
    """Refuse a file of that transfer syntax whose data set becomes larger than MOST_BYTES; others are not looked at.

    Raises:
        CaptureError: it does.
        OSError: the file cannot be read.
    """
    try:
        meta = read_file_meta_info(path)
        if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
            return
        begins_at = _PREAMBLE_BYTES + _GROUP_LENGTH_BYTES + int(meta.FileMetaInformationGroupLength)
    except OSError:
        raise
    except Exception:  # pydicom raises almost anything on damaged files; whoever reads the file says what is wrong
        return
    inflater, left = zlib.decompressobj(-zlib.MAX_WBITS), MOST_BYTES
    with path.open("rb") as file:
        file.seek(begins_at)
        while left > 0 and not inflater.eof and (piece := inflater.unconsumed_tail or file.read(_PIECE_BYTES)):
            try:
                left -= len(inflater.decompress(piece, _PIECE_BYTES))
            except zlib.error:
                return
    if left <= 0:
        raise CaptureError(
            f"refused {path.name}: inflated, it has more than {MOST_BYTES / 1e6:.0f} MB", "Export it without deflating."
        )
