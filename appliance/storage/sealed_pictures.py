"""Stills, clips and panoramas sealed under their patient's key; what is hashed is the picture itself."""

from pathlib import Path

from appliance.domain.errors import StoreError
from appliance.storage.patient_keys import PatientKeys

_MAGIC = b"nailfold.sealed-file/1\n"
_ID_BYTES = 36  # a UUID as text
_CONTEXT = "nailfold.file/1:"


class SealedPictures:
    """Files as they lie on the disk: which patient's key opens them stands at their beginning."""

    def __init__(self, keys: PatientKeys) -> None:
        self._keys = keys

    def seal(self, patient_id: str, place: str, content: bytes) -> bytes:
        """The file as it is kept.

        Args:
            place: exam and file name; a file that was moved to another place does not open.

        Raises:
            ErasedError: the patient was erased.
            StoreError: the key cannot be read or made.
        """
        return _MAGIC + patient_id.encode("ascii") + self._keys.seal(patient_id, _context(place), content)

    def open(self, place: str, kept: bytes) -> bytes:
        """The picture; also of a file from before patients had keys, which is the picture.

        Raises:
            ErasedError: its patient was erased.
            StoreError: the key is missing, or the file was changed or moved.
        """
        if not is_sealed(kept):
            return kept
        begin = len(_MAGIC)
        patient_id = kept[begin : begin + _ID_BYTES].decode("ascii", "replace")
        return self._keys.open(patient_id, _context(place), kept[begin + _ID_BYTES :])


def is_sealed(kept: bytes) -> bool:
    """Whether these are the bytes of a sealed file, or its beginning."""
    return kept.startswith(_MAGIC)


def is_sealed_file(path: Path) -> bool:
    """The same of a file on the disk. Raises OSError."""
    with path.open("rb") as file:
        return is_sealed(file.read(len(_MAGIC)))


def _context(place: str) -> bytes:
    return f"{_CONTEXT}{place}:".encode()


def require_patient(patient_id: str | None) -> str:
    """The id. Raises StoreError where there is none: a picture without an owner could not be erased."""
    if patient_id is None:
        raise StoreError("refused a picture that belongs to no patient", "Start an exam first.")
    return patient_id
