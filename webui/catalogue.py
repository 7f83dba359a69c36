"""Every word that the pages say, by key; one JSON file a language in webui/texts, shared with the TypeScript."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_TEXTS = Path(__file__).parent / "texts"
DEFAULT_LANGUAGE = "en"


@cache
def catalogue(language: str = DEFAULT_LANGUAGE) -> dict[str, Any]:
    """The nested texts of a language."""
    loaded: dict[str, Any] = json.loads((_TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    return loaded


def text(key: str, **values: object) -> str:
    """The text under a dotted key with `{name}` filled in.

    Raises:
        KeyError: there is no such text.
    """
    node: Any = catalogue()
    for part in key.split("."):
        node = node[part]
    if not isinstance(node, str):
        raise KeyError(key)
    filled: str = node
    for name, value in values.items():
        filled = filled.replace("{" + name + "}", str(value))
    return filled
