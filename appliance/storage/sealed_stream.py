"""Files that leave the box encrypted with a passphrase: written and read as a stream, whole or refused."""

import os
from typing import BinaryIO

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.domain.errors import StoreError
from appliance.domain.passphrase import require_passphrase

_MAGIC = b"nailfold.sealed-copy/1\n"
_SALT_BYTES, _PREFIX_BYTES = 16, 7
HEADER_BYTES = len(_MAGIC) + 1 + _SALT_BYTES + _PREFIX_BYTES
_CHUNK = 1 << 20
_TAG_BYTES = 16
# RFC 9106, section 4: the second recommended setting, for where memory is scarce.
_PASSES, _MEMORY_KIB, _LANES = 3, 64 * 1024, 4


class SealedWriter:
    """Encrypts what is written to it, a mebibyte at a time (the STREAM construction of Hoang and others, 2015).

    Args:
        kind: one byte that says what is in it.

    `finish` belongs at its end: a file without it is refused, so one that was cut off is too.
    """

    def __init__(self, file: BinaryIO, passphrase: str, kind: bytes) -> None:
        salt, prefix = os.urandom(_SALT_BYTES), os.urandom(_PREFIX_BYTES)
        self._header = _MAGIC + kind + salt + prefix
        self._chunks = _Chunks(self._header, require_passphrase(passphrase))
        self._file, self._waiting = file, bytearray()
        file.write(self._header)

    def write(self, content: bytes) -> int:
        """Take in as much as there is."""
        self._waiting += content
        while len(self._waiting) > _CHUNK:
            self._file.write(self._chunks.seal(bytes(self._waiting[:_CHUNK]), is_last=False))
            del self._waiting[:_CHUNK]
        return len(content)

    def finish(self) -> None:
        """Write the end."""
        self._file.write(self._chunks.seal(bytes(self._waiting), is_last=True))
        self._waiting.clear()


class SealedReader:
    """The reverse. Nothing is handed out that was not checked.

    Raises:
        StoreError: no such file, another passphrase, or a file that was changed or cut off.
    """

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        header = file.read(HEADER_BYTES)
        self.kind = kind_of(header)
        self._chunks = _Chunks(header, require_passphrase(passphrase))
        self._file, self._ahead, self._open = file, file.read(_CHUNK + _TAG_BYTES), bytearray()
        self._is_over = False

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer at the end alone."""
        while not self._is_over and (size < 0 or len(self._open) < size):
            ahead, self._ahead = self._ahead, self._file.read(_CHUNK + _TAG_BYTES)
            self._is_over = not self._ahead
            self._open += self._chunks.open(ahead, is_last=self._is_over)
        taken = bytes(self._open) if size < 0 else bytes(self._open[:size])
        del self._open[: len(taken)]
        return taken


def kind_of(header: bytes) -> bytes:
    """What a file says it is. Raises StoreError for a file that is none of ours."""
    if len(header) < HEADER_BYTES or not header.startswith(_MAGIC):
        raise StoreError("this is no encrypted copy of a box", "Choose a file that was made on the page Backups.")
    return header[len(_MAGIC) : len(_MAGIC) + 1]


class _Chunks:
    """Each chunk knows its place and whether it is the last, so none can be left out, doubled or moved."""

    def __init__(self, header: bytes, passphrase: str) -> None:
        salt = header[-_SALT_BYTES - _PREFIX_BYTES : -_PREFIX_BYTES]
        key = hash_secret_raw(passphrase.encode(), salt, _PASSES, _MEMORY_KIB, _LANES, 32, Type.ID)
        self._cipher, self._header, self._number = AESGCM(key), header, 0

    def seal(self, plain: bytes, *, is_last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(is_last), plain, self._header)

    def open(self, sealed: bytes, *, is_last: bool) -> bytes:
        is_first = self._number == 0
        try:
            return self._cipher.decrypt(self._nonce(is_last), sealed, self._header)
        except (InvalidTag, ValueError) as error:
            if is_first:
                said = "the copy does not open: another passphrase, or the file was changed"
                raise StoreError(said, "Type the passphrase or recovery key exactly as it was shown.") from error
            raise StoreError("the copy was changed or is cut off", "Copy the file again.") from error

    def _nonce(self, is_last: bool) -> bytes:
        self._number += 1
        return self._header[-_PREFIX_BYTES:] + self._number.to_bytes(4, "big") + bytes([is_last])
