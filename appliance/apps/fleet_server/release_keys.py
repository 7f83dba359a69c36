"""The private keys of a release, as files of one folder."""

import shutil
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from securesystemslib.signer import CryptoSigner

from appliance.apps.files.atomic_file import make_writable_folder, write_atomically
from appliance.domain.errors import SettingsError

ROLES = ("root", "targets", "snapshot", "timestamp")
_NEXT = "next"


class ReleaseKeys:
    """ROLE.pem; of several for one role also ROLE-2.pem, ROLE-3.pem, each of which may be kept elsewhere.

    Raises:
        SettingsError: no key of a role is there, or one cannot be read.
        ExportError: the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def are_there(self) -> bool:
        """Whether any role has one."""
        return any(self._files(self._folder, role) for role in ROLES)

    def signers(self, role: str) -> list[CryptoSigner]:
        """Of every key of the role that is there."""
        files = self._files(self._folder, role)
        if not files:
            raise SettingsError(f"there is no key {self._folder / role}.pem", "Name the folder with the keys.")
        return [_read(file) for file in files]

    def make(self, role: str, count: int) -> list[CryptoSigner]:
        """New ones, for their owner alone."""
        return _make(self._folder, role, count)

    def make_next(self, role: str, count: int) -> list[CryptoSigner]:
        """New ones that do not take the place of the old ones yet."""
        shutil.rmtree(self._folder / _NEXT, ignore_errors=True)
        return _make(self._folder / _NEXT, role, count)

    def take_next(self, role: str, old_version: int) -> None:
        """The new ones take the place of the old ones, which lie in retired-ROLE-VERSION from then on."""
        retired = self._folder / f"retired-{role}-{old_version}"
        make_writable_folder(retired)
        retired.chmod(0o700)
        for file in self._files(self._folder, role):
            file.replace(retired / file.name)
        for file in self._files(self._folder / _NEXT, role):
            file.replace(self._folder / file.name)
        (self._folder / _NEXT).rmdir()

    @staticmethod
    def _files(folder: Path, role: str) -> list[Path]:
        return sorted([*folder.glob(f"{role}.pem"), *folder.glob(f"{role}-*.pem")])


def _make(folder: Path, role: str, count: int) -> list[CryptoSigner]:
    make_writable_folder(folder)
    folder.chmod(0o700)
    signers = []
    for number in range(1, count + 1):
        file = folder / (f"{role}.pem" if number == 1 else f"{role}-{number}.pem")
        write_atomically(file, b"")
        file.chmod(0o600)  # before the key is in it
        key = CryptoSigner.generate_ed25519()._private_key
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        signers.append(_read(file))
    return signers


def _read(file: Path) -> CryptoSigner:
    try:
        return CryptoSigner(load_pem_private_key(file.read_bytes(), None))
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot read the key {file}: {error}") from error
