"""JSON from outside: no deeper, and with no larger numbers, than what this product ever writes."""

import json
import math
import re
from typing import Any

from appliance.domain.instant import from_rfc3339

# nailfold.exam/1, the deepest document, has nine levels.
DEEPEST = 32
_LARGEST = (1 << 63) - 1  # what a database takes
_NESTED = (dict, list)
_NUL, _NUL_TEXT = b"\\u0000", re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
# What no text must be written with: ASCII, which could hide a moment, and halves of pairs.
_NEEDLESS_ESCAPE = re.compile(rb"\\u(?:00[0-7]|[dD][89a-fA-F])")
_MOMENT = re.compile(rb'"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3}|\.\d{6})?Z)"')


def bounded_loads(text: str | bytes, deepest: int = DEEPEST, *, refuses_twice: bool = False) -> Any:
    """The JSON value of a text.

    Args:
        text: bytes are UTF-8 without a byte order mark (RFC 8259, 8.1).
        refuses_twice: a member that an object has twice is an error; else the last counts, as everywhere.

    Python's own parser ends with RecursionError far below the size of a request, and what comes after it (sealing,
    checking, copying a value) does so earlier: nobody expects that error, and a handler of ValueError lets it through.

    Raises:
        ValueError: it is not JSON (which has no NaN), nested deeper than `deepest`, or has a number that no database
            or float holds.
    """
    if isinstance(text, bytes):
        # Python would also take UTF-16, in which no check of bytes finds anything, and halves of pairs.
        text = text.decode("utf-8")
    try:
        value = (_EACH_ONCE if refuses_twice else _ANY).decode(text)
    except RecursionError as error:
        raise ValueError(f"JSON is nested deeper than {deepest} levels") from error
    require_depth(value, deepest)
    return value


def require_depth(value: Any, deepest: int = DEEPEST) -> None:
    """Raises ValueError for a JSON value that is nested deeper."""
    level = [value] if type(value) in _NESTED else []
    for _ in range(deepest):
        if not level:
            return
        level = [
            below
            for one in level
            for below in (one.values() if type(one) is dict else one)
            if type(below) in _NESTED  # what the parser makes is of these very types
        ]
    if level:
        raise ValueError(f"JSON is nested deeper than {deepest} levels")


def keepable_loads(payload: bytes) -> Any:
    """The JSON value of a message, as `bounded_loads`, if it can be kept: see `require_keepable`.

    Raises:
        ValueError: it is no such message.
    """
    value = bounded_loads(payload)
    require_texts(payload)
    return value


def require_keepable(payload: bytes) -> None:
    """Refuse JSON that would stop those who keep it beside others, or show it.

    That is a text which no database takes, a NUL (PostgreSQL has none) or half of a surrogate pair, a moment of no day,
    and a number beyond what is counted. One such message would fail every commit that it shares with others, each time
    it comes again.

    Raises:
        ValueError: it is such a document, or not JSON at all.
    """
    keepable_loads(payload)


def require_texts(payload: bytes) -> None:
    """Raises ValueError for JSON with a NUL, half of a surrogate pair, or a moment of no day."""
    if _NEEDLESS_ESCAPE.search(payload):
        payload = json.dumps(json.loads(payload), ensure_ascii=False).encode()
    if _NUL in payload and _NUL_TEXT.search(payload):
        raise ValueError("it has a NUL character in a text")
    for moment in _MOMENT.findall(payload):
        from_rfc3339(moment.decode("ascii"))


def _whole(digits: str) -> int:
    # Python itself refuses more than 4300 digits, and what is below that no float takes.
    number = int(digits) if len(digits) <= 20 else _LARGEST + 1
    if not -_LARGEST <= number <= _LARGEST:
        raise ValueError(f"the number {digits[:20]}... is too large")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"JSON has no {name}")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f'an object has "{twice[:40]}" twice')
    return found


# Made once: that takes longer than reading a short text. Looking for long numbers first would take longer than to check
# each.
_ANY = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_whole, parse_float=_finite)
_EACH_ONCE = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_int=_whole, parse_float=_finite, object_pairs_hook=_each_once
)
