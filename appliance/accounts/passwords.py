"""How passwords are kept: Argon2id, and never as they were typed."""

import threading
import unicodedata

from argon2 import Parameters, PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

# RFC 9106, section 4, second recommended option (64 MiB, 3 passes), with two lanes instead of four: the other cores of
# a Jetson Orin Nano go on analysing pictures. 0.12 s on two cores of a desktop computer.
COST = Parameters(type=Type.ID, version=19, salt_len=16, hash_len=32, time_cost=3, memory_cost=64 * 1024, parallelism=2)


class PasswordHashing:
    """Makes and checks hashes, one at a time: many logins at once must not take the memory the engines need."""

    def __init__(self, cost: Parameters = COST) -> None:
        self._hasher = PasswordHasher.from_parameters(cost)
        self._lock = threading.Lock()
        self._nobodys = self._hasher.hash("")

    def hash(self, password: str) -> str:
        """Argon2's text form, with salt and cost."""
        with self._lock:
            return self._hasher.hash(_normal(password))

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password of that hash; for None, False after the same time."""
        with self._lock:
            try:
                is_right = self._hasher.verify(
                    self._nobodys if password_hash is None else password_hash, _normal(password)
                )
            except (VerificationError, InvalidHashError):
                return False
        return is_right and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made at another cost than is asked for now."""
        return self._hasher.check_needs_rehash(password_hash)


def _normal(password: str) -> str:
    # The same accented letter comes as one or two code points, depending on the keyboard (NIST SP 800-63B, 5.1.1.2).
    return unicodedata.normalize("NFKC", password)
