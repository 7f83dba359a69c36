"""Patients' identities sealed with AES-256-GCM under a key of this box."""

import json
import os
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.domain.errors import StoreError
from appliance.domain.patient import PatientIdentity, Sex
from appliance.durable_files import create_durably

KEY_BYTES = 32
_NONCE_BYTES = 12  # what GCM is made for, NIST SP 800-38D
_FORMAT = b"\x01"
_CONTEXT = b"nailfold.identity/1:"
_BY_OTHERS = 0o077


class IdentityVault:
    """Seals and opens identities. One that was moved to another patient's row does not open.

    Args:
        key: KEY_BYTES random bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, patient_id: str, identity: PatientIdentity) -> bytes:
        """The identity as it is kept: format, nonce, cipher text with its tag."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, _to_json(identity), _CONTEXT + patient_id.encode())

    def open(self, patient_id: str, sealed: bytes) -> PatientIdentity | None:
        """What was sealed for this patient; None if it was sealed with another key, for another, or was changed."""
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _FORMAT:
            return None
        try:
            return _from_json(self._cipher.decrypt(nonce, text, _CONTEXT + patient_id.encode()))
        except (InvalidTag, ValueError):
            return None


def load_key(path: Path) -> bytes:
    """The key in a file that only its owner can read.

    Raises:
        StoreError: the file is missing, holds no key, or can be read by others.
    """
    try:
        if path.stat().st_mode & _BY_OTHERS:
            raise StoreError(
                f"refused the key of the identities: others can read {path}", f"Run: chmod 600 {path}, then restart."
            )
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise StoreError(
            f"could not read the key of the identities {path}: {error}",
            "Put the file back from its backup, then restart. Without it identities cannot be opened.",
        ) from error
    if len(key) != KEY_BYTES:
        raise StoreError(f"the key of the identities {path} has {len(key)} bytes", "Put the file back from its backup.")
    return key


def make_key(path: Path) -> bytes:
    """A new key in a new file, for its owner alone; durable before anything is sealed with it.

    Raises:
        StoreError: the file exists or cannot be written.
    """
    key = os.urandom(KEY_BYTES)
    try:
        create_durably(path, f"{key.hex()}\n".encode("ascii"), 0o600)
    except OSError as error:
        raise StoreError(
            f"could not make the key of the identities {path}: {error.strerror}",
            "Check the disk and its access rights.",
        ) from error
    return key


def _to_json(identity: PatientIdentity) -> bytes:
    fields = {
        "name": identity.name,
        "birth_date": None if identity.birth_date is None else identity.birth_date.isoformat(),
        "sex": None if identity.sex is None else identity.sex.value,
        "clinic_number": identity.clinic_number,
        "note": identity.note,
    }
    return json.dumps(fields, ensure_ascii=False).encode()


def _from_json(text: bytes) -> PatientIdentity:
    fields = json.loads(text)
    born, sex = fields["birth_date"], fields["sex"]
    return PatientIdentity(
        name=fields["name"],
        birth_date=None if born is None else date.fromisoformat(born),
        sex=None if sex is None else Sex(sex),
        clinic_number=fields["clinic_number"],
        note=fields["note"],
    )
