"""The words that open an encrypted copy: a person's own, or a recovery key that the box makes."""

import secrets
import unicodedata

from appliance.domain.counted import counted
from appliance.domain.errors import StoreError

SHORTEST_PASSPHRASE = 12
_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # nothing that is read as something else
_GROUPS, _GROUP = 6, 5


def new_recovery_key() -> str:
    """A key of 147 bits that a person can write down: six groups of five letters and figures."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def require_passphrase(passphrase: str) -> str:
    """The passphrase as it is used. Raises StoreError for one that is too short to guard a copy that can be stolen."""
    words = unicodedata.normalize("NFC", passphrase.strip())
    if len(words) < SHORTEST_PASSPHRASE:
        raise StoreError(
            f"the passphrase has {counted(len(words), 'character')}",
            f"Use at least {SHORTEST_PASSPHRASE}, such as four words.",
        )
    return words
