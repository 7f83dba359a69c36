"""What `keepable_loads` reads and refuses, in a fraction of the time: a worker does it for every message."""

import re
from typing import Any

from pydantic_core import from_json

from appliance.domain.bounded_json import keepable_loads, require_depth, require_texts

# A number that a database or a float may not hold has nineteen digits in a row, or an exponent of three.
_SHAPE = bytes.maketrans(b"0123456789E", b"0000000000e")
_LONG_NUMBER = b"0" * 19
_EXPONENT = re.compile(rb"e[+-]?000")
_LONGEST_MANTISSA = 400


def quick_keepable_loads(payload: bytes) -> Any:
    """The JSON value of a message, if it can be kept.

    The parser in Rust knows no bounds for numbers: what has a long one, or a large exponent, goes the slow way.

    Raises:
        ValueError: as `keepable_loads`.
    """
    if _has_large_number(payload):
        return keepable_loads(payload)
    try:
        value = from_json(payload, allow_inf_nan=False)
    except ValueError:
        return keepable_loads(payload)  # says why in the words of all others
    require_depth(value)
    require_texts(payload)
    return value


def _has_large_number(payload: bytes) -> bool:
    """Whether there may be one; digits in a text count too, and cost nothing but time."""
    shape = payload.translate(_SHAPE)
    if _LONG_NUMBER in shape:
        return True
    for found in _EXPONENT.finditer(shape):
        before = shape[max(0, found.start() - _LONGEST_MANTISSA) : found.start()]
        mantissa = before.rstrip(b"0.")
        # Digests are full of digits and the letter e: a number begins behind no letter.
        if len(mantissa) < len(before) and not mantissa[-1:].isalpha():
            return True
    return False
