"""TOML from outside: no deeper than its parser can follow."""

import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOMLDecodeError = tomllib.TOMLDecodeError


def bounded_toml(text: str) -> dict[str, Any]:
    """The tables of a text. Raises TOMLDecodeError (a ValueError) where it is none or nested too deeply."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise TOMLDecodeError("nested too deeply") from error
