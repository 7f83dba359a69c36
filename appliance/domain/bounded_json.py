"""JSON from outside: no deeper than what this product ever writes."""

import json
from typing import Any

# nailfold.exam/1, the deepest document, has nine levels.
DEEPEST = 32
_NESTED = (dict, list)


def bounded_loads(text: str | bytes, deepest: int = DEEPEST) -> Any:
    """The JSON value of a text.

    Python's own parser ends with RecursionError far below the size of a request, and what comes after it (sealing,
    checking, copying a value) does so earlier: nobody expects that error, and a handler of ValueError lets it through.

    Raises:
        ValueError: it is not JSON, or nested deeper than `deepest`.
    """
    try:
        value = json.loads(text)
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
