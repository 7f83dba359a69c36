"""Which part of a data set a patient belongs to: the same at every export of one box, and never in two parts."""

import hashlib
import hmac

PARTS = ("train", "val", "test")
SHARES = (0.7, 0.15, 0.15)
_RANGE = 1 << 64


def part_of(patient_pseudonym: str, key: bytes) -> str:
    """Train (70 %), val or test (15 % each), by HMAC-SHA-256 under the box's own key.

    A plain hash would let anybody who knows a pseudonym look up its part, and would give two clinics that use the same
    pseudonyms the same split.
    """
    digest = hmac.new(key, patient_pseudonym.encode(), hashlib.sha256).digest()
    position = int.from_bytes(digest[:8], "big") / _RANGE
    reached = 0.0
    for part, share in zip(PARTS, SHARES, strict=True):
        reached += share
        if position < reached:
            return part
    return PARTS[-1]
