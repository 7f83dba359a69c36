"""Every word that the pages say, by key; one JSON file a language in webui/texts, shared with the TypeScript.

The words of figures, rules and reasons against a picture are those of `appliance/texts`, joined to the groups
"metrics", "rules" and "quality".
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from babel.numbers import get_decimal_symbol

from appliance.texts import Words, texts_in
from appliance.texts.plural_forms import filled
from webui.localisation.language import current_language

TEXTS = Path(__file__).parents[1] / "texts"


def catalogue(language: str = "") -> dict[str, Any]:
    """The nested texts of a language; without one, of the browser that is being answered."""
    return _read(language or current_language())


def text(key: str, **values: object) -> str:
    """The text under a dotted key with its blanks filled in, in the language of the browser that is being answered.

    Raises:
        KeyError: there is no such text, or a count of it was not given.
    """
    node: Any = catalogue()
    for part in key.split("."):
        node = node[part]
    if not isinstance(node, str):
        raise KeyError(key)
    return filled(node, current_language(), values, _written)


def _written(value: object) -> str:
    """A broken number with the language's decimal sign; anything else as it is."""
    written = str(value)
    return written.replace(".", get_decimal_symbol(current_language())) if isinstance(value, float) else written


@cache
def _read(language: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    loaded["metrics"] |= {key: _of_pages(words) for key, words in texts_in(language, "figures").items()}
    loaded["rules"] = {key: words["page"] for key, words in texts_in(language, "rules").items()}
    loaded["quality"] |= {key: words["page"] for key, words in texts_in(language, "quality").items()}
    return loaded


def _of_pages(words: Words) -> Words:
    return {name: word for name, word in words.items() if name != "report"}
