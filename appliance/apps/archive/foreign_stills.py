"""Stills that others made, decoded in a process that may take so much memory and time."""

from pathlib import Path

from appliance.capture.still import Still
from appliance.capture.still_reader import read_still
from appliance.domain.errors import CaptureError, StoreError
from appliance.exports.imports.bounded_decode import require_bounded
from appliance.exports.imports.picture import ForeignPicture, ScaleSource, guess_of_codes
from appliance.exports.imports.placement_guess import Guess
from appliance.limited_process import LimitedProcess, LimitExceededError
from appliance.storage.still_encoder import decode_still

MEMORY_BYTES = 1_200_000_000
"""What a file within the budget by its header takes at most, with what its decoder needs beside it."""
TIMEOUT_S = 60.0
"""A 60-megapixel picture takes 3 s of one desktop core."""


class ForeignStills:
    """The one reader of imports; its process starts with the first file and ends when no more come."""

    def __init__(self) -> None:
        self._process = LimitedProcess(MEMORY_BYTES, TIMEOUT_S)

    def read(self, path: Path) -> ForeignPicture:
        """As `read_foreign_still`. Raises CaptureError also where the file takes more than it may."""
        try:
            return self._process.call(read_foreign_still, path)
        except LimitExceededError as error:
            raise CaptureError(f"refused {path.name}: {error}", "Open it elsewhere and save it anew.") from error


def read_foreign_still(path: Path) -> ForeignPicture:
    """Any still; one that this product kept brings its scale, time and placement. Raises CaptureError."""
    require_bounded(path)
    try:
        own, metadata = decode_still(path.read_bytes())
    except (StoreError, OSError):
        return _foreign(read_still(path))
    place = metadata.placement
    return ForeignPicture(
        image_rgb=own,
        taken_at_utc=metadata.captured_at_utc,
        um_per_px=metadata.um_per_px,
        scale_source=None if metadata.um_per_px is None else ScaleSource.STILL,
        guess=Guess(place.hand, place.finger, place.sector),
        camera_name=metadata.camera_name,
    )


def _foreign(still: Still) -> ForeignPicture:
    from appliance.capture.dicom_still import DicomStill  # noqa: PLC0415 (pydicom: 50 MB)

    facts = still.facts if isinstance(still, DicomStill) else None
    pages = f"only the first of {still.pages} pictures" if still.pages > 1 else ""
    source = ScaleSource.TAGS if facts is None else ScaleSource.DICOM
    return ForeignPicture(
        image_rgb=still.image_rgb,
        taken_at_utc=still.taken_at_utc,
        um_per_px=still.scale.um_per_px,
        scale_source=None if still.scale.um_per_px is None else source,
        scale_problem=still.scale.problem,
        guess=Guess() if facts is None else guess_of_codes(facts.side, facts.region_codes),
        camera_name="" if facts is None else facts.camera_name,
        note="; ".join(filter(None, (pages, still.time_note, still.scale.note))),
    )
