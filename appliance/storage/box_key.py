"""The key of this box, which wraps those of its patients."""

import os
from pathlib import Path

from appliance.domain.counted import counted
from appliance.domain.errors import StoreError
from appliance.durable_files import create_durably

KEY_BYTES = 32
_BY_OTHERS = 0o077


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
            "Put the file back from its backup, then restart. Nothing about a patient can be opened without it.",
        ) from error
    if len(key) != KEY_BYTES:
        raise StoreError(
            f"the key of the identities {path} has {counted(len(key), 'byte')}", "Put the file back from its backup."
        )
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
