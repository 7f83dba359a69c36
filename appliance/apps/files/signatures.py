"""Ed25519 signatures of what a fleet asks of a box."""

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from appliance.apps.files.atomic_file import write_atomically
from appliance.domain.errors import SettingsError

_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----\s*", re.DOTALL)
PublicKeys = Mapping[str, Ed25519PublicKey]
"""By their ids."""


def key_id_of(key: Ed25519PublicKey) -> str:
    """The first 16 hex digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def make_signing_key(private_file: Path, public_file: Path) -> str:
    """Write a new pair (PEM), the private one for its owner alone; its id.

    Raises:
        SettingsError: a file is in the way.
    """
    if private_file.exists():
        raise SettingsError(f"{private_file} is there already", "Name another file; a key is never written over.")
    key = Ed25519PrivateKey.generate()
    write_atomically(private_file, b"")
    private_file.chmod(0o600)
    private_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_atomically(public_file, pem)
    return key_id_of(key.public_key())


def read_public_keys(file: Path) -> PublicKeys:
    """Every Ed25519 key of a PEM file. Raises SettingsError: it cannot be read, or holds none."""
    try:
        keys = [load_pem_public_key(pem) for pem in _PEM.findall(file.read_bytes())]
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot read the keys in {file}: {error}") from error
    found = {key_id_of(key): key for key in keys if isinstance(key, Ed25519PublicKey)}
    if not found:
        raise SettingsError(f"{file} holds no Ed25519 key", "Make a pair: nailfold fleet job-key.")
    return found


def sign(private_file: Path, content: bytes) -> tuple[str, str]:
    """(key id, signature in base64). Raises SettingsError for a file that holds no such key."""
    try:
        key = load_pem_private_key(private_file.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot read the key {private_file}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{private_file} holds no Ed25519 key", "Make a pair: nailfold fleet job-key.")
    return key_id_of(key.public_key()), base64.b64encode(key.sign(content)).decode()


def is_signed(keys: PublicKeys, key_id: str, signature: str, content: bytes) -> bool:
    """Whether one of the keys has signed this."""
    if key_id not in keys:
        return False
    try:
        keys[key_id].verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, ValueError):
        return False
    return True
