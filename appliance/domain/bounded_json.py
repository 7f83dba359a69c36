"""JSON from outside: no deeper than what this product ever writes."""

import json
import re
from typing import Any

from appliance.domain.instant import from_rfc3339

# nailfold.exam/1, the deepest document, has nine levels.
DEEPEST = 32
_NESTED = (dict, list)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_MOMENT = re.compile(rb'"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3}|\.\d{6})?Z)"')


def bounded_loads(text: str | bytes, deepest: int = DEEPEST, *, refuses_twice: bool = False) -> Any:
    """The JSON value of a text.

    Args:
        refuses_twice: a member that an object has twice is an error; else the last counts, as everywhere.

    Python's own parser ends with RecursionError far below the size of a request, and what comes after it (sealing,
    checking, copying a value) does so earlier: nobody expects that error, and a handler of ValueError lets it through.

    Raises:
        ValueError: it is not JSON (which has no NaN), or nested deeper than `deepest`.
    """
    try:
        pairs = _each_once if refuses_twice else None
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=pairs)
    except RecursionError as error:
        raise ValueError(f"JSON is nested deeper than {deepest} levels") from error
    level = [value] if type(value) in _NESTED else []
    for _ in range(deepest):
        if not level:
            return value
        level = [
            below
            for one in level
            for below in (one.values() if type(one) is dict else one)
            if type(below) in _NESTED  # what the parser makes is of these very types
        ]
    if level:
        raise ValueError(f"JSON is nested deeper than {deepest} levels")
    return value


def require_keepable(payload: bytes) -> None:
    """Refuse JSON that would stop those who keep it beside others, or show it.

    That is a text which no database takes, a NUL (PostgreSQL has none) or half of a surrogate pair, and a moment of no
    day. One such message would fail every commit that it shares with others, each time it comes again.

    Raises:
        ValueError: it is such a document, or not JSON at all.
    """
    if b"\\u" in payload:
        payload = json.dumps(json.loads(payload), ensure_ascii=False).encode()
    if _NUL.search(payload):
        raise ValueError("it has a NUL character in a text")
    for moment in _MOMENT.findall(payload):
        from_rfc3339(moment.decode("ascii"))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"JSON has no {name}")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f'an object has "{twice[:40]}" twice')
    return found
