"""The words of what the tables list, in every language: one entry here for one entry there.

`figures.json` has those of `domain/figure_definitions.py`, `quality.json` those of `domain/quality.py`, `rules.json`
those of `domain/scores.py` with the cuts of `domain/bands.py` in braces; pages and reports read them all. A word that
is the same in every language is a plain text.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "es", "fr", "de", "it")
Words = Mapping[str, Any]
"""By key, nested as in the file; a leaf is a text, or a text by language where no language was chosen yet."""


@cache
def table_texts(table: str) -> Words:
    """Every word of a table, "figures", "quality" or "rules"."""
    read: Words = json.loads((files(__name__) / f"{table}.json").read_text("utf-8"))
    return read


@cache
def texts_in(language: str, table: str) -> Words:
    """The same in one language. Raises KeyError where a word is missing in it."""
    chosen: Words = _chosen(table_texts(table), language)
    return chosen


def _chosen(node: Any, language: str) -> Any:
    if isinstance(node, str):
        return node
    if LANGUAGES[0] in node:
        return node[language]
    return {name: _chosen(inner, language) for name, inner in node.items()}
