"""TOML from outside: no larger and no deeper than its parser can follow."""

import re
import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOMLDecodeError = tomllib.TOMLDecodeError

MOST_CHARACTERS = 1_000_000
MOST_PARTS = 200
"""Of one name, "a.b.c". The parser's time grows with their square: 50,000 took minutes."""
_AROUND_NAMES = re.compile(r"[=\n,{\[]")


def bounded_toml(text: str) -> dict[str, Any]:
    """The tables of a text. Raises TOMLDecodeError (a ValueError) where it is none, too large or nested too deeply."""
    if len(text) > MOST_CHARACTERS:
        raise TOMLDecodeError(f"more than {MOST_CHARACTERS} characters")
    if any(part.count(".") > MOST_PARTS for part in _AROUND_NAMES.split(text)):
        raise TOMLDecodeError(f"a name of more than {MOST_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise TOMLDecodeError("nested too deeply") from error
    except TOMLDecodeError:
        raise
    except ValueError as error:  # Python's own, of a number of thousands of digits
        raise TOMLDecodeError(f"{str(error).partition(';')[0]}") from error
