"""JSON from outside: no deeper than what this product ever writes."""

import json
from typing import Any

# nailfold.exam/1, the deepest document, has nine levels.
DEEPEST = 32


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
    level = [value]
    for _ in range(deepest):
        level = [below for one in level if isinstance(one, dict | list) for below in _members(one)]
        if not level:
            return value
    raise ValueError(f"JSON is nested deeper than {deepest} levels")


def _members(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value
